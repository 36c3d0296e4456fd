"""Two groups of runs beside each other: each figure with how sure its difference is, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.measure.comparing.difference import Difference
from shared.measure.intervals import FEWEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.measure.comparing.timed import Group, Timed
    from shared.values import Json

_SHARE = 0.05  # so much may the shares of cold starts differ
_MOST_NAMED = 4
_ABSENT = "none"


@dataclass(frozen=True, slots=True)
class Compared:
    """Two groups of runs.

    Attributes:
        before: The first.
        after: The second.
        whole: How long the whole runs took.
        ranks: How long ranks took: those of the two runs, or, of groups, the median rank of each run.
        others: Other figures of each run: the slowest rank, the longest visit of each state, the cost.
        cautions: What to keep in mind before anything is concluded.
    """

    before: Group
    after: Group
    whole: Difference
    ranks: Difference
    others: tuple[Difference, ...]
    cautions: tuple[str, ...]

    @property
    def figures(self) -> tuple[Difference, ...]:
        """All figures that a side has."""
        return tuple(each for each in (self.whole, self.ranks, *self.others) if each.before or each.after)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "before": {"name": self.before.name, "runs": [run.name for run in self.before.runs]},
            "after": {"name": self.after.name, "runs": [run.name for run in self.after.runs]},
            "whole": self.whole.as_record(),
            "ranks": self.ranks.as_record(),
            "figures": [each.as_record() for each in self.figures],
            "cautions": list(self.cautions),
        }


def compare_groups(before: Group, after: Group) -> Compared:
    """Return two groups beside each other; each has a run at least."""
    return Compared(
        before,
        after,
        Difference("whole run", "s", before.seconds, after.seconds),
        ranks_of(before, after),
        tuple(_others(before, after)),
        tuple(_cautions(before, after)),
    )


def ranks_of(before: Group, after: Group) -> Difference:
    """Return how long ranks took. Those of one run are samples of that run alone."""
    if len(before.runs) == len(after.runs) == 1:
        return Difference("a rank", "s", before.runs[0].ranks, after.runs[0].ranks, "rank")
    return Difference("a run's median rank", "s", before.middle_ranks, after.middle_ranks)


def _others(before: Group, after: Group) -> Iterator[Difference]:
    yield Difference("slowest rank", "s", before.slowest_ranks, after.slowest_ranks)
    for state in {name: None for group in (before, after) for run in group.runs for name in run.states}:
        first, second = (
            tuple(run.states[state] for run in group.runs if state in run.states) for group in (before, after)
        )
        yield Difference(f"state {state}", "s", first, second)
    yield Difference("cost, estimated", "$", before.costs, after.costs)


def _cautions(before: Group, after: Group) -> Iterator[str]:
    if min(len(before.runs), len(after.runs)) == 1:
        yield (
            "whole runs cannot be judged by one run: what differs by chance is not told apart from what differs for a "
            "reason"
        )
    if len(before.runs) == len(after.runs) == 1 and min(len(each.runs[0].ranks) for each in (before, after)) >= FEWEST:
        yield "ranks of one run share its minute and its machine: their interval is of these two runs, not of the next"
    yield from unlike(before.runs, after.runs)
    yield from cold_unlike(before.runs, after.runs)
    yield from _apart(before, after)
    for group in (before, after):
        for run in group.runs:
            yield from run.remarks


def unlike(before: Sequence[Timed], after: Sequence[Timed]) -> Iterator[str]:
    """Yield in what the settings of two groups differ, or those within one; and where code is not known to be the same.

    Within a group it is told once; between groups, where the sides do not have the same values.
    """
    runs = [*before, *after]
    for name in dict.fromkeys(name for run in runs for name in run.setting):
        first, second = (
            list(dict.fromkeys(run.setting.get(name, _ABSENT) for run in side)) for side in (before, after)
        )
        if set(first) != set(second):
            yield f"{name} differs: {_named(first)} before, {_named(second)} after"
        elif len(first) > 1:
            yield f"{name} differs within each side: {_named(first)}"
        elif first[0].startswith("one from before"):
            yield f"{name}: all ran {first[0]}, so whether it was the same is not known"


def _named(values: Sequence[str]) -> str:
    more = len(values) - _MOST_NAMED
    return ", ".join(values[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def cold_unlike(before: Sequence[Timed], after: Sequence[Timed]) -> Iterator[str]:
    """Yield that more invocations of one side began cold than of the other."""
    sums = [(sum(run.cold for run in side), sum(run.invocations for run in side)) for side in (before, after)]
    shares = [cold / count if count else 0 for cold, count in sums]
    if abs(shares[0] - shares[1]) > _SHARE:
        told = " and ".join(
            f"{cold} of {count} {where}" for (cold, count), where in zip(sums, ("before", "after"), strict=True)
        )
        yield f"cold starts are compared with warm ones: {told} began cold"


def _apart(before: Group, after: Group) -> Iterator[str]:
    starts = [[run.started for run in group.runs if run.started] for group in (before, after)]
    if min(map(len, starts)) < FEWEST:
        return
    if max(starts[0]) < min(starts[1]) or max(starts[1]) < min(starts[0]):
        yield "one side ran before the other: a slower hour looks like a slower program; let them run by turns"
