"""Which runs failed or became slower?"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from flask import request

from shared.console.hidden import hide_text
from shared.console.known_runs import key_of
from shared.console.pages.runs_asked import BY, STATUSES, Asked, asked_by
from shared.console.pages.runs_compared import compared
from shared.console.site import View
from shared.console.spans import span, times
from shared.console.strip import Shown, Strip, draw_strip
from shared.errors import UsageError
from shared.measure.billing.cost import dollars, read_prices
from shared.measure.comparing.usual import BEFORE, Unusual, Usual, usual_for
from shared.run.express import check_keeps_runs, keeping_runs, untold_runs
from shared.run.run_list import Looked, RunList
from shared.run.started_by import start_by_name
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.console.desk import Desk
    from shared.console.known_runs import KnownRuns
    from shared.console.site import Site
    from shared.run.listing import Execution
    from shared.values import Json

A_PAGE = 50
IN_STRIP = 100
FURTHER = 5000
"""How many executions more are looked at when somebody goes on: five answers of AWS."""
PRICED = 20
_ANEW = 120.0  # seconds until a list is made anew: so old may be what lies deep in it
_MOST_TOLD = 300  # inputs that one page asks for


@dataclass(frozen=True, slots=True)
class Row:
    """One run in the list.

    Attributes:
        run: The execution.
        start: What started it; empty where that is not known.
        error: The name of the error that ended it.
        usual: What is usual for it, or why that is not known; None where it is not compared.
        word: How it compares: slower, faster, as usual; empty where it is not compared.
        ratio: How many times the usual it took; None likewise.
        usd: What it cost; None where that was not read.
        lacks: What the cost lacks.
        unread: Why something of it could not be read.
    """

    run: Execution
    start: str
    error: str
    usual: Usual | Unusual | None
    word: str
    ratio: float | None
    usd: float | None
    lacks: str
    unread: str

    @property
    def took(self) -> str:
        """How long it took."""
        return "" if self.run.seconds is None else span(self.run.seconds)

    @property
    def against(self) -> str:
        """How it compares, in words."""
        if self.word == "slower":
            return f"{times(self.ratio)} slower than usual" if self.ratio else "already slower than usual"
        if self.word == "faster" and self.ratio:
            return f"{times(1 / self.ratio)} faster than usual"
        return self.word

    @property
    def why(self) -> str:
        """By what it is compared, or why it is not."""
        match self.usual:
            case Usual(median, _, count, ranks):
                of = f" on {ranks} ranks" if ranks is not None else ""
                return f"median {span(median)} of {count} earlier ones{of}"
            case Unusual(why):
                return why
        return ""

    @property
    def cost(self) -> str:
        """What it cost, estimated."""
        return "" if self.usd is None else dollars(self.usd)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "run_id": self.run.run_id,
            "workflow": self.run.workflow,
            "status": self.run.status,
            "started": self.run.started.isoformat(),
            "seconds": self.run.seconds,
            "against_usual": self.word,
            "ratio": self.ratio,
            "usual": self.usual.as_record() if isinstance(self.usual, Usual) else None,
            "why": self.why,
            "started_by": self.start,
            "error": self.error,
            "usd": self.usd,
            "lacks": self.lacks,
            "unread": self.unread,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows.

    Attributes:
        team: Whose runs.
        asked: What was asked for.
        rows: The runs of this page.
        older: Whether there is another page.
        looked: How far the list was looked through.
        strip: The last runs.
        counts: How many of those have which status.
        slower: How many of those took longer than usual.
        workflows: Those that keep runs.
        untold: What is not listed.
        awaited: How many of what these rows show are still being read.
        unpriced: How many of these rows have ended, and their cost was not read.
    """

    team: str
    asked: Asked
    rows: tuple[Row, ...]
    older: bool
    looked: Looked
    strip: Strip
    counts: Mapping[str, int]
    slower: int
    workflows: tuple[str, ...]
    untold: tuple[str, ...]
    awaited: int
    unpriced: int

    statuses = STATUSES
    starts = BY
    further = FURTHER
    priced_at_once = PRICED
    before = BEFORE

    @property
    def costs(self) -> bool:
        """Whether any cost is known."""
        return any(row.usd is not None for row in self.rows)

    @property
    def prices(self) -> str:
        """What to say beside an estimate."""
        return read_prices().told

    @property
    def hidden_by_filter(self) -> bool:
        """Whether nothing is shown though there are runs."""
        return not self.rows and bool(self.strip.bars)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        until = self.looked.until
        return {
            "team": self.team,
            "asked": self.asked.as_record(),
            "rows": [row.as_record() for row in self.rows],
            "older": self.older,
            "looked": {
                "executions": self.looked.seen,
                "until": until.isoformat() if until else None,
                "all": self.looked.whole,
            },
            "last": {"counts": dict(self.counts), "slower": self.slower, **self.strip.as_record()},
            "not_listed": list(self.untold),
            "awaited": self.awaited,
        }


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/<slug:team>/runs", read)


def read(desk: Desk, team: str) -> View:
    """Return the list of a team's runs, or two of them beside each other."""
    lane = desk.lane(team)
    crumbs = ((team, f"/{team}"),)
    if chosen := request.args.getlist("compare"):
        return compared(desk, lane, ",".join(chosen).split(","), (*crumbs, ("runs", f"/{team}/runs")))
    asked = asked_by(request.args)
    if asked.workflow:
        check_workflow(lane, asked.workflow)
    page = read_list(desk, lane, asked)
    running = page.counts.get("RUNNING", 0)
    title = f"runs of {team}" + (f" ({running} running)" if running else "")
    return View(title, "runs.html.j2", page, bool(page.awaited) or asked.newest, crumbs)


def check_workflow(lane: Lane, workflow: str) -> None:
    """Refuse a workflow whose runs no list has.

    Raises:
        UsageError: The lane has no such workflow, or it is an express one.
    """
    if workflow not in lane.workflows:
        raise UsageError(f"{lane.team} has no workflow {workflow!r}", fix=f"one of {', '.join(lane.workflows)}")
    check_keeps_runs(lane, workflow)


def read_list(desk: Desk, lane: Lane, asked: Asked) -> Page:
    """Return the page that was *asked* for."""
    aws = desk.aws
    newest = _list(desk, aws, lane, asked.workflow, ())
    last = newest.look(max(IN_STRIP + BEFORE, asked.begin + A_PAGE + 2 * BEFORE if asked.all_match else 0))
    runs = _list(desk, aws, lane, asked.workflow, STATUSES[asked.status])
    looked = runs.look(asked.begin + A_PAGE + 1, partial(asked.matches, lane), least=asked.look)
    shown = looked.found[asked.begin : asked.begin + A_PAGE]
    strip = last.found[:IN_STRIP]
    for run in (*shown, *strip):
        desk.runs.remember(run.run_id, lane.team, run.workflow)
    reader = _Rows(aws, lane, desk.known, last.found)
    reader.want((*shown, *strip), shown[: asked.cost], beyond=not asked.all_match)
    rows = tuple(map(reader.row, shown))
    drawn = [reader.row(run) for run in strip]
    ended = [run for run in shown if is_over(run.status)]
    return Page(
        lane.team,
        asked,
        rows,
        len(looked.found) > asked.begin + A_PAGE,
        looked,
        draw_strip([Shown(r.run.run_id, r.run.workflow, r.run.status, r.run.seconds, r.word, r.usd) for r in drawn]),
        Counter(run.status for run in strip),
        sum(row.word == "slower" for row in drawn),
        tuple(keeping_runs(lane)),
        tuple(untold_runs(lane)),
        reader.awaited((*shown, *strip)),
        sum(desk.known.figures.get(key_of(aws, lane, run)) is None for run in ended),
    )


def _list(desk: Desk, aws: Aws, lane: Lane, workflow: str, statuses: Sequence[Any]) -> RunList:
    """Return the list of runs, made a while ago and with what is new."""
    keys = [workflow] if workflow else None
    key = ("runs", aws, lane.team, workflow, tuple(statuses))
    runs = desk.readings.fresh(("list", *key), lambda: RunList(aws, lane, keys, statuses), _ANEW)
    desk.readings.fresh(("newest", *key), runs.refresh)
    return runs


class _Rows:
    """Makes rows of what is known of runs. *last* are the newest ones, for what is usual."""

    def __init__(self, aws: Aws, lane: Lane, known: KnownRuns, last: Sequence[Execution]) -> None:
        self._aws, self._lane, self._known, self._last = aws, lane, known, last
        self._starts = [-run.started.timestamp() for run in last]
        self._sizes: Mapping[str, int | None] = {}
        self._now = datetime.now(UTC)

    def want(self, runs: Sequence[Execution], priced: Sequence[Execution], *, beyond: bool) -> None:
        """Have read what rows of *runs* show, and what those that are *priced* cost.

        Args:
            runs: The runs.
            priced: Some of them.
            beyond: Whether those that each is compared with may lie elsewhere than between them.
        """
        others = [each for run in runs for each in self._before(run)] if beyond else self._last[: len(runs)]
        wanted = {run.run_id: run for run in (*runs, *others)}
        self._known.want_told(self._aws, self._lane, islice(wanted.values(), _MOST_TOLD))
        self._known.want_figures(self._aws, self._lane, priced)
        self._sizes = self._known.sizes(self._aws, self._lane, self._last)

    def awaited(self, runs: Sequence[Execution]) -> int:
        """Return how many readings of *runs* are still to come."""
        keys = {key_of(self._aws, self._lane, run) for run in (*runs, *self._last)}
        return self._known.told.awaits(keys) + self._known.figures.awaits(keys)

    def row(self, run: Execution) -> Row:
        """Return the row of *run*."""
        key = key_of(self._aws, self._lane, run)
        told, figures = self._known.told.get(key), self._known.figures.get(key)
        seconds, usual = run.seconds, None
        if run.status in {"SUCCEEDED", "RUNNING"}:
            sizes = {**self._sizes, run.run_id: told.ranks} if told else self._sizes
            usual = usual_for(run, self._earlier(run), sizes)
        word, ratio = "", None
        if isinstance(usual, Usual):
            lasts = (self._now - run.started).total_seconds() if seconds is None else seconds
            word = usual.word(lasts)
            if seconds is None and word != "slower":
                word = ""  # it goes on
            ratio = seconds / usual.median if seconds and usual.median else None
        unread = self._known.told.why_not(key) or self._known.figures.why_not(key)
        return Row(
            run,
            str(told.start if told else start_by_name(self._lane, run)),
            hide_text(told.error) if told else "",
            usual,
            word,
            ratio,
            figures.cost.usd if figures else None,
            figures.lacks if figures else "",
            hide_text(str(unread or "")),
        )

    def _earlier(self, run: Execution) -> Sequence[Execution]:
        return self._last[bisect_right(self._starts, -run.started.timestamp()) :]

    def _before(self, run: Execution) -> list[Execution]:
        """Return those whose input tells whether *run* is compared with them."""
        alike = (each for each in self._earlier(run) if each.status == "SUCCEEDED" and each.workflow == run.workflow)
        return list(islice(alike, BEFORE))
