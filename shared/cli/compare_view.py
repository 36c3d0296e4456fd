"""Shows groups of runs beside each other on a terminal."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from rich.table import Table

from shared.cli import console
from shared.measure.comparing.difference import change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.measure.comparing.difference import Difference
    from shared.measure.comparing.groups import Compared
    from shared.measure.comparing.timed import Group

_MOST_NAMED = 3
_LEAST = 0.01
"""What a state takes at the least, in seconds, to have a row."""


def print_compared(told: Sequence[tuple[str, Compared]]) -> None:
    """Print comparisons: of groups, each with all its figures; of sweeps, a row for each place that both have.

    Args:
        told: The place in a sweep, or an empty text, and the comparison.
    """
    places = [(place, each) for place, each in told if place]
    for number, (_, each) in enumerate((place, each) for place, each in told if not place):
        if number:
            console.out.print()
        _print_one(each)
    if places:
        _print_places(places)


def _print_one(told: Compared) -> None:
    console.out.print(f"before  {_runs(told.before)}\nafter   {_runs(told.after)}\n")
    for figure in (told.whole, told.ranks):
        if figure.before or figure.after:
            console.out.print(f"{figure.name}: {figure.verdict}")
    console.out.print()
    shown = [figure for figure in told.figures if _is_shown(figure)]
    console.out.print(_table([(figure.name, figure) for figure in shown], "what"))
    _print_caption(shown)
    if len(shown) < len(told.figures):
        console.out.print(f"(without states that took less than {_LEAST} s in both: {len(told.figures) - len(shown)})")
    _print_cautions(told.cautions)


def _is_shown(figure: Difference) -> bool:
    return figure.unit != "s" or max(*figure.before, *figure.after) >= _LEAST


def _print_caption(shown: Sequence[Difference]) -> None:
    console.out.print("(n: values before, after; medians in seconds, least..greatest; change of the median)")
    if any(figure.interval and not figure.interval.sure for figure in shown):
        console.out.print("(~ by 3 or 4 values such an interval holds the truth in about 90 of 100 cases, by 5 in 95)")


def _print_places(told: Sequence[tuple[str, Compared]]) -> None:
    """Print a row for each place."""
    before, after = told[0][1].before.name, told[0][1].after.name
    console.out.print(f"before  {before}\nafter   {after}\n\nwhole runs:")
    console.out.print(_table([(place, each.whole) for place, each in told], "configuration"))
    _print_caption([each.whole for _, each in told])
    for place, each in told:
        console.out.print(f"{place}: {each.whole.verdict}")
    cautions = list(dict.fromkeys(line for _, each in told for line in each.cautions))
    if len(told) > 1:
        cautions.append(f"of {len(told)} intervals of 95 %, each misses one time in 20 by chance")
    _print_cautions(cautions)


def _print_cautions(cautions: Sequence[str]) -> None:
    if cautions:
        console.out.print("\nkeep in mind:")
    for line in cautions:
        console.out.print(f"- {line}")


def _runs(group: Group) -> str:
    names = [run.name for run in group.runs]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{len(names)} run{'' if len(names) == 1 else 's'}: {', '.join(names[:_MOST_NAMED])}{more}"


def _table(rows: Sequence[tuple[str, Difference]], what: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column(what, overflow="fold")
    for heading in ("n", "before", "after", "change", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, figure in rows:
        money = figure.unit == "$"
        table.add_row(
            f"{name}, $ for 1,000" if money else name,
            f"{len(figure.before)}, {len(figure.after)}",
            *(_side([1000 * each for each in values] if money else values) for values in (figure.before, figure.after)),
            "" if figure.ratio is None else change(figure.ratio),
            _interval(figure),
        )
    return table


def _side(values: Sequence[float]) -> str:
    """Return the median of *values*, and how far they go."""
    if not values:
        return ""
    several = f" ({_amount(min(values))}..{_amount(max(values))})" if len(values) > 1 else ""
    return f"{_amount(median(values))}{several}"


def _amount(value: float) -> str:
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"  # noqa: PLR2004  three digits or more


def _interval(figure: Difference) -> str:
    """Return the interval of the change of the median."""
    interval = figure.interval
    if interval is None:
        return ""
    return f"{change(interval.low)}..{change(interval.high)}".replace(" %..", "..") + ("" if interval.sure else " ~")
