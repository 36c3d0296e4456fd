"""What all states share: their name, where they lead, and their data flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.dataflow import Flow, PathFlow, QueryFlow
from shared.local.asl.reading import text, text_or_none

if TYPE_CHECKING:
    from shared.local.asl.effects import Steps
    from shared.local.asl.reading import Spec
    from shared.local.asl.strand import Strand
    from shared.values import Json

    # A state's output and the next state, None at an end.
    Outcome = tuple[Json, str | None]


class State:
    """One state.

    Args:
        name: Its name in the machine.
        spec: Its definition, found valid.
        jsonata: Whether its query language is JSONata.
    """

    # A simple state never waits: it has ``step``. The others have ``run``.
    simple = True
    # The field that makes the arguments of the input, if any does.
    parameters = "Parameters"

    def __init__(self, name: str, spec: Spec, *, jsonata: bool) -> None:
        self.name = name
        self.spec = spec
        self.jsonata = jsonata
        kind = text(spec, "Type")
        self.next = text_or_none(spec, "Next")
        self.flow: Flow = QueryFlow(spec) if jsonata else PathFlow(spec, parameters=self.parameters)
        self.waiting = "" if self.simple else kind
        self.entered = f"{kind}StateEntered"
        self.exited = f"{kind}StateExited"

    def step(self, strand: Strand, value: Json) -> Outcome:
        """Do what the state does with its input *value*; return its output and the next state, None at the end."""
        raise NotImplementedError

    def run(self, strand: Strand, value: Json) -> Steps[Outcome]:
        """Do the same in a state that waits on the way."""
        raise NotImplementedError

    def leave(self, strand: Strand, raw: Json, result: Json) -> Outcome:
        """Leave with *result*: return the output and the next state."""
        output, assigned = self.flow.finish(strand, raw, result)
        strand.leave(self.exited, raw, output, assigned)
        return output, self.next
