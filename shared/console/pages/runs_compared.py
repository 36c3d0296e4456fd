"""Two runs of a team beside each other."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from shared.console.known_runs import key_of
from shared.console.site import View
from shared.console.spans import span, times
from shared.errors import UsageError
from shared.hidden import hide, hide_text
from shared.measure.billing.cost import dollars, read_prices
from shared.measure.comparing.compare import compare
from shared.measure.comparing.timed import Side
from shared.measure.comparing.values import side_by_side
from shared.run.listing import Execution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.config.lane import Lane
    from shared.console.desk import Desk
    from shared.measure.comparing.compare import Comparison, Figure
    from shared.measure.comparing.run_figures import RunFigures
    from shared.measure.comparing.values import Leaf
    from shared.run.live import LiveRun
    from shared.values import Json

MOST_LEAVES = 200
_MOST_TEXT = 400  # characters of a value
_TWO = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A figure of two runs as it is shown."""

    name: str
    before: str
    after: str
    difference: str
    word: str


@dataclass(frozen=True, slots=True)
class Values:
    """Two inputs or outputs beside each other: what differs, what is the same, and how much of each is left out."""

    differing: tuple[Leaf, ...]
    same: tuple[Leaf, ...]
    differing_left: int
    same_left: int


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows.

    Attributes:
        team: Whose runs.
        before: The run that began first.
        after: The other.
        comparison: Their figures.
        input: Their inputs.
        output: Their outputs; None where one has none.
        reading: Whose figures are still being read.
        unread: Why those of a run could not be read.
    """

    team: str
    before: LiveRun
    after: LiveRun
    comparison: Comparison
    input: Values
    output: Values | None
    reading: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def tables(self) -> list[tuple[str, str, list[Line]]]:
        """The figures as tables: an id, a name, lines."""
        told = self.comparison
        parts = (
            ("whole", "Time and cost", told.whole),
            ("states", "Time by state", told.states),
            ("ranks", "Time by rank", told.ranks),
            ("cost", "Cost by item", told.cost),
        )
        return [(key, name, [_line(figure) for figure in figures]) for key, name, figures in parts if figures]

    @property
    def prices(self) -> str:
        """What to say beside an estimate."""
        return read_prices().told

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "team": self.team,
            "before": _record(self.before),
            "after": _record(self.after),
            **self.comparison.as_record(),
            "input": asdict(self.input),
            "output": asdict(self.output) if self.output else None,
            "reading": list(self.reading),
            "unread": list(self.unread),
        }


def compared(desk: Desk, lane: Lane, run_ids: Sequence[str], crumbs: tuple[tuple[str, str], ...]) -> View:
    """Return the page of two runs.

    Raises:
        UsageError: They are not two, or the lane has no such run.
    """
    chosen = list(dict.fromkeys(each.strip() for each in run_ids if each.strip()))
    if len(chosen) != _TWO:
        raise UsageError(
            f"two runs are compared, and {len(chosen)} {'was' if len(chosen) == 1 else 'were'} chosen",
            where=f"/{lane.team}/runs",
            fix="choose exactly two in the list",
        )
    first, second = sorted((_run(desk, lane, each) for each in chosen), key=lambda live: live.found.started)
    runs = [_execution(live) for live in (first, second)]
    desk.known.want_figures(desk.aws, lane, runs)
    keys = [key_of(desk.aws, lane, run) for run in runs]
    figures = [desk.known.figures.get(key) for key in keys]
    why_not = [desk.known.figures.why_not(key) for key in keys]
    output = None
    if first.found.output is not None and second.found.output is not None:
        output = _values(json.loads(first.found.output), json.loads(second.found.output))
    page = Page(
        lane.team,
        first,
        second,
        compare(_side(first, figures[0]), _side(second, figures[1])),
        _values(json.loads(first.found.input), json.loads(second.found.input)),
        output,
        tuple(run.run_id for run, key in zip(runs, keys, strict=True) if desk.known.figures.awaits([key])),
        tuple(hide_text(f"{run.run_id}: {why}") for run, why in zip(runs, why_not, strict=True) if why),
    )
    moving = bool(page.reading) or not (first.over and second.over)
    return View("Two runs compared", "runs_compared.html.j2", page, moving, crumbs)


def _run(desk: Desk, lane: Lane, run_id: str) -> LiveRun:
    live = desk.run(run_id)
    if live.found.run.lane.team != lane.team:
        raise UsageError(
            f"{lane.team} has no run {run_id!r}: it is {live.found.run.lane.team}'s",
            fix=f"/{lane.team}/runs lists them",
        )
    return live


def _side(live: LiveRun, figures: RunFigures | None) -> Side:
    return Side(live.found, live.definition, figures, max(0, live.redrives))


def _execution(live: LiveRun) -> Execution:
    """Return what a list would tell of the run."""
    found = live.found
    redrives = max(0, live.redrives)
    return Execution(found.run.id, found.run.workflow, found.status, found.started, found.seconds, redrives)


def _line(figure: Figure) -> Line:
    word = figure.word
    if figure.ratio and word in {"slower", "faster"}:
        word = f"{times(figure.ratio if word == 'slower' else 1 / figure.ratio)} {word}"
    difference = "" if figure.difference is None else _amount(figure.difference, figure.unit, sign=True)
    before, after = _amount(figure.before, figure.unit), _amount(figure.after, figure.unit)
    return Line(figure.name, before, after, difference, word)


def _amount(value: float | None, unit: str, *, sign: bool = False) -> str:
    if value is None:
        return ""
    size = abs(value)
    text = span(size) if unit == "s" else dollars(size) if unit == "$" else f"{size:,.0f}"
    mark = "-" if value < 0 else "+" if sign and value else ""
    return f"{mark}{text}"


def _values(before: Json, after: Json) -> Values:
    leaves = side_by_side(before, after, hide)
    parts = [[leaf for leaf in leaves if leaf.same is same] for same in (False, True)]
    differing, same = (tuple(map(_cut, part[:MOST_LEAVES])) for part in parts)
    return Values(differing, same, *(max(0, len(part) - MOST_LEAVES) for part in parts))


def _cut(leaf: Leaf) -> Leaf:
    """Return *leaf* with texts that can be shown; what is left out is counted."""
    return replace(leaf, path=hide_text(leaf.path), before=_short(leaf.before), after=_short(leaf.after))


def _short(text: str) -> str:
    more = len(text) - _MOST_TEXT
    return text if more <= 0 else f"{text[:_MOST_TEXT]}... ({more} more characters)"


def _record(live: LiveRun) -> dict[str, Json]:
    found = live.found
    return {
        "run_id": found.run.id,
        "workflow": found.run.workflow,
        "status": found.status,
        "started": found.started.isoformat(),
        "seconds": found.seconds,
        "redrives": max(0, live.redrives),
    }
