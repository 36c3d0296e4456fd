"""What did this rank get, do, say and cost?"""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from flask import request

from shared.console.addresses import query
from shared.console.missed import told_missed
from shared.console.rank_logs import Log, chosen_call, key_of, log_of, reports_of, whole_log
from shared.console.rank_opened import Beside, beside, detail_in, not_found, open_rank, other_ways
from shared.console.site import File, View
from shared.errors import UsageError
from shared.hidden import hide, hide_text
from shared.measure.billing.cost import dollars, read_prices
from shared.measure.billing.rank_cost import price_rank, used_by_rank
from shared.run.debug.choice import name_of

if TYPE_CHECKING:
    from shared.console.desk import Desk
    from shared.console.rank_opened import Opened
    from shared.console.site import Site
    from shared.measure.billing.cost import Cost
    from shared.run.rank_detail import Call, RankDetail
    from shared.run.ranks import RankRow
    from shared.run.report_line import Report
    from shared.values import Json

_MOST_SHOWN = 20_000  # letters of an event or a result; its JSON has all of them
_PRICED = 300.0  # seconds for which a cost is fresh


@dataclass(frozen=True, slots=True)
class Text:
    """A value as it is shown; ``more`` letters of it are left out."""

    text: str
    more: int


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows.

    ``detail`` is None while the rank is looked for, or where it was not found: ``told`` says why, and ``ways`` are
    commands that look for it.
    ``chosen`` is the place among the calls of the one whose log is shown; None where no call is of a function.
    ``reports`` are the REPORT lines of its calls, by their places; ``unread`` calls of functions lack one.
    """

    run_id: str
    team: str
    number: int
    where: str
    detail: RankDetail | None = None
    told: str = ""
    ways: tuple[str, ...] = ()
    log: Log = field(default_factory=Log)
    chosen: int | None = None
    reports: tuple[tuple[int, Report], ...] = ()
    unread: int = 0
    cost: Cost | None = None
    command: str = ""
    beside: Beside = field(default_factory=Beside)
    event: Text = Text("", 0)
    result: Text = Text("", 0)

    @property
    def report(self) -> Report | None:
        """The REPORT line of the call whose log is shown."""
        return next((report for place, report in self.reports if place == self.chosen), None)

    @property
    def frames(self) -> list[str]:
        """The frames of its traceback."""
        return [hide_text(frame) for frame in self.detail.traceback] if self.detail else []

    @property
    def error_line(self) -> str:
        """Its error with what that says."""
        row = self.detail.row if self.detail else None
        return hide_text(": ".join(filter(None, (row.error, row.message)))) if row else ""

    @property
    def priced(self) -> str:
        """The cost as text."""
        return dollars(self.cost.usd) if self.cost else ""

    @property
    def prices(self) -> str:
        """What to say beside the cost."""
        return read_prices().told

    def link(self, **changed: object) -> str:
        """Return the parameters of the page's own address with others beside them."""
        return query({name: value for name, value in request.args.items() if name != "seen"} | changed)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        record: dict[str, Json] = {"run_id": self.run_id, "rank": self.number, "where": self.where, "told": self.told}
        record["other_ways"] = list(self.ways)
        return record | _record(self, self.detail) if self.detail else record


def _record(page: Page, detail: RankDetail) -> dict[str, Json]:
    row, part = detail.row, page.log.part
    return {
        "status": row.status,
        "started": row.started.isoformat() if row.started else None,
        "seconds": row.seconds,
        "error": hide_text(row.error),
        "message": hide_text(row.message),
        "traceback": page.frames,
        "fix": detail.fix,
        "event": hide(detail.event),
        "result": hide(detail.result),
        "states": list(detail.states),
        "retries": detail.retries,
        "calls": [_call(call) for call in detail.calls],
        "reports": [asdict(report) for _, report in page.reports],
        "calls_without_report": page.unread,
        "cost": page.cost.as_record() if page.cost else None,
        "compared": page.beside.compared,
        "debug": page.command,
        "log": {
            "why_none": page.log.why_none,
            "first": [line.text for line in part.first] if part else [],
            "last": [line.text for line in part.last] if part else [],
            "lines_left_out": part.gap if part else False,
        },
    }


def _call(call: Call) -> dict[str, Json]:
    return {
        "state": call.state,
        "attempt": call.number,
        "redrive": call.redrive,
        "what": call.what,
        "function": name_of(call.function) if call.function else None,
        "status": call.status,
        "error": hide_text(call.error),
        "request": call.request,
        "began": call.began.isoformat(),
        "seconds": call.seconds,
        "waited_seconds": call.waited,
    }


def register(site: Site) -> None:
    """Add the page and the log to *site*."""
    site.page("/runs/<run_id>/ranks/<int:number>", read)
    site.file("/runs/<run_id>/ranks/<int:number>/log.txt", read_log)


def read(desk: Desk, run_id: str, number: int) -> View:
    """Return the page.

    Raises:
        UsageError: There is no such run, Map or rank.
    """
    opened = open_rank(desk, run_id, number)
    run, row = opened.live.found.run, opened.sought.row
    page = Page(run.id, run.lane.team, number, f"Map {opened.of.name}" if opened.of else "the run's only call")
    if row:
        page = _filled(desk, opened, row, page)
    else:
        page = replace(page, told=not_found(opened, number), ways=other_ways(desk, opened, number))
    crumbs = (
        (run.lane.team, f"/{run.lane.team}"),
        ("runs", f"/{run.lane.team}/runs"),
        (run.id, f"/runs/{run.id}"),
        ("ranks", f"/runs/{run.id}/ranks{query({'map': request.args.get('map')})}"),
    )
    status = page.detail.row.status.lower().replace("_", " ") if page.detail else "not found"
    title = f"Rank {page.number} of {run.id}: {status}"
    unread = told_missed([opened.live.unread, opened.problem])
    return View(title, "rank.html.j2", page, moving=_is_moving(opened, page), crumbs=crumbs, unread=unread)


def read_log(desk: Desk, run_id: str, number: int) -> File:
    """Return the whole log of one call of the rank, sent as it is read.

    Raises:
        UsageError: There is no such run or rank, or its log cannot be found.
    """
    opened = open_rank(desk, run_id, number)
    if opened.sought.row is None:
        raise UsageError(not_found(opened, number), where=f"rank {number}")
    detail = detail_in(desk, opened, opened.sought.row)
    chosen = chosen_call(detail)
    log = Log(why_none="the rank called no function") if chosen is None else log_of(desk, opened, detail, chosen)
    if log.place is None:
        raise UsageError(log.why_none, where=f"rank {number}")
    return File(whole_log(desk, log.place), "text/plain; charset=utf-8", f"{run_id}-rank-{number}.log")


def _is_moving(opened: Opened, page: Page) -> bool:
    """Say whether anything may still change: the run goes on, and not only others of its ranks."""
    if page.detail is None:
        return not (opened.live.over and opened.listed)
    return page.detail.row.seconds is None or (page.chosen is not None and not opened.live.over and not page.report)


def _filled(desk: Desk, opened: Opened, row: RankRow, page: Page) -> Page:
    detail = detail_in(desk, opened, row)
    row = detail.row
    number = row.place if row.number is None else row.number
    chosen = chosen_call(detail)
    reports, unread = reports_of(desk, opened, detail)
    return replace(
        page,
        number=number,
        detail=detail,
        chosen=chosen,
        log=Log() if chosen is None else log_of(desk, opened, detail, chosen),
        command="" if chosen is None else _command(desk, opened, detail, number, chosen),
        reports=reports,
        unread=unread,
        cost=_cost(desk, opened, detail, reports),
        beside=beside(opened, row),
        event=_text(detail.event),
        result=_text(detail.result),
    )


def _cost(desk: Desk, opened: Opened, detail: RankDetail, reports: tuple[tuple[int, Report], ...]) -> Cost:
    run = opened.live.found.run
    named = ((key_of(opened, detail.calls[place]), report) for place, report in reports)
    calls = [(key, report) for key, report in named if key]
    kept = ("rank cost", run.arn, detail.row.execution, detail.row.place, len(calls), detail.transitions)
    used = used_by_rank(detail.row, detail.transitions)
    return desk.readings.fresh(kept, lambda: price_rank(desk.aws, run.lane, calls, used), _PRICED)


def _command(desk: Desk, opened: Opened, detail: RankDetail, number: int, chosen: int) -> str:
    """Return the command that debugs the call at the place *chosen*; its state is named where there are several."""
    run = opened.live.found.run
    states = {call.state for call in detail.calls if call.function}
    step = f" --step {shlex.quote(detail.calls[chosen].state)}" if len(states) > 1 else ""
    rank = f" --rank {number}" if opened.of else ""
    return f"lanes debug {run.lane.team} {run.id}{rank}{step}{desk.place.options}"


def _text(value: Json) -> Text:
    text = json.dumps(hide(value), indent=2, ensure_ascii=False)
    return Text(text[:_MOST_SHOWN], max(0, len(text) - _MOST_SHOWN))
