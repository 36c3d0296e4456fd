"""The durations of ranks as drawings: a grid of a cell for each, and a histogram. All is classes, and few elements.

Ten thousand elements take a browser seconds. So all cells of a class are one path, and those beside each other in it
are one line of that. A class is a colour and a sign: what failed has a cross, what is slow a stroke, what runs a dot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from shared.run.child_ranks import MOST_LISTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.run.ranks import RankRow, Ranks

_COLUMNS, _MORE_COLUMNS = 100, 200
_KEPT = 4  # drawings, as a page asks again and again
_SQUARE = 10_000  # cells of the one that has a hundred columns
_CLASSES = {
    "a": ("q0", "", "fastest quarter"),
    "b": ("q1", "", "second quarter"),
    "c": ("q2", "", "third quarter"),
    "d": ("q3", "", "slowest quarter"),
    "s": ("slow", "M.2 .8L.8 .2", "slow"),
    "f": ("bad", "M.2 .2L.8 .8M.8 .2L.2 .8", "failed or timed out"),
    "x": ("stopped", "M.2 .5H.8", "stopped"),
    "r": ("running", "M.4 .5H.6", "running"),
    "w": ("waiting", "", "waiting"),
}
"""By the letter of a cell: its class, the sign in it, and what to call it."""
_STATUSES = {
    "FAILED": "f",
    "TIMED_OUT": "f",
    "ABORTED": "x",
    "RUNNING": "r",
    "PENDING": "w",
    "PENDING_REDRIVE": "w",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend: a class, its cell drawn alone, its name, and how many cells are of it."""

    cell: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The drawing, with what maps a place in it to a rank.

    Attributes:
        svg: The drawing: its view box has a unit a cell.
        letters: A letter for each cell, in order, the first of them for the rank at the place ``first``.
        words: What each letter means.
    """

    svg: str
    letters: str
    first: int
    columns: int
    legend: tuple[Key, ...]
    words: dict[str, str]


@lru_cache(_KEPT)
def draw_grid(ranks: Ranks) -> Grid:
    """Return the cells of *ranks*, in order of their places; what has not begun comes last."""
    letters = "".join(_letter(ranks, row) for row in ranks.rows)
    listed = ranks.cut + len(ranks.rows)
    letters += "w" * min(max(0, ranks.total - listed), MOST_LISTED - len(letters))
    columns = _COLUMNS if len(letters) <= _SQUARE else _MORE_COLUMNS
    rows = -(-len(letters) // columns)
    cells = "".join(_path(letter, letters, columns) for letter in _CLASSES if letter in letters)
    signs = "".join(_pattern(letter) for letter in _CLASSES if letter in letters)
    lines = "".join(f"M0 {row}h{columns}" for row in range(1, rows))
    lines += "".join(f"M{column} 0v{rows}" for column in range(1, columns))
    svg = (
        f'<svg class="heat" viewBox="0 0 {columns} {rows}" aria-hidden="true" focusable="false"><defs>{signs}</defs>'
        f'{cells}<path class="lines" d="{lines}"/><rect class="here" width="1" height="1"/></svg>'
    )
    words = {letter: name for letter, (_, _, name) in _CLASSES.items() if letter in letters}
    legend = tuple(Key(_alone(letter), name, letters.count(letter)) for letter, name in words.items())
    return Grid(svg, letters, ranks.cut, columns, legend, words)


def _letter(ranks: Ranks, row: RankRow) -> str:
    if row.status in _STATUSES:
        return _STATUSES[row.status]
    return "s" if ranks.is_slow(row) else "abcd"[ranks.part_of(row)]


def _pattern(letter: str) -> str:
    name = _CLASSES[letter][0]
    return f'<pattern id="heat-{name}" width="1" height="1" patternUnits="userSpaceOnUse">{_cell(letter)}</pattern>'


def _cell(letter: str) -> str:
    name, sign, _ = _CLASSES[letter]
    drawn = f'<path class="sign" d="{sign}"/>' if sign else ""
    return f'<g class="{name}"><rect class="cell" width="1" height="1"/>{drawn}</g>'


def _alone(letter: str) -> str:
    return f'<svg class="cell-key" viewBox="0 0 1 1" aria-hidden="true">{_cell(letter)}</svg>'


def _path(wanted: str, letters: str, columns: int) -> str:
    """Return the path of all cells with the letter *wanted*: a line for each run of them."""
    name = _CLASSES[wanted][0]
    return f'<path stroke="url(#heat-{name})" d="{"".join(_lines(wanted, letters, columns))}"/>'


def _lines(wanted: str, letters: str, columns: int) -> Iterator[str]:
    for row, begin in enumerate(range(0, len(letters), columns)):
        at, drawn = 0, None
        for letter, group in groupby(letters[begin : begin + columns]):
            length = len(list(group))
            if letter == wanted:
                yield f"M{at} {row}.5h{length}" if drawn is None else f"m{at - drawn} 0h{length}"
                drawn = at + length
            at += length


@lru_cache(_KEPT)
def draw_histogram(ranks: Ranks) -> str:
    """Return bars of how many of *ranks* took how long, with a line at the median; empty where all took as long."""
    bars = ranks.histogram
    if not bars:
        return ""
    most = max(bar.count for bar in bars)
    drawn = "".join(_bar(place, bar.count / most, slow=bar.slow) for place, bar in enumerate(bars))
    low, high = bars[0].since, bars[-1].until
    middle = len(bars) * ((ranks.median or low) - low) / (high - low)
    return (
        f'<svg class="bars" viewBox="0 0 {len(bars)} 8" preserveAspectRatio="none" aria-hidden="true">{drawn}'
        f'<path class="middle" d="M{middle:.2f} 0v8"/></svg>'
    )


def _bar(place: int, part: float, *, slow: bool) -> str:
    height = max(0.15, 8 * part) if part else 0
    kind = "bar slow" if slow else "bar"
    return f'<rect class="{kind}" x="{place + 0.05:.2f}" y="{8 - height:.2f}" width=".9" height="{height:.2f}"/>'
