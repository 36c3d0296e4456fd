"""What files hold, before what belongs together is put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.measure.scaling.measured import Evidence

if TYPE_CHECKING:
    from pathlib import Path

    from shared.measure.scaling.way import Way


class UnreadableError(ValueError):
    """A line cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What the results of a run say of its size.

    Attributes:
        world_size: How many there are.
        records: Of all of them.
        batch_size: Records of a batch.
        whole: Whether these are the results of all ranks, as far as one can tell.
    """

    world_size: int
    records: float
    batch_size: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution that has ended.

    Attributes:
        name: Its name.
        seconds: From its start to its end.
        size: What it says of its size itself; None where it says nothing.
        key: What finds its results: a name, or the end of their path.
        folder: What their path holds beside, ``""`` for anything.
        way: How it was carried out.
        memory_mb: Of the function of its ranks; None where nothing says it.
        map_seconds: Of its seconds, in the Map.
        where: The file and line that tells of it.
    """

    name: str
    seconds: float
    size: Ran | None
    key: str
    folder: str
    way: Way
    memory_mb: int | None
    map_seconds: float | None
    where: str


@dataclass(slots=True)
class Found:
    """What was read so far.

    Attributes:
        evidence: What is complete.
        executions: What still needs its size.
        results: Sizes of runs, by their name and by the path of their results.
        problems: What cannot be read: file, line and reason.
    """

    evidence: Evidence = field(default_factory=Evidence)
    executions: list[Execution] = field(default_factory=list)
    results: dict[str, Ran] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, evidence: Evidence) -> None:
        """Add what is complete."""
        self.evidence = self.evidence + evidence

    def unused(self, what: str) -> None:
        """Tell what was passed over, and why."""
        self.add(Evidence(unused=(what,)))

    def problem(self, path: Path, line: int | None, error: object) -> None:
        """Note that *path* cannot be read, or a line of it."""
        self.problems.append(f"{path}:{line}: {error}" if line else f"{path}: {error}")
