"""Recommends configurations of a sweep: the fastest, the cheapest, and the fastest that scales well. Pure.

Only configurations that were measured are recommended. Two count as equal where each one's median lies within the other
one's range of repeats: a handful of repeats tells no more. Of equal ones the cheaper is recommended where time is the
goal, and the faster where cost is.

Like is compared with like: where each configuration has a run that began warm, its warm runs speak for it, since which
run began cold depends on the order. Where one has none, all runs do, and a note says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.measure.scaling.sweep import DONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.measure.scaling.sweep import Record
    from shared.measure.scaling.sweep_tables import Figure, Point, Spread

EFFICIENT = 0.7
"""Speed-up over ranks that scales well enough: our choice, a rule of thumb of the field."""
ENOUGH = 3
"""Repeats that tell a spread: our choice, what ``lanes sweep`` does unless told otherwise."""
Goal: TypeAlias = Literal["fastest", "cheapest", "balanced"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is recommended for a goal.

    Attributes:
        goal: ``fastest`` (the least time), ``cheapest`` (the fewest dollars), or ``balanced``: the fastest of those
            with an efficiency of 70 % or more.
        point: The configuration.
        first: The one with the best median; another one where that is equal and better otherwise.
        equal: The others that are equal to ``first``.
        warm: Whether only warm runs were compared.
    """

    goal: Goal
    point: Point
    first: Point
    equal: tuple[Point, ...]
    warm: bool

    @property
    def figures(self) -> Mapping[Figure, Spread]:
        """The figures of the configuration by which it was chosen."""
        return _figures(self.point, warm=self.warm)

    @property
    def runs(self) -> int:
        """How many runs these are of."""
        return self.point.runs - (self.point.cold if self.warm else 0)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The choices, and what to know about them: a sentence each. There are no choices where a sentence says why."""

    choices: tuple[Choice, ...]
    notes: tuple[str, ...]


def recommend(records: Sequence[Record], points: Sequence[Point]) -> Recommendation:
    """Return what to choose of *points*, which summarize *records*."""
    work = sorted({record["records"] for record in records if record["status"] == DONE})
    if len(work) > 1:
        did = f"did different work ({work[0]:,} to {work[-1]:,} records), so their times do not compare"
        return Recommendation((), (f"Nothing is recommended: these configurations {did}.",))
    if len(points) <= 1:
        return Recommendation((), ("Nothing is recommended: of one configuration there is no choice.",))
    warm = all(point.warm for point in points)
    choices = [_choose("fastest", points, warm=warm), _choose("cheapest", points, warm=warm)]
    notes = list(_of_cold(points, warm=warm))
    if len({point.world for point in points if point.efficiency is not None}) > 1:
        efficient = [point for point in points if (point.efficiency or 0.0) >= EFFICIENT]
        choices.append(_choose("balanced", efficient, warm=warm))
    else:
        notes.append("No balanced choice: it takes the times of two world sizes or more.")
    if (fewest := min(choice.runs for choice in choices)) < ENOUGH:
        times = "once" if fewest == 1 else f"{fewest} times"
        notes.append(
            f"A configuration ran {times} only{' when warm' if warm and any(point.cold for point in points) else ''}, "
            f"which tells little of its spread: lanes sweep --repeat {ENOUGH}."
        )
    if failed := sum(choice.point.failed for choice in choices):
        notes.append(f"Of the recommended configurations' runs, {failed} failed.")
    return Recommendation(tuple(choices), tuple(notes))


def recommended(records: Sequence[Record], points: Sequence[Point]) -> list[Point]:
    """Return the recommended ones of *points*, each once."""
    found: list[Point] = []
    for choice in recommend(records, points).choices:
        if choice.point not in found:
            found.append(choice.point)
    return found


def _of_cold(points: Sequence[Point], *, warm: bool) -> Iterator[str]:
    """Yield what to know of the runs that began cold."""
    cold, runs = sum(point.cold for point in points), sum(point.runs for point in points)
    if cold and warm:
        yield f"By warm runs: {cold} of {runs} began cold and are left out."
    elif 0 < cold < runs:
        yield "Cold runs are compared with warm ones: a configuration has no warm run; lanes sweep --warm warms first."


def _choose(goal: Goal, points: Sequence[Point], *, warm: bool) -> Choice:
    """Return the best of *points*, at least one: the smallest world is always efficient."""
    by, then = _order(goal)
    first = min(points, key=lambda point: (_median(point, by, warm), _median(point, then, warm)))
    equal = [point for point in points if point is not first and alike(point, first, by, warm=warm)]
    best = min([first, *equal], key=lambda point: _median(point, then, warm))
    point = first if alike(best, first, then, warm=warm) else best
    return Choice(goal, point, first, tuple(equal), warm)


def _order(goal: Goal) -> tuple[Figure, Figure]:
    return ("cost_usd", "wall_seconds") if goal == "cheapest" else ("wall_seconds", "cost_usd")


def alike(one: Point, other: Point, figure: Figure, *, warm: bool = False) -> bool:
    """Say whether each one's median of *figure* lies within the other one's range of repeats, of *warm* ones or all."""
    a, b = (_figures(point, warm=warm)[figure] for point in (one, other))
    return a.low <= b.median <= a.high and b.low <= a.median <= b.high


def _figures(point: Point, *, warm: bool) -> Mapping[Figure, Spread]:
    return point.warm if warm and point.warm else point.figures


def _median(point: Point, figure: Figure, warm: bool) -> float:  # noqa: FBT001  a key of order
    return _figures(point, warm=warm)[figure].median
