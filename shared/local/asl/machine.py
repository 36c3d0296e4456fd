"""A compiled state machine: its states as objects, and the loop that goes through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.errors import StateFailure
from shared.local.asl.retry import place_failure
from shared.local.asl.states.map import Map
from shared.local.asl.states.parallel import Parallel
from shared.local.asl.states.simple import Choice, Fail, Pass, Succeed
from shared.local.asl.states.task import Task
from shared.local.asl.states.wait import Wait

if TYPE_CHECKING:
    from collections.abc import Generator

    from shared.local.asl.state import State
    from shared.local.asl.strand import Effect, Strand

_PLAIN: dict[str, type[State]] = {
    "Pass": Pass, "Succeed": Succeed, "Fail": Fail, "Choice": Choice, "Wait": Wait, "Task": Task,
}  # fmt: skip
# After so many states without a wait a strand lets others run.
_BREATH = 1024


class Machine:
    """States and where they start: a whole definition, a branch, or a Map's processor.

    Args:
        spec: The definition, found valid.
        jsonata: Whether JSONata is the query language where a state does not say.
    """

    def __init__(self, spec: dict[str, Any], *, jsonata: bool = False) -> None:
        jsonata = spec.get("QueryLanguage", "JSONata" if jsonata else "JSONPath") == "JSONata"
        self.start: str = spec["StartAt"]
        self.timeout: float | None = spec.get("TimeoutSeconds")
        self.states = {name: compile_state(name, state, jsonata=jsonata) for name, state in spec["States"].items()}

    def run(self, strand: Strand, value: Any, start: str | None = None) -> Generator[Effect | None, Any, Any]:
        """Go from *start* to an end with *value* as input; return the output.

        Raises:
            StateFailure: A state failed and nothing caught it.
        """
        states, history = self.states, strand.execution.history
        name, count = start or self.start, 0
        while True:
            state = states[name]
            strand.before = strand.previous
            strand.entered_at = history.clock()
            strand.entered = strand.previous = history.add(
                state.entered, strand.previous, {"input": value, "name": name}
            )
            strand.state, strand.input = name, value
            try:
                if state.simple:
                    value, following = state.step(strand, value)
                else:
                    strand.waiting = state.kind
                    value, following = yield from state.run(strand, value)
                    strand.waiting = ""
            except StateFailure as failure:
                strand.state = name
                place_failure(strand, failure)
                raise
            if following is None:
                return value
            name, count = following, count + 1
            if count % _BREATH == 0:
                yield None


def compile_state(name: str, spec: dict[str, Any], *, jsonata: bool) -> State:
    """Return the state object for *spec*; *jsonata* is the query language around it."""
    language, kind = spec.get("QueryLanguage"), spec["Type"]
    jsonata = jsonata if language is None else language == "JSONata"
    if kind == "Parallel":
        return Parallel(name, spec, [Machine(branch, jsonata=jsonata) for branch in spec["Branches"]], jsonata=jsonata)
    if kind == "Map":
        processor = Machine(spec["ItemProcessor" if "ItemProcessor" in spec else "Iterator"], jsonata=jsonata)
        return Map(name, spec, processor, jsonata=jsonata)
    return _PLAIN[kind](name, spec, jsonata=jsonata)
