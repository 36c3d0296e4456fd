"""What did this rank get, do, say and cost?"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError
from flask import request

from shared.console.hidden import hide, hide_text
from shared.console.site import File, View
from shared.errors import UsageError
from shared.measure.billing.cost import dollars, read_prices
from shared.measure.billing.rank_cost import price_rank
from shared.run.child_ranks import Sought
from shared.run.debug.choice import name_of
from shared.run.history import ENDINGS
from shared.run.rank_detail import detail_of, read_child
from shared.run.rank_log import LogPart, find_place, read_part, whole
from shared.run.ranks import RankMap, RankRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.console.desk import Desk
    from shared.console.site import Site
    from shared.measure.billing.cost import Cost
    from shared.run.live import LiveRun
    from shared.run.rank_detail import Call, RankDetail
    from shared.run.rank_log import Place
    from shared.run.ranks import Ranks
    from shared.run.report_line import Report
    from shared.run.run_ranks import RunRanks
    from shared.values import Json

_WAIT = 0.4  # seconds that the first look at a run waits for its children to be listed
_LONG = 86_400.0  # what has ended does not change
_MOST_SHOWN = 20_000  # letters of an event or a result; its JSON has all of them
_MOST_CALLS = 8  # whose REPORT lines are looked for


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one call: its lines, or why there are none."""

    place: Place | None = None
    part: LogPart | None = None
    why_none: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """How a rank compares with its siblings, and the addresses of some of them; empty where there is none."""

    compared: str = ""
    before: str = ""
    after: str = ""
    next_failed: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A value as it is shown; ``more`` letters of it are left out."""

    text: str
    more: int


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows. ``detail`` is None while the rank is looked for, or where it was not found.

    ``chosen`` is the place among the calls of the one whose log is shown; None where no call is of a function.
    ``reports`` are the REPORT lines of its calls, by their places.
    """

    run_id: str
    team: str
    number: int
    where: str
    detail: RankDetail | None = None
    told: str = ""
    log: Log = Log()
    chosen: int | None = None
    reports: tuple[tuple[int, Report], ...] = ()
    unread: int = 0
    cost: Cost | None = None
    command: str = ""
    beside: Beside = Beside()
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
        return _query(dict(request.args) | changed)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        detail, part = self.detail, self.log.part
        return {
            "run_id": self.run_id,
            "rank": self.number,
            "where": self.where,
            "told": self.told,
            "status": detail.row.status if detail else None,
            "started": detail.row.started.isoformat() if detail and detail.row.started else None,
            "seconds": detail.row.seconds if detail else None,
            "error": hide_text(detail.row.error) if detail else None,
            "message": hide_text(detail.row.message) if detail else None,
            "traceback": list(self.frames),
            "fix": detail.fix if detail else None,
            "event": hide(detail.event) if detail else None,
            "result": hide(detail.result) if detail else None,
            "states": list(detail.states) if detail else [],
            "calls": [_call(call) for call in detail.calls] if detail else [],
            "reports": [asdict(report) for _, report in self.reports],
            "cost": self.cost.as_record() if self.cost else None,
            "compared": self.beside.compared,
            "debug": self.command,
            "log": {
                "why_none": self.log.why_none,
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


@dataclass(frozen=True, slots=True)
class _Opened:
    """A rank that was asked for: its run, its Map, and what came of looking for it. ``of`` is None without a Map."""

    live: LiveRun
    reader: RunRanks
    of: RankMap | None
    sought: Sought
    listed: bool = True


def read(desk: Desk, run_id: str, number: int) -> View:
    """Return the page.

    Raises:
        UsageError: There is no such run, Map or rank.
    """
    opened = _open(desk, run_id, number)
    live, row = opened.live, opened.sought.row
    run = live.found.run
    page = Page(run.id, run.lane.team, number, f"Map {opened.of.name}" if opened.of else "the run's only call")
    moving = not live.over or not opened.listed
    if row is None:
        page = replace(page, told=_not_found(desk, opened, number))
    else:
        page = _filled(desk, opened, row, page)
        moving = moving and not (page.detail and page.detail.row.seconds is not None and page.report)
    crumbs = (
        (run.lane.team, f"/{run.lane.team}"),
        ("runs", f"/{run.lane.team}/runs"),
        (run.id, f"/runs/{run.id}"),
        ("ranks", f"/runs/{run.id}/ranks{_query({'map': request.args.get('map')})}"),
    )
    status = page.detail.row.status.lower().replace("_", " ") if page.detail else "not found"
    return View(f"Rank {page.number} of {run.id}: {status}", "rank.html.j2", page, moving=moving, crumbs=crumbs)


def read_log(desk: Desk, run_id: str, number: int) -> File:
    """Return the whole log of one call of the rank, sent as it is read.

    Raises:
        UsageError: There is no such run or rank, or its log cannot be found.
    """
    opened = _open(desk, run_id, number)
    if opened.sought.row is None:
        raise UsageError(_not_found(desk, opened, number), where=f"rank {number}")
    detail = _detail(desk, opened, opened.sought.row)
    chosen = _chosen(detail)
    log = _log(desk, opened, detail, chosen) if chosen is not None else Log(why_none="the rank called no function")
    if log.place is None:
        raise UsageError(log.why_none, where=f"rank {number}")
    name = re.sub(r"[^\w.-]", "-", f"{run_id}-rank-{number}.log")
    return File(_sent(desk, log.place), "text/plain; charset=utf-8", name)


def _sent(desk: Desk, place: Place) -> Iterator[bytes]:
    try:
        for text in whole(desk.aws.logs, place):
            yield f"{hide_text(text)}\n".encode()
    except (ClientError, BotoCoreError) as error:
        yield f"(the rest could not be read: {error})\n".encode()


def _open(desk: Desk, run_id: str, number: int) -> _Opened:
    live = desk.run(run_id)
    reader = desk.ranks.of(desk.aws, live)
    asked = request.args.get("map", "")
    if asked and not (asked.isascii() and asked.isdigit()):
        raise UsageError(f"map is {asked!r}, which is none", fix="leave it out: then it is the largest")
    of = reader.map(int(asked[:9]) if asked else None)
    if of is None:
        return _Opened(live, reader, None, Sought(_only_call(live, number), 0, ()))
    if of.kind != "distributed" or not of.arn:
        return _Opened(live, reader, of, reader.find(of, number))
    children = reader.children(of)
    if not reader.settled(of):
        late = desk.readings.late(("children", of.arn), lambda: reader.look(of), 2.0)
        if late.error is not None:
            raise late.error
        children.wait(_WAIT)
    if children.listed is None:
        return _Opened(live, reader, of, Sought(None, 0, ()), listed=False)
    place = request.args.get("at", "")
    if place.isascii() and place.isdigit():
        return _Opened(live, reader, of, Sought(children.at(int(place[:9])), 1, ()))
    seconds = _LONG if live.over else 2.0
    sought = desk.readings.fresh(("seek", of.arn, number), lambda: reader.find(of, number), seconds)
    return _Opened(
        live, reader, of, sought if sought.row is None else replace(sought, row=_newest(reader, of, sought.row))
    )


def _newest(reader: RunRanks, of: RankMap, row: RankRow) -> RankRow:
    """Return *row* as the last list has it."""
    rows = reader.children(of).rows()
    at = row.place - (rows[0].place if rows else 0)
    return rows[at] if 0 <= at < len(rows) and rows[at].execution == row.execution else row


def _only_call(live: LiveRun, number: int) -> RankRow:
    """Return a run without a Map that calls one function as its rank 0.

    Raises:
        UsageError: It calls none or several, or another rank is asked for.
    """
    found = live.found
    row = RankRow(0, 0, found.status, found.started, found.seconds)
    states = {call.state for call in detail_of(row, live.events).calls if call.function}
    if number or len(states) != 1:
        what = (
            "calls one function: its rank 0" if len(states) == 1 else "has no Map that was entered, so it has no ranks"
        )
        raise UsageError(f"run {found.run.id} {what}", fix=f"/runs/{found.run.id} shows its states")
    return row


def _not_found(desk: Desk, opened: _Opened, number: int) -> str:
    """Return why the rank is not shown, and another way to it."""
    live, of, sought = opened.live, opened.of, opened.sought
    run = live.found.run
    if not opened.listed:
        return "The child executions of the Map are being listed."
    if of is not None and of.kind == "express":
        return f"The children of {of.name} are express executions: AWS keeps no list and no history of them."
    if not live.over and not sought.asked:
        return "It has not begun yet, as far as is known."
    near = f" They are ranks {', '.join(str(each) for each in sought.numbers)}." if sought.numbers else ""
    asked = f"{sought.asked} child executions that began around its place were asked.{near}" if sought.asked else ""
    options = desk.place.options
    return (
        f"There is no rank {number} in {of.name if of else run.id}, as far as is known. {asked} "
        f"lanes logs {run.lane.team} --run {run.id}{options} has the lines of all ranks; "
        f"lanes debug {run.lane.team} {run.id} --rank {number}{options} looks for it as well."
    )


def _filled(desk: Desk, opened: _Opened, row: RankRow, page: Page) -> Page:
    detail = _detail(desk, opened, row)
    row = detail.row
    number = row.place if row.number is None else row.number
    chosen = _chosen(detail)
    page = replace(page, number=number, detail=detail, chosen=chosen)
    if chosen is not None:
        page = replace(page, log=_log(desk, opened, detail, chosen), command=_command(desk, opened, page, chosen))
    reports, unread = _reports(desk, opened, detail)
    lane = opened.live.found.run.lane
    priced = [(key, report) for place, report in reports if (key := _key_of(opened, detail.calls[place]))]
    cost = desk.readings.fresh(
        ("rank cost", opened.live.found.run.arn, number, row.status, len(priced), detail.transitions),
        lambda: price_rank(desk.aws, lane, priced, detail.transitions),
        300.0,
    )
    return replace(
        page,
        reports=reports,
        unread=unread,
        cost=cost,
        event=_text(detail.event),
        result=_text(detail.result),
        beside=_beside(opened, row),
    )


def _detail(desk: Desk, opened: _Opened, row: RankRow) -> RankDetail:
    live, of = opened.live, opened.of
    if of is None:
        return _with_ends(row, live.events)
    if of.kind == "inline":
        return detail_of(row, opened.reader.events(of, row))
    seconds = 1.0 if row.seconds is None else _LONG
    events = desk.readings.fresh(
        ("child", row.execution, row.status, live.redrives), lambda: read_child(desk.aws.states, row), seconds
    )
    return _with_ends(row, events)


def _with_ends(row: RankRow, events: Sequence[HistoryEventTypeDef]) -> RankDetail:
    """Return the detail of an execution, with the end that its *events* tell where no list had it yet."""
    last = events[-1] if events else None
    if last is not None and last["type"] in ENDINGS and row.seconds is None and row.started:
        status = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", last["type"].removeprefix("Execution")).upper()
        row = replace(row, status=status, seconds=(last["timestamp"] - row.started).total_seconds())
    detail = detail_of(row, events)
    failed = next((call for call in reversed(detail.calls) if call.error), None)
    return (
        detail if row.error or failed is None or not row.bad else replace(detail, row=replace(row, error=failed.error))
    )


def _chosen(detail: RankDetail) -> int | None:
    """Return the place of the call whose log is asked for, or else of the last one of a function."""
    places = [place for place, call in enumerate(detail.calls) if call.function]
    asked = request.args.get("call", "")
    if asked.isascii() and asked.isdigit() and int(asked[:6]) - 1 in places:
        return int(asked[:6]) - 1
    return places[-1] if places else None


def _key_of(opened: _Opened, call: Call) -> str:
    """Return the key of the function that *call* is of; empty where that is none of the lane's."""
    functions = opened.live.found.run.lane.functions
    name = name_of(call.function or "")
    return next((key for key, function in functions.items() if function.name == name), "")


def _log(desk: Desk, opened: _Opened, detail: RankDetail, chosen: int) -> Log:
    call = detail.calls[chosen]
    try:
        place = _place(desk, opened, detail, chosen)
        if place is None:
            return Log(why_none=_no_log(desk, opened, call))
        key = ("log", place.group, place.stream, place.request, place.begin)
        seconds = _LONG if place.end is not None else 1.0
        return Log(place, _hidden(desk.readings.fresh(key, lambda: read_part(desk.aws.logs, place), seconds)))
    except (ClientError, BotoCoreError) as error:
        return Log(why_none=f"The log could not be read: {error}")


def _place(desk: Desk, opened: _Opened, detail: RankDetail, chosen: int) -> Place | None:
    call, run = detail.calls[chosen], opened.live.found.run
    key = _key_of(opened, call)
    if not key:
        return None
    group, number = run.lane.functions[key].log_group, detail.row.number or 0
    return desk.readings.fresh(
        ("log place", run.arn, detail.row.execution, detail.row.place, chosen, call.status),
        lambda: find_place(desk.aws.logs, group, call, run.id, number),
        5.0,
    )


def _no_log(desk: Desk, opened: _Opened, call: Call) -> str:
    run = opened.live.found.run
    if not _key_of(opened, call):
        return (
            f"{name_of(call.function or '')} is no function of {run.lane.team}'s files, so its log is not looked for."
        )
    named = (
        "CloudWatch shows no line of its request yet"
        if call.request
        else ("the history does not name its request, and no line of progress tells its rank")
    )
    command = f"lanes logs {run.lane.team} --run {run.id}{desk.place.options}"
    return f"There is no log to show: {named}. {command} has all lines."


def _hidden(part: LogPart) -> LogPart:
    first = tuple(replace(line, text=hide_text(line.text)) for line in part.first)
    return LogPart(first, tuple(replace(line, text=hide_text(line.text)) for line in part.last), part.gap)


def _reports(desk: Desk, opened: _Opened, detail: RankDetail) -> tuple[tuple[tuple[int, Report], ...], int]:
    """Return the REPORT lines of the rank's newest calls by their places, and how many calls were not looked at."""
    places = [place for place, call in enumerate(detail.calls) if call.function]
    found: list[tuple[int, Report]] = []
    for place in places[-_MOST_CALLS:]:
        try:
            log = _place(desk, opened, detail, place)
        except (ClientError, BotoCoreError):
            continue  # the log's own part of the page says why
        if log and log.report:
            found.append((place, log.report))
    return tuple(found), len(places) - len(found)


def _command(desk: Desk, opened: _Opened, page: Page, chosen: int) -> str:
    detail, run = page.detail, opened.live.found.run
    assert detail is not None  # noqa: S101  it is filled in
    states = {call.state for call in detail.calls if call.function}
    step = f" --step {shlex.quote(detail.calls[chosen].state)}" if len(states) > 1 else ""
    rank = f" --rank {page.number}" if opened.of else ""
    return f"lanes debug {run.lane.team} {run.id}{rank}{step}{desk.place.options}"


def _beside(opened: _Opened, row: RankRow) -> Beside:
    if opened.of is None:
        return Beside()
    ranks = opened.reader.ranks(opened.of)
    failed = [each for each in ranks.rows if each.bad and each.place != row.place]
    later = (each for each in failed if each.place > row.place)
    return Beside(
        _compared(ranks, row),
        _at(opened, ranks, row.place - 1),
        _at(opened, ranks, row.place + 1),
        _address(opened, next(later, failed[0])) if failed else "",
    )


def _at(opened: _Opened, ranks: Ranks, place: int) -> str:
    at = place - ranks.cut
    return _address(opened, ranks.rows[at]) if 0 <= at < len(ranks.rows) else ""


def _address(opened: _Opened, row: RankRow) -> str:
    run = opened.live.found.run.id
    asked = {"map": request.args.get("map"), "at": row.place if row.number is None else None}
    return f"/runs/{run}/ranks/{row.place if row.number is None else row.number}{_query(asked)}"


def _compared(ranks: Ranks, row: RankRow) -> str:
    middle = ranks.median
    if row.seconds is None or middle is None or len(ranks.durations) < 2:  # noqa: PLR2004  it compares with others
        return ""
    times = f", {row.seconds / middle:.1f} times that" if middle else ""
    slow = ": slow" if ranks.is_slow(row) else ""
    return f"the median of the {len(ranks.durations):,} that succeeded is {middle:.2f} s{times}{slow}"


def _text(value: Json) -> Text:
    text = json.dumps(hide(value), indent=2, ensure_ascii=False)
    return Text(text[:_MOST_SHOWN], max(0, len(text) - _MOST_SHOWN))


def _query(given: dict[str, object]) -> str:
    told = {name: value for name, value in given.items() if value not in {"", None}}
    return f"?{urlencode(told)}" if told else ""
