"""A rank that somebody opens: found in its run, with its events and its siblings."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from flask import request

from shared.console.addresses import query, whole_number
from shared.errors import UsageError
from shared.run.child_ranks import Sought
from shared.run.history import ENDINGS
from shared.run.logged_ranks import LoggedRanks
from shared.run.rank_detail import detail_of, read_child
from shared.run.ranks import RankMap, RankRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.console.desk import Desk
    from shared.run.live import LiveRun
    from shared.run.rank_detail import RankDetail
    from shared.run.ranks import Ranks
    from shared.run.run_ranks import RunRanks

LONG = 86_400.0
"""Seconds for which what has ended is fresh: it does not change."""
_WAIT = 0.25  # seconds that the first look at a run waits for its children to be listed
_AGAIN = 2.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A rank that was asked for: its run, its Map, and what came of looking for it.

    ``of`` is None where the run has no Map. ``listed`` says whether children were listed, so that it could be looked
    for. ``problem`` is why their newest list could not be read.
    """

    live: LiveRun
    reader: RunRanks
    of: RankMap | None
    sought: Sought
    listed: bool = True
    problem: Exception | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """How a rank compares with its siblings, and the addresses of some of them; empty where there is none."""

    compared: str = ""
    before: str = ""
    after: str = ""
    next_failed: str = ""


def look(desk: Desk, reader: RunRanks, of: RankMap) -> Exception | None:
    """Have what is new of the children of the Map *of* read in the background; return why that cannot be done."""
    if of.kind == "inline" or not of.arn or reader.settled(of):
        return None
    late = desk.readings.late(("children", of.arn), partial(reader.look, of), _AGAIN)
    if late.error is None:
        reader.children(of).wait(_WAIT)
    return late.error


def open_rank(desk: Desk, run_id: str, number: int) -> Opened:
    """Return the rank called *number* of a run, or the child at the place that the address names (``at``).

    Raises:
        UsageError: There is no such run or Map, or a run without a Map has no such rank.
    """
    live = desk.run(run_id)
    reader = desk.ranks.of(live)
    of = reader.map(whole_number(request.args, "map"))
    if of is None:
        if not live.events and live.unread:
            raise live.unread  # whether it has ranks is not known
        return Opened(live, reader, None, Sought(_only_call(live, number), 0, ()))
    place = whole_number(request.args, "at")
    if of.kind == "inline" or not of.arn:
        rows = reader.ranks(of).rows
        at_place = Sought(rows[place] if place is not None and place < len(rows) else None, 0, ())
        return Opened(live, reader, of, reader.find(of, number) if place is None else at_place)
    problem = look(desk, reader, of)
    children = reader.children(of)
    if children.listed is None and of.kind == "distributed":
        if problem:
            raise problem
        return Opened(live, reader, of, Sought(None, 0, ()), listed=False)
    if place is not None:
        return Opened(live, reader, of, Sought(children.at(place), 1, ()), problem=problem)
    sought = desk.readings.fresh(
        ("seek", of.arn, number), partial(reader.find, of, number), LONG if reader.settled(of) else _AGAIN
    )
    return Opened(live, reader, of, replace(sought, row=sought.row and children.now(sought.row)), problem=problem)


def not_found(opened: Opened, number: int) -> str:
    """Return why the rank is not shown."""
    live, of, sought = opened.live, opened.of, opened.sought
    if not opened.listed:
        return "The child executions of the Map are being listed."
    if of is not None and of.kind == "express":
        told = (
            f"No log shows a rank {number} of {of.name}, whose children are express executions: AWS keeps no list and "
        )
        return f"{told}no history of them, and the log of the machine is read when the run is over."
    told = f"There is no rank {number} in {of.name if of else live.found.run.id}, as far as is known."
    told += "" if live.over else " It may not have begun yet."
    if sought.asked:
        told += f" {sought.asked} child executions that began around its place were asked"
        told += f": ranks {', '.join(str(each) for each in sought.numbers)}." if sought.numbers else "."
    return told


def other_ways(desk: Desk, opened: Opened, number: int) -> tuple[str, ...]:
    """Return the commands that look for the rank in all that there is."""
    run, options = opened.live.found.run, desk.place.options
    logs, debug = f"lanes logs {run.lane.team} {run.id}", f"lanes debug {run.lane.team} {run.id} --rank {number}"
    return (f"{logs}{options}", f"{debug}{options}") if opened.listed else ()


def detail_in(desk: Desk, opened: Opened, row: RankRow) -> RankDetail:
    """Return the rank in *row* with all that its events tell. A child's are read now, and kept if it has ended."""
    live, of = opened.live, opened.of
    if of is None:
        return _with_end(row, live.events)
    if of.kind == "inline":
        return detail_of(row, opened.reader.events(of, row))
    children = opened.reader.children(of)
    if isinstance(children, LoggedRanks):
        return _with_end(row, children.events(row))
    events = desk.readings.fresh(
        ("child", row.execution, row.status, live.redrives),
        lambda: read_child(desk.aws.states, row),
        1.0 if row.seconds is None else LONG,
    )
    return _with_end(row, events)


def beside(opened: Opened, row: RankRow) -> Beside:
    """Return what is told of the siblings of *row*."""
    if opened.of is None:
        return Beside()
    ranks = opened.reader.ranks(opened.of)
    failed = [each for each in ranks.rows if each.bad and each.place != row.place]
    later = (each for each in failed if each.place > row.place)
    return Beside(
        _compared(ranks, row),
        _at(opened, ranks, row.place - 1),
        _at(opened, ranks, row.place + 1),
        _address(opened, ranks, next(later, failed[0])) if failed else "",
    )


def _only_call(live: LiveRun, number: int) -> RankRow:
    """Return a run without a Map that calls one function as its rank 0.

    Raises:
        UsageError: It calls none or several, or another rank is asked for.
    """
    found = live.found
    row = RankRow(0, 0, found.status, found.started, found.seconds)
    states = {call.state for call in detail_of(row, live.events).calls if call.function}
    if number or len(states) != 1:
        one = "calls one function, which is its rank 0: it has no other"
        what = one if len(states) == 1 else "has no Map that was entered, so it has no ranks"
        raise UsageError(f"run {found.run.id} {what}", fix=f"/runs/{found.run.id} shows its states")
    return row


def _with_end(row: RankRow, events: Sequence[HistoryEventTypeDef]) -> RankDetail:
    """Return the detail of an execution, with the end that its *events* tell where no list had it yet."""
    last = events[-1] if events else None
    if last is not None and last["type"] in ENDINGS and row.seconds is None and row.started:
        status = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", last["type"].removeprefix("Execution")).upper()
        row = replace(row, status=status, seconds=(last["timestamp"] - row.started).total_seconds())
    detail = detail_of(row, events)
    failed = next((call for call in reversed(detail.calls) if call.error), None)
    if row.error or not row.bad or failed is None:
        return detail
    return replace(detail, row=replace(row, error=failed.error))


def _compared(ranks: Ranks, row: RankRow) -> str:
    middle = ranks.median
    if row.seconds is None or middle is None or len(ranks.durations) < 2:  # noqa: PLR2004  it compares with others
        return ""
    times = f", {row.seconds / middle:.1f} times that" if middle else ""
    slow = ": slow" if ranks.is_slow(row) else ""
    return f"the median of the {len(ranks.durations):,} that succeeded is {middle:.2f} s{times}{slow}"


def _at(opened: Opened, ranks: Ranks, place: int) -> str:
    at = place - ranks.cut
    return _address(opened, ranks, ranks.rows[at]) if 0 <= at < len(ranks.rows) else ""


def _address(opened: Opened, ranks: Ranks, row: RankRow) -> str:
    asked = {"map": request.args.get("map"), "at": None if ranks.is_known_by_number(row) else row.place}
    number = row.place if row.number is None else row.number
    return f"/runs/{opened.live.found.run.id}/ranks/{number}{query(asked)}"
