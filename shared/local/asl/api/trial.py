"""A trial of one state, as TestState makes it: once, without retries, with what its Retry and Catch would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.local.asl.answers import Returned
from shared.local.asl.api.http_trace import HttpTrace
from shared.local.asl.api.inspected import Inspection
from shared.local.asl.api.map_data import look_at_map, tolerated
from shared.local.asl.errors import EXCEED_TOLERATED, StateFailure, dumps, matches
from shared.local.asl.execution import Execution
from shared.local.asl.maps.items import Found
from shared.local.asl.maps.run import TOO_MANY
from shared.local.asl.reading import members
from shared.local.asl.retry import RecoveringState
from shared.local.asl.states.map import Map

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.local.asl.answers import Answer
    from shared.local.asl.effects import Steps
    from shared.local.asl.engine import Engine
    from shared.local.asl.identity import Identity
    from shared.local.asl.state import Outcome, State
    from shared.local.asl.strand import Strand
    from shared.values import Json


class Asked(NamedTuple):
    """What a request asks for, beside the state.

    Attributes:
        answer: What answers for the state, None without a mock.
        variables: The variables that it sees.
        context: The context object, None for one as an execution has it.
        level: INFO, DEBUG or TRACE.
        retried: How often its retrier has retried already.
        failed: How many iterations of the Map failed; None where nothing is said.
        data: What the Map's ItemReader reads, None for nothing.
        reveal: Whether secrets of an HTTP Task are shown.
    """

    answer: Answer | None
    variables: dict[str, Json]
    context: dict[str, Json] | None
    level: str
    retried: int
    failed: int | None
    data: str | None
    reveal: bool


class TrialExecution(Execution):
    """An execution with the context object of the request, if it has one."""

    def __init__(self, engine: Engine, trial: Trial, identity: Identity, text: str) -> None:
        super().__init__(engine, trial, identity, text)
        self._given = trial.asked.context

    def context(self, state: str, entered_at: float, retries: int) -> dict[str, Json]:
        """Return a fresh context object."""
        if self._given is not None:
            return {**self._given}
        context = super().context(state, entered_at, retries)
        told = {name: value for name, value in members(context["Execution"]).items() if name != "RedriveCount"}
        return {**context, "Execution": told}  # which nothing redrives


class Trial:
    """A machine of one state, which is run once, without retries.

    Args:
        state: The state.
        around: The Maps and Parallels that it is in, innermost first: errors that it does not handle are theirs.
        asked: What the request asks for.

    Attributes:
        refused: Why the request is none, found out while the state ran; None where it is one.
    """

    def __init__(self, state: State, around: Sequence[RecoveringState], asked: Asked) -> None:
        self.timeout: float | None = None
        self.refused: str | None = None
        self.asked = asked
        self._state, self._around = state, around
        self._inspection = Inspection(state)
        self._http = HttpTrace(reveal=asked.reveal)
        if asked.level == "TRACE":
            self._http.follow(state)
        self._next: str | None = None
        self._status = "SUCCEEDED"
        self._caught: StateFailure | None = None
        self._details: dict[str, int] = {}
        if asked.answer is not None and isinstance(state, RecoveringState):
            state.mock(self._answer)

    def _answer(self, _strand: Strand, _given: Json) -> Answer:
        assert self.asked.answer is not None  # noqa: S101  it mocks only then
        return self.asked.answer

    def run(self, strand: Strand, value: Json, _start: str | None = None) -> Steps[Json]:
        """Run the state as a machine would."""
        state, seen = self._state, self._inspection.seen
        self._inspection.begin(value)
        strand.variables.assign(self.asked.variables)
        if self.asked.context is None:
            strand.swap_item(self._item(value))
        strand.enter(state.entered, state.name, value, state.waiting)
        try:
            output, self._next = yield from self._once(strand, value)
        except StateFailure as failure:
            output = self._recovered(strand, value, failure)
        finally:
            if variables := strand.variables.visible():
                seen["variables"] = variables
        return output

    def _item(self, value: Json) -> Mapping[str, Json] | None:
        """Return what ``$$.Map.Item`` is: the first item, if a Map is around the state."""
        inner = next((each for each in self._around if isinstance(each, Map)), None)
        if inner is None:
            return None
        known = inner.distributed is None or inner.distributed.reader is None
        item = Found(value).context(0)
        return item if known else {name: each for name, each in item.items() if name != "Source"}

    def _once(self, strand: Strand, value: Json) -> Steps[Outcome]:
        """Run the state without its Retry and Catch."""
        state = self._state
        if state.simple:
            return state.step(strand, value)
        if not isinstance(state, RecoveringState):
            return (yield from state.run(strand, value))
        strand.count_retries(self.asked.retried)
        if isinstance(state, Map):
            self._look_at_map(state, strand, value)
        return (yield from state.attempt(strand, value))

    def _look_at_map(self, state: Map, strand: Strand, value: Json) -> None:
        """Note what *state* makes of its input.

        Raises:
            StateFailure: More iterations failed than it tolerates.
        """
        tolerance = look_at_map(state, strand, value, self.asked.data, self._inspection.seen)
        failed = self.asked.failed
        if failed is None:
            return
        iterations = self._mocked_iterations() if tolerance.items is None else tolerance.items
        if iterations is not None and failed > iterations:
            self.refused = "Map iteration failure count must be less than or equal to the number of Map iterations"
        if tolerance.exceeded(failed):
            raise StateFailure(EXCEED_TOLERATED, TOO_MANY)

    def _mocked_iterations(self) -> int | None:
        """Return how many iterations the mocked result is of; None where it tells not."""
        answer = self.asked.answer
        return len(answer.value) if isinstance(answer, Returned) and isinstance(answer.value, list) else None

    # What becomes of a failure.

    def _recovered(self, strand: Strand, value: Json, failure: StateFailure) -> Json:
        """Note what Retry or Catch would make of *failure*, the state's own or those around; return what is caught.

        Raises:
            StateFailure: It would be retried, or nothing deals with it.
        """
        if isinstance(self._state, RecoveringState):
            handled = self._handled(self._state, strand, value, failure)
            if handled is not None:
                return handled.output
        at = failure
        for outer in self._around:
            outside = self._outside(outer, strand, value, at)
            if outside is None:
                break
            at = outside
            handled = self._handled(outer, strand, value, at)
            if handled is not None:
                return handled.output
        raise failure

    def _outside(
        self, outer: RecoveringState, strand: Strand, value: Json, failure: StateFailure
    ) -> StateFailure | None:
        """Return what *failure* in an iteration or branch is to *outer*; None where *outer* tolerates it."""
        if not isinstance(outer, Map) or outer.distributed is None:
            return failure
        try:
            count, percentage = tolerated(outer, strand, value)
        except StateFailure:
            return None  # its limits are read from its own input, which the request does not tell
        failed = (self.asked.failed or 0) + 1
        if (count is not None and failed <= count) or (count is None and percentage):
            return None
        return StateFailure(EXCEED_TOLERATED, TOO_MANY)

    def _handled(self, state: RecoveringState, strand: Strand, value: Json, failure: StateFailure) -> _Handled | None:
        """Note what *state* would do about *failure*; return the Catcher's output, None where it has none.

        Raises:
            StateFailure: It would be retried.
        """
        for place, retrier in enumerate(state.retriers):
            if matches(retrier.names, failure):
                self._details = {"retryIndex": place}
                if self.asked.retried < retrier.attempts:
                    self._status = "RETRIABLE"
                    self._details["retryBackoffIntervalSeconds"] = int(retrier.delay(self.asked.retried, strand))
                    raise failure
                break
        for place, catcher in enumerate(state.catchers):
            if matches(catcher.names, failure):
                output, assigned = state.flow.caught(strand, value, catcher.caught, failure.output())
                self._status, self._next, self._caught = "CAUGHT_ERROR", catcher.next, failure
                self._details = {"catchIndex": place}
                strand.variables.assign(assigned or {})
                return _Handled(output)
        return None

    # What is told of it.

    def told(self, execution: Execution) -> dict[str, object]:
        """Return what TestState answers when *execution* has ended."""
        failed = execution.status != "SUCCEEDED"
        shown: dict[str, object] = {"status": "FAILED" if failed and self._status != "RETRIABLE" else self._status}
        told = self._caught or execution
        for name in ("error", "cause"):
            if (failed or self._caught is not None) and getattr(told, name) is not None:
                shown[name] = getattr(told, name)
        if not failed:
            shown["output"] = dumps(execution.output)
            if self._next is not None:
                shown["nextState"] = self._next
        if self.asked.level != "INFO":
            details = {"errorDetails": self._details} if self._details else {}
            shown["inspectionData"] = {**self._inspection.shown(), **self._http.shown(), **details}
        return shown


class _Handled(NamedTuple):
    """What a Catcher made of a failure."""

    output: Json
