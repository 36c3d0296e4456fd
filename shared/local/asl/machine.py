"""A compiled state machine: its states as objects, and the loop that goes through them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.local.arns import REGION
from shared.local.asl.effects import Sleep
from shared.local.asl.errors import StateFailure
from shared.local.asl.reading import number_or_none, part, parts, text
from shared.local.asl.retry import place_failure
from shared.local.asl.states.map import Map
from shared.local.asl.states.parallel import Parallel
from shared.local.asl.states.simple import Choice, Fail, Pass, Succeed
from shared.local.asl.states.task import Task
from shared.local.asl.states.wait import Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.effects import Steps
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import State
    from shared.local.asl.strand import Host, Strand
    from shared.values import Json

_PLAIN: dict[str, type[State]] = {
    "Pass": Pass, "Succeed": Succeed, "Fail": Fail, "Choice": Choice, "Wait": Wait, "Task": Task,
}  # fmt: skip
# A strand lets others run after so many states.
_BREATH = 1024


class Machine:
    """States and where they start: a whole definition, a branch, or a Map's processor.

    Args:
        spec: The definition, found valid.
        jsonata: Whether JSONata is the query language where a state does not say.
    """

    def __init__(self, spec: Spec, *, jsonata: bool = False) -> None:
        jsonata = spec.get("QueryLanguage", "JSONata" if jsonata else "JSONPath") == "JSONata"
        self.start = text(spec, "StartAt")
        self.timeout = number_or_none(spec, "TimeoutSeconds")
        states = part(spec, "States")
        self.states = {name: compile_state(name, part(states, name), jsonata=jsonata) for name in states}

    def run(self, strand: Strand, value: Json, start: str | None = None) -> Steps[Json]:
        """Go from *start* to an end with *value* as input; return the output.

        Raises:
            StateFailure: A state failed and nothing caught it.
        """
        states = self.states
        name, count = start or self.start, 0
        wait_of = _waits(strand.execution)
        while True:
            state = states[name]
            if wait_of is not None and (wait := wait_of()):
                strand.come_to(name, value)
                yield Sleep(wait)
            strand.enter(state.entered, name, value, state.waiting)
            try:
                if state.simple:
                    value, following = state.step(strand, value)
                else:
                    value, following = yield from state.run(strand, value)
            except StateFailure as failure:
                place_failure(strand, failure)
                raise
            if following is None:
                return value
            name, count = following, count + 1
            if count % _BREATH == 0:
                yield None


def _waits(execution: Host) -> Callable[[], float] | None:
    """Return what tells how long an account lets *execution* wait before its next state; None where none ever waits."""
    account, identity = execution.engine.account, execution.identity
    if account is None or identity.express:
        return None
    return partial(account.transition, identity.arn.split(":")[REGION])


def compile_state(name: str, spec: Spec, *, jsonata: bool) -> State:
    """Return the state object for *spec*; *jsonata* is the query language around it, also for states inside it."""
    language, kind = spec.get("QueryLanguage"), text(spec, "Type")
    own = jsonata if language is None else language == "JSONata"
    if kind == "Parallel":
        branches = [Machine(branch, jsonata=jsonata) for branch in parts(spec, "Branches")]
        return Parallel(name, spec, branches, jsonata=own)
    if kind == "Map":
        processor = Machine(part(spec, "ItemProcessor" if "ItemProcessor" in spec else "Iterator"), jsonata=jsonata)
        return Map(name, spec, processor, jsonata=own)
    return _PLAIN[kind](name, spec, jsonata=own)
