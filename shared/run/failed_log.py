"""Reads the end of the log of the invocation that failed a run, with few calls however much the run has logged.

CloudWatch is asked for the lines that name the request, which tell the stream and the time, and then for the last lines
of that stream in that time. Where an error names no request, because its function could not be loaded, the lines of the
time in which the state was tried are read.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.run.failure import find_invocation
from shared.run.log_tail import tail_of
from shared.run.logs import Invocation, LogReader
from shared.run.patience import LATE, looks
from shared.run.request_log import find_request, read_last, window_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.run.failure import Failure
    from shared.run.find import Found

_MOST_READ = 100  # lines; fewer of them are shown
_LOADING_MS = 10_000  # lines of a cold start come before the START that names the request


@dataclass(frozen=True, slots=True)
class FailedLog:
    """The end of the log of the invocation that failed.

    Attributes:
        request_id: The invocation; empty where none is known.
        group: Its log group; empty likewise.
        lines: Its last lines.
        why_none: Why there are no lines; empty where there are some.
    """

    request_id: str = ""
    group: str = ""
    lines: tuple[str, ...] = ()
    why_none: str = ""


def read_failed_log(aws: Aws, found: Found, failure: Failure, *, sleep: Sleep = time.sleep) -> FailedLog:
    """Return the end of the log of the invocation of the run *found* that ended in *failure*.

    It waits, up to 20 s, until CloudWatch shows the invocation's REPORT line.
    """
    run = found.run
    if failure.request_id is None and failure.without_request is None:
        return FailedLog(why_none="no function failed, so there is no log of one")
    read = partial(_by_request, failure.request_id) if failure.request_id else partial(_by_error, failure)
    groups = [run.lane.functions[key].log_group for key in run.lane.workflows[run.workflow].functions.values()]
    group, invocation = "", None
    for _ in looks(sleep):
        group, invocation = _first(aws, groups, found, read) or (group, invocation)
        if invocation and invocation.report:
            break
    if invocation is None:
        return FailedLog(
            failure.request_id or "",
            why_none=f"no log of it is there: its function is none of {run.workflow}'s, or more than the "
            f"{run.lane.log_retention_days} days are over that logs are kept",
        )
    return FailedLog(invocation.request_id, group, tail_of(invocation))


def _first(
    aws: Aws, groups: list[str], found: Found, read: Callable[[Aws, str, Found], Invocation | None]
) -> tuple[str, Invocation] | None:
    """Return the invocation with its group, of the first group that has it."""
    for group in groups:
        try:
            invocation = read(aws, group, found)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            continue  # a group is made when its function is first deployed
        if invocation:
            return group, invocation
    return None


def _by_request(request: str, aws: Aws, group: str, found: Found) -> Invocation | None:
    """Return the invocation *request* as the log *group* has it, its last lines; None where it has none."""
    place = find_request(aws.logs, group, window_of(found.started, found.stopped and found.stopped + LATE), request)
    if place is None:
        return None
    invocation = Invocation(request, group, started_ms=place.begin)
    for _, text in read_last(aws.logs, place, _MOST_READ):
        invocation.take(text)
    return invocation


def _by_error(failure: Failure, aws: Aws, group: str, _found: Found) -> Invocation | None:
    """Return the invocation in whose log the error of *failure* stands, which names no request."""
    error = failure.without_request
    if error is None:
        return None
    since, until = int(1000 * error.since) - _LOADING_MS, int(1000 * error.until) + _LOADING_MS
    reader = LogReader(aws, {group: group}, since, until)
    reader.read()
    return find_invocation(failure, reader.invocations.values())
