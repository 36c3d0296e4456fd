"""The logs of a rank that somebody opens: of the call that is asked for its lines, of each call its REPORT line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from flask import request

from shared.console.pretty import in_bytes
from shared.console.rank_opened import LONG
from shared.hidden import hide_text
from shared.run.debug.choice import name_of
from shared.run.request_log import LogPart, find_call, read_part, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.console.desk import Desk
    from shared.console.rank_opened import Opened
    from shared.run.rank_detail import Call, RankDetail
    from shared.run.report_line import Report
    from shared.run.request_log import Place

_AGAIN = 5.0  # seconds until a log is looked for again that is not there, or not whole
_MOST_CALLS = 8  # whose REPORT lines are looked for


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one call: where it lies and its lines, or why there are none."""

    place: Place | None = None
    part: LogPart | None = None
    why_none: str = ""


def chosen_call(detail: RankDetail) -> int | None:
    """Return the place of the call whose log is asked for (``call``, 1 for the first), else of the last of a function.

    None where no call is of a function.
    """
    places = [place for place, call in enumerate(detail.calls) if call.function]
    asked = request.args.get("call", "")
    wanted = [place for place in places if asked == str(place + 1)]
    return (wanted or places)[-1] if places else None


def log_of(desk: Desk, opened: Opened, detail: RankDetail, chosen: int) -> Log:
    """Return the log of the call at the place *chosen*, its first and last lines, without secrets."""
    try:
        place = _place(desk, opened, detail, chosen)
        if place is None:
            return Log(why_none=_no_log(desk, opened, detail.calls[chosen]))
        key = ("log", place.group, place.stream, place.request, place.begin)
        seconds = LONG if place.end is not None else 1.0
        return Log(place, desk.readings.fresh(key, lambda: _hidden(read_part(desk.aws.logs, place)), seconds))
    except (ClientError, BotoCoreError) as error:
        return Log(why_none=hide_text(f"The log could not be read: {error}"))


def whole_log(desk: Desk, place: Place) -> Iterator[bytes]:
    """Yield all lines of the log at *place*, without secrets, as they are read."""
    try:
        for text in whole(desk.aws.logs, place):
            yield in_bytes(f"{hide_text(text)}\n")
    except (ClientError, BotoCoreError) as error:
        yield hide_text(f"(the rest could not be read: {error})\n").encode()


def reports_of(desk: Desk, opened: Opened, detail: RankDetail) -> tuple[tuple[tuple[int, Report], ...], int]:
    """Return the REPORT lines of the newest calls of functions by their places, and how many such calls lack one."""
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


def key_of(opened: Opened, call: Call) -> str:
    """Return the key of the function that *call* is of; empty where that is none of the lane's."""
    functions = opened.live.found.run.lane.functions
    name = name_of(call.function or "")
    return next((key for key, function in functions.items() if function.name == name), "")


def _place(desk: Desk, opened: Opened, detail: RankDetail, chosen: int) -> Place | None:
    call, run, row = detail.calls[chosen], opened.live.found.run, detail.row
    key = key_of(opened, call)
    if not key:
        return None
    group, number = run.lane.functions[key].log_group, row.place if row.number is None else row.number
    kept = ("log place", run.arn, row.execution, row.place, call.state, call.began, call.status)
    return desk.readings.fresh(kept, lambda: find_call(desk.aws.logs, group, call, run.id, number), _AGAIN)


def _no_log(desk: Desk, opened: Opened, call: Call) -> str:
    run = opened.live.found.run
    if not key_of(opened, call):
        name = name_of(call.function or "")
        return f"{name} is no function of {run.lane.team}'s files, so its log is not looked for."
    unnamed = "the history does not name its request, and no line of progress tells its rank"
    named = "CloudWatch shows no line of its request yet" if call.request else unnamed
    command = f"lanes logs {run.lane.team} {run.id}{desk.place.options}"
    return f"There is no log to show: {named}. {command} has all lines."


def _hidden(part: LogPart) -> LogPart:
    first = tuple(replace(line, text=hide_text(line.text)) for line in part.first)
    return LogPart(first, tuple(replace(line, text=hide_text(line.text)) for line in part.last), part.gap)
