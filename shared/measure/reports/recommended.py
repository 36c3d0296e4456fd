"""Says what a sweep recommends in words, for the terminal and for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.measure.billing.cost import dollars
from shared.measure.reports.report import Section, Table
from shared.measure.scaling.recommend import EFFICIENT, recommend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.measure.scaling.recommend import Choice, Recommendation
    from shared.measure.scaling.sweep import Record
    from shared.measure.scaling.sweep_tables import Point
    from shared.values import Json

MEASURED_ONLY = (
    "Only configurations that were measured are compared. For others: lanes predict cosmic --records N --fit FOLDER."
)
_GOALS = {"fastest": "fastest", "cheapest": "cheapest", "balanced": f"fastest at {100 * EFFICIENT:.0f} % efficiency"}


def recommendation_section(records: Sequence[Record], points: Sequence[Point]) -> Section:
    """Return the section of a report on what the *records* of a sweep, with their *points*, recommend."""
    made = recommend(records, points)
    text = " ".join([*made.notes, MEASURED_ONLY])
    headings = ("goal", "configuration", "why", "runs", "time", "range", "cost", "efficiency")
    rows = [[_GOALS[each.goal], place(each.point), why(each), *_figures(each)] for each in made.choices]
    note = "Median time and cost of a run; the range is from the least to the greatest of its times."
    tables = [Table("", headings, rows, numbers=3, note=note)] if rows else []
    return Section("Recommendation", text, tables=tables)


def recommendation_lines(made: Recommendation) -> list[str]:
    """Return a line for each choice and each note of the recommendation *made*."""
    lines = []
    for each in made.choices:
        runs, seconds, spread, cost, efficiency = _figures(each)
        told = f"{seconds} ({spread}, n {runs}), {cost} a run" + (f", efficiency {efficiency}" if efficiency else "")
        reason = why(each)
        lines.append(f"{_GOALS[each.goal]}: {place(each.point)}: {told}" + (f"; {reason}" if reason else ""))
    return [*lines, *made.notes, MEASURED_ONLY]


def place(point: Point) -> str:
    """Return a configuration in words."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in point.axes.items())


def why(choice: Choice) -> str:
    """Say which others are within the spread, and why this one was taken; empty where it is alone."""
    if choice.point is not choice.first:
        better = "faster" if choice.goal == "cheapest" else "cheaper"
        return f"within the spread of {place(choice.first)}, and {better}"
    if choice.equal:
        names = "; ".join(place(point) for point in choice.equal)
        return f"not to be told from {names}, by the spread"
    return ""


def _figures(choice: Choice) -> list[str]:
    point, time = choice.point, choice.figures["wall_seconds"]
    return [
        str(choice.runs),
        f"{time.median:.2f} s",
        f"{time.low:.2f} to {time.high:.2f}",
        dollars(choice.figures["cost_usd"].median),
        "" if point.efficiency is None else f"{100 * point.efficiency:.0f} %",
    ]


def recommendation_record(made: Recommendation) -> dict[str, Json]:
    """Return the recommendation *made* as JSON: seconds, US dollars, and the places on the axes."""
    choices: dict[str, Json] = {each.goal: _record(each) for each in made.choices}
    return {**choices, "notes": [*made.notes, MEASURED_ONLY]}


def _record(choice: Choice) -> dict[str, Json]:
    point = choice.point
    seconds = choice.figures["wall_seconds"]
    return {
        "axes": dict(point.axes),
        "runs": choice.runs,
        "warm": choice.warm,
        "seconds": {"median": seconds.median, "low": seconds.low, "high": seconds.high},
        "cost_usd": choice.figures["cost_usd"].median,
        "efficiency": point.efficiency,
        "first": dict(choice.first.axes),
        "equal": [dict(other.axes) for other in choice.equal],
    }
