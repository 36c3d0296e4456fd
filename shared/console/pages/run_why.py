"""The part of a run's page that tells why it stopped, with the log of what failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.hidden import hide_text
from shared.run.failed_log import read_failed_log
from shared.run.failure import find_failure
from shared.run.logged import LoggedRun
from shared.run.logged_children import ChildLog

if TYPE_CHECKING:
    from shared.console.desk import Desk
    from shared.console.followed import Followed, SeenRun
    from shared.run.failed_log import FailedLog
    from shared.run.failure import Failure

_MOST = 20_000  # characters of a message
_MOST_LINE = 2_000  # characters of a line of the log


@dataclass(frozen=True, slots=True)
class Why:
    """Why a run did not succeed.

    Attributes:
        state: The state that failed; empty when the run as a whole was ended.
        rank: The rank or map item that failed; None outside a map.
        error: The error's name.
        message: What it says.
        traceback: The frames of the function's own code.
        fix: What to do about it; empty where that is not known.
        request_id: The invocation; empty where no function failed.
        log: The end of its log.
        log_group: Where that is.
        no_log: Why there is none.
        reading: Whether the log is still being read.
        command: What debugs it; empty where no function failed.
        unknown: Why nothing is known of all this; empty where it is known.
    """

    state: str = ""
    rank: int | None = None
    error: str = ""
    message: str = ""
    traceback: str = ""
    fix: str = ""
    request_id: str = ""
    log: tuple[str, ...] = ()
    log_group: str = ""
    no_log: str = ""
    reading: bool = False
    command: str = ""
    unknown: str = ""


def read_why(desk: Desk, run: SeenRun, followed: Followed) -> Why | None:
    """Return why *run* did not succeed; None where it did, or goes on."""
    if not run.over or run.found.status == "SUCCEEDED":
        return None
    try:
        key = ("failure", run.found.run.arn, run.redrives)
        failure = desk.readings.fresh(key, lambda: followed.once(run, "failure", lambda: _find(desk, run)), 5.0)
    except (ClientError, BotoCoreError) as error:
        return Why(unknown=hide_text(str(error)), reading=True)
    if failure is None:
        return None
    log = followed.late(run, desk.readings, "failed log", lambda: read_failed_log(desk.aws, run.found, failure))
    told = _with_log(_told(desk, run, failure), log.value) if log.value else _told(desk, run, failure)
    if log.error:
        return replace(told, no_log=hide_text(f"its log cannot be read: {log.error}"))
    return replace(told, reading=log.value is None)


def _find(desk: Desk, run: SeenRun) -> Failure | None:
    if isinstance(run, LoggedRun):
        return run.failure
    return find_failure(
        desk.aws.states, run.found.run.arn, list(run.events), ChildLog(desk.aws, run.found.run, patient=False)
    )


def _told(desk: Desk, run: SeenRun, failure: Failure) -> Why:
    called = failure.request_id is not None or failure.without_request is not None
    found = run.found.run
    return Why(
        state=failure.state or "",
        rank=failure.rank,
        error=hide_text(failure.error),
        message=hide_text(failure.message[:_MOST]),
        traceback=hide_text("\n".join(failure.traceback)),
        fix=hide_text(failure.fix or ""),
        request_id=failure.request_id or "",
        command=f"lanes debug {found.lane.team} {found.id}{desk.place.options}" if called else "",
    )


def _with_log(why: Why, log: FailedLog) -> Why:
    lines = tuple(hide_text(line[:_MOST_LINE]) for line in log.lines)
    return replace(
        why, request_id=log.request_id or why.request_id, log=lines, log_group=log.group, no_log=log.why_none
    )
