"""Says whether a run took longer than runs of its workflow usually do.

The rule. A run is held against the newest 20 runs of the same workflow, with as many ranks, that succeeded and began
before it. Their median is what is usual. It is slower than usual where it took longer than the median by more than

- three times their spread: the median of their distances from the median (MAD), times 1.4826, which makes it the
  standard deviation of a normal distribution (Rousseeuw and Croux, 1993, "Alternatives to the median absolute
  deviation"); and
- 20 % of the median, and 0.2 s: where earlier runs took all but the same time, their spread is near zero.

Faster is the same in the other direction. One run of those 20 that hung, or nine of them, change neither figure much.
Below 5 such runs nothing is said. Only runs that succeeded are compared: others ended early, or waited for a timeout.
One that was redriven is not: its time has in it how long it lay failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.run.listing import Execution
    from shared.values import Json

Word: TypeAlias = Literal["slower", "faster", "as usual"]

BEFORE = 20
"""So many earlier runs tell what is usual, at most."""
LEAST = 5
"""So many are needed."""
_SPREADS = 3
_NORMAL = 1.4826
_SHARE = 0.2
_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for a run: the *median* seconds of *count* earlier ones, and how far one may be from it.

    They took from *least* to *greatest*. ``ranks`` is how many ranks each of them had; None where the workflow's input
    tells none.
    """

    median: float
    margin: float
    count: int
    least: float
    greatest: float
    ranks: int | None = None

    def word(self, seconds: float) -> Word:
        """Say how a run that took so many *seconds* compares."""
        if seconds > self.median + self.margin:
            return "slower"
        return "faster" if seconds < self.median - self.margin else "as usual"

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "median": self.median,
            "margin": self.margin,
            "runs": self.count,
            "least": self.least,
            "greatest": self.greatest,
            "ranks": self.ranks,
        }


@dataclass(frozen=True, slots=True)
class Unusual:
    """Why nothing is said of a run: there is no telling what is usual."""

    why: str


def usual_for(run: Execution, earlier: Iterable[Execution], sizes: Mapping[str, int | None]) -> Usual | Unusual:
    """Return what is usual for *run*.

    Args:
        run: An execution.
        earlier: Executions that began before it, the newest first, of any workflow.
        sizes: How many ranks each execution had, by its id, as far as inputs were read; None where an input tells none.
    """
    if run.redrives:
        return Unusual("was redriven: its time has in it how long it lay failed")
    if run.run_id not in sizes:
        return Unusual("not known yet: its input is to be read")
    ranks = sizes[run.run_id]
    alike = (
        each.seconds
        for each in earlier
        if each.workflow == run.workflow
        and each.status == "SUCCEEDED"
        and each.seconds is not None
        and not each.redrives
        and each.run_id in sizes
        and sizes[each.run_id] == ranks
    )
    found = list(islice(alike, BEFORE))
    if len(found) < LEAST:
        of = f" on {ranks} ranks" if ranks is not None else ""
        some = "1 earlier run" if len(found) == 1 else f"{len(found) or 'no'} earlier runs"
        return Unusual(f"too few to tell: {some}{of} {'is' if len(found) == 1 else 'are'} known to have succeeded")
    return usual_of(found, ranks)


def usual_of(seconds: Sequence[float], ranks: int | None = None) -> Usual:
    """Return what is usual by the *seconds* of some runs: there is at least one."""
    middle = median(seconds)
    spread = _NORMAL * median(abs(each - middle) for each in seconds)
    margin = max(_SPREADS * spread, _SHARE * middle, _SECONDS)
    return Usual(middle, margin, len(seconds), min(seconds), max(seconds), ranks)
