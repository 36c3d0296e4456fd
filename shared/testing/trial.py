"""The engine of one test's run: mocks answer, functions are called in this process, and time is virtual.

A definition is compiled once and serves many runs (``compiled``). Each of its states asks the engine of the execution
that it runs in, so what answers is this run's own. Nothing here has a thread: the virtual scheduler makes every call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random
from typing import TYPE_CHECKING

from shared.local.asl.answers import PRESENT, Real, Returned
from shared.local.asl.engine import Engine
from shared.local.asl.errors import RUNTIME, StateFailure
from shared.local.asl.execution import Execution
from shared.local.asl.integrations.base import TOKEN
from shared.local.asl.integrations.lambda_ import FunctionTask, Invoke
from shared.local.asl.integrations.nested import StartExecution
from shared.local.asl.integrations.sdk import ApiCall
from shared.local.asl.maps.run import MapRun
from shared.local.asl.mocked_results import result_problem
from shared.local.asl.reading import members
from shared.local.asl.retry import RecoveringState
from shared.local.asl.scheduler import VirtualScheduler
from shared.local.asl.states.task import Task
from shared.run.places import Item, Places
from shared.testing.memory_cloud import SERVICES
from shared.testing.mocks import Asked, NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.asl.answers import Answer
    from shared.local.asl.integrations.base import Integration
    from shared.local.asl.services import Services
    from shared.local.asl.state import State
    from shared.local.asl.strand import Host, Strand
    from shared.testing.functions import Functions
    from shared.testing.mocks import Mock
    from shared.values import Json

START = 1_700_000_000.0
"""When every run starts, in seconds since the epoch: 14 November 2023, 22:13:20 UTC."""


class TrialEngine(Engine):
    """Runs one execution of a test.

    Args:
        mocks: What answers, by the names of states.
        functions: What calls functions.
        services: The test's own cloud.
        open_services: The services whose tasks run in that cloud where they have no mock.
        seed: Of all that is random.
    """

    def __init__(
        self,
        mocks: Mapping[str, Mock],
        functions: Functions,
        services: Services,
        open_services: frozenset[str],
        seed: int,
    ) -> None:
        self.clock = VirtualScheduler(START)
        super().__init__(self.clock, functions.invoke, services, random=Random(seed))  # noqa: S311  tests repeat
        functions.use(self.clock.now, self.uuid)
        self.problems: list[str] = []
        self.raised: BaseException | None = None
        self._mocks = mocks
        self._functions = functions
        self._open = open_services
        self._asked: dict[str, list[Asked]] = defaultdict(list)
        self._counts: Counter[tuple[str, tuple[Item, ...]]] = Counter()
        self._followed: dict[str, _Followed] = {}

    def answer(self, state: State, strand: Strand, given: Json) -> Answer:
        """Return what answers the call that *state* makes with the arguments *given*.

        Raises:
            StateFailure: Nothing may answer it; what is wrong is among the problems then.
        """
        mock = self._mocks.get(state.name)
        answer = Real() if mock is None else self._mocked(mock, state, strand, given)
        problem = None
        if isinstance(answer, Real):
            problem = self._refused(state, given)
        elif isinstance(answer, Returned):
            problem = _unlike(state, answer.value)
        if problem is not None:
            raise self._problem(state.name, problem)
        return answer

    def _mocked(self, mock: Mock, state: State, strand: Strand, given: Json) -> Answer:
        try:
            return mock.answer(self._ask(state.name, strand, given))
        except NoAnswerError as none:
            raise self._problem(state.name, str(none)) from none
        except Exception as error:
            self.raised = self.raised or error
            raise StateFailure(RUNTIME, f"the mock raised {error!r}") from error

    def finish(self) -> None:
        """Note what the mocks have for calls that did not come."""
        for name, mock in self._mocks.items():
            self.problems += [f"{name}: {left}" for left in mock.left(self._asked[name])]

    def _problem(self, state: str, what: str) -> StateFailure:
        self.problems.append(f"{state}: {what}")
        return StateFailure(RUNTIME, what)  # which no Catch of the definition catches

    def _refused(self, state: State, given: Json) -> str | None:
        """Return why *state* may not make its call without a mock, and the line to write; None where it may."""
        if not isinstance(state, Task):
            return None
        called = state.calls
        why = self._why(called, given)
        if why is None:
            return None
        result = '{"Payload": ...}' if isinstance(called, Invoke) and called.pattern != TOKEN else "..."
        held = isinstance(called, ApiCall) and called.service in SERVICES and not called.pattern
        instead = ", or put into workflow.cloud what it finds there" if held else ""
        return f'{why}; write mocks={{"{state.name}": returns({result})}}{instead}'

    def _why(self, called: Integration, given: Json) -> str | None:
        if called.pattern == TOKEN:
            return "nobody in a test sends its token, so it would wait for ever"
        if isinstance(called, FunctionTask | Invoke):
            bare = isinstance(called, FunctionTask)
            name = called.arn if isinstance(called, FunctionTask) else str(members(given).get("FunctionName"))
            return self._functions.why_not(name, given if bare else members(given).get("Payload"))
        if isinstance(called, ApiCall) and called.service in self._open and not called.pattern:
            return None
        action = f"{called.kind}:{called.action}"
        if isinstance(called, ApiCall) and not called.pattern:
            return f"it calls {action}, and a test calls no service"
        return f"it calls {action}, which no test runs"

    def _ask(self, name: str, strand: Strand, given: Json) -> Asked:
        items, before = self.items_of(strand), self._asked[name]
        self._counts[name, items] += 1
        asked = Asked(name, given, items, strand.retries + 1, len(before) + 1, self._counts[name, items])
        before.append(asked)
        return asked

    def items_of(self, strand: Strand) -> tuple[Item, ...]:
        """Return the map iterations that *strand* is in, outermost first."""
        execution = strand.execution
        followed = self._followed.get(execution.arn)
        if followed is None:
            followed = self._followed[execution.arn] = _Followed(execution, self._above(execution))
        return followed.items(strand.previous)

    def _above(self, execution: Host) -> tuple[Item, ...]:
        run = execution.map_run if isinstance(execution, Execution) else None
        if not isinstance(run, MapRun) or not isinstance(execution, Execution):
            return ()
        return (*self.items_of(run.strand), Item(run.fields.name, run.index_of(execution)))


def _unlike(state: State, result: Json) -> str | None:
    """Return why the call of *state* cannot have a mock's *result*; None where it can."""
    if not isinstance(state, RecoveringState):
        return None
    called = state.calls if isinstance(state, Task) else None
    if isinstance(called, Invoke) and called.pattern != TOKEN:  # botocore's model of it would take 0.2 s to load
        said = 'the result of lambda:invoke is an object: write returns({"Payload": ...})'
        return None if isinstance(result, dict) else said
    if isinstance(called, StartExecution):
        return None  # here its dates are numbers, which TestState's schema has as texts
    return result_problem(state, result, PRESENT)


class _Followed:
    """The history of one execution, followed as far as it was asked for."""

    def __init__(self, execution: Host, above: tuple[Item, ...]) -> None:
        self._execution = execution
        self._above = above
        self._places = Places()
        self._count = 0

    def items(self, event: int) -> tuple[Item, ...]:
        events = self._execution.history.events
        for kind, previous, _, details in events[self._count :]:
            self._count += 1
            name, index = (details or {}).get("name"), (details or {}).get("index")
            self._places.follow(self._count, previous, kind, str(name or ""), index if isinstance(index, int) else 0)
        where = self._places.where(event)
        return (*self._above, *(where.items if where else ()))


def ask(state: State, strand: Strand, given: Json) -> Answer:
    """Return what answers the call of *state* in the run that *strand* is of."""
    engine = strand.execution.engine
    return engine.answer(state, strand, given) if isinstance(engine, TrialEngine) else Real()
