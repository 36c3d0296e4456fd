"""Which runs failed or became slower?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import request

from shared.console.known_runs import key_of
from shared.console.pages.runs_asked import A_PAGE, BY, STATUSES, Asked, asked_by
from shared.console.pages.runs_compared import compared
from shared.console.pages.runs_rows import Row, Rows
from shared.console.site import View
from shared.console.strip import Shown, Strip, draw_strip
from shared.errors import UsageError
from shared.measure.billing.cost import read_prices
from shared.measure.comparing.usual import BEFORE
from shared.run.express import check_keeps_runs, keeping_runs, untold_runs
from shared.run.run_list import Looked, RunList
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.console.desk import Desk
    from shared.console.site import Site
    from shared.values import Json

IN_STRIP = 100
FURTHER = 5000
"""How many executions more are looked at when somebody goes on: five answers of AWS."""
PRICED = 20
_ANEW = 120.0  # seconds until a list is made anew: so old may be what lies deep in it


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
    title = f"Runs of {team}" + (f" ({running} running)" if running else "")
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
    reader = Rows(aws, lane, desk.known, last.found)
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
