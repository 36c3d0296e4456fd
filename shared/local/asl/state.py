"""What all states share: their name, where they lead, and their data flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.dataflow import Flow, PathFlow, QueryFlow, leave_state

if TYPE_CHECKING:
    from collections.abc import Generator

    from shared.local.asl.strand import Effect, Strand


class State:
    """One state.

    Args:
        name: Its name in the machine.
        spec: Its definition, found valid.
        jsonata: Whether its query language is JSONata.
    """

    # A simple state never waits.
    simple = True
    parameters = "Parameters"

    def __init__(self, name: str, spec: dict[str, Any], *, jsonata: bool) -> None:
        self.name = name
        self.spec = spec
        self.jsonata = jsonata
        self.kind: str = spec["Type"]
        self.next: str | None = spec.get("Next")
        self.flow: Flow = QueryFlow(name, spec) if jsonata else PathFlow(name, spec, parameters=self.parameters)
        self.entered = f"{self.kind}StateEntered"
        self.exited = f"{self.kind}StateExited"

    def step(self, strand: Strand, value: Any) -> tuple[Any, str | None]:
        """Do what the state does with its input *value*; return its output and the next state, None at the end."""
        raise NotImplementedError

    def run(self, strand: Strand, value: Any) -> Generator[Effect | None, Any, tuple[Any, str | None]]:
        """Do the same in a state that waits on the way."""
        raise NotImplementedError

    def leave(self, strand: Strand, raw: Any, result: Any) -> tuple[Any, str | None]:
        """Leave with *result*: return the output and the next state."""
        output, assigned = self.flow.finish(strand, raw, result)
        leave_state(strand, self.exited, raw, output, assigned)
        return output, self.next
