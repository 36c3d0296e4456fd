"""What an execution is of, and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator

    from shared.local.asl.strand import Effect, Strand


class Identity:
    """What an execution is called and belongs to."""

    __slots__ = ("machine_arn", "machine_name", "name", "role_arn")

    def __init__(self, name: str, machine_arn: str, machine_name: str, role_arn: str) -> None:
        self.name = name
        self.machine_arn = machine_arn
        self.machine_name = machine_name
        self.role_arn = role_arn


class Runs(Protocol):
    """What an execution runs: a machine."""

    timeout: float | None

    def run(self, strand: Strand, value: Any, start: str | None = None, /) -> Generator[Effect | None, Any, Any]:
        """Go from the state *start*, by default the first, to an end; return the output."""
