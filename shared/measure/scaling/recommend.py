"""Recommends configurations of a sweep: the fastest, the cheapest, and the fastest that scales well. Pure.

Only configurations that were measured are recommended. Two count as equal where each one's median lies within the other
one's range of repeats: a handful of repeats tells no more. Of equal ones the cheaper is recommended where time is the
goal, and the faster where cost is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.measure.scaling.sweep import DONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.measure.scaling.sweep import Record
    from shared.measure.scaling.sweep_tables import Figure, Point

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
    """

    goal: Goal
    point: Point
    first: Point
    equal: tuple[Point, ...]


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
    choices = [_choose("fastest", points), _choose("cheapest", points)]
    notes = []
    if len({point.world for point in points if point.efficiency is not None}) > 1:
        efficient = [point for point in points if (point.efficiency or 0.0) >= EFFICIENT]
        choices.append(_choose("balanced", efficient))
    else:
        notes.append("No balanced choice: it takes the times of two world sizes or more.")
    if (fewest := min(choice.point.runs for choice in choices)) < ENOUGH:
        times = "once" if fewest == 1 else f"{fewest} times"
        notes.append(
            f"A configuration ran {times} only, which tells little of its spread: lanes sweep --repeat {ENOUGH}."
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


def _choose(goal: Goal, points: Sequence[Point]) -> Choice:
    """Return the best of *points*, at least one: the smallest world is always efficient."""
    by, then = _order(goal)
    first = min(points, key=lambda point: (_median(point, by), _median(point, then)))
    equal = [point for point in points if point is not first and alike(point, first, by)]
    best = min([first, *equal], key=lambda point: _median(point, then))
    return Choice(goal, first if alike(best, first, then) else best, first, tuple(equal))


def _order(goal: Goal) -> tuple[Figure, Figure]:
    return ("cost_usd", "wall_seconds") if goal == "cheapest" else ("wall_seconds", "cost_usd")


def alike(one: Point, other: Point, figure: Figure) -> bool:
    """Say whether each one's median of *figure* lies within the other one's range of repeats."""
    a, b = one.figures[figure], other.figures[figure]
    return a.low <= b.median <= a.high and b.low <= a.median <= b.high


def _median(point: Point, figure: Figure) -> float:
    return point.figures[figure].median
