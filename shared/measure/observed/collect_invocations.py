"""Brings the invocations of files, of a team, or of one run into a table."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.measure.observed.cloudwatch import read_groups
from shared.measure.observed.exports import read_export
from shared.measure.observed.trace import read_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.observed.invocations import Invocations, Row
    from shared.measure.observed.trace import Trace
    from shared.run.find import Found

_PATIENCE = 20  # looks, a second apart, for CloudWatch to show the last REPORT lines
_LATE = timedelta(seconds=60)  # a REPORT line is stamped after the state has ended


def collect_files(table: Invocations, paths: Iterable[Path]) -> None:
    """Add the invocations of log files.

    Raises:
        UsageError: A file cannot be opened.
    """
    for path in paths:
        table.add(read_export(path, table.problems), path.name)


def collect_team(table: Invocations, aws: Aws, lane: Lane, since: datetime) -> None:
    """Add the invocations of all functions of a *lane* since a moment."""
    groups = [function.log_group for function in lane.functions.values()]
    table.add(read_groups(aws, groups, int(since.timestamp() * 1000)), "CloudWatch")


def collect_run(
    table: Invocations, aws: Aws, found: Found, *, sleep: Callable[[float], object] = time.sleep
) -> tuple[Trace, list[Row]]:
    """Add the invocations around one run; return its trace and its own rows.

    Waits, up to 20 s, until CloudWatch shows the REPORT line of every request that the history names.
    """
    run = found.run
    keys = run.lane.workflows[run.workflow].functions.values()
    groups = [run.lane.functions[key].log_group for key in keys]
    trace = read_trace(aws.states, run.arn)
    table.join(run.id, trace.visits)
    wanted = {request for visit in trace.visits for request in visit.requests}
    since = int(found.started.timestamp() * 1000)
    until = int((found.stopped + _LATE).timestamp() * 1000) if found.stopped else None
    for _ in range(_PATIENCE):
        table.add(read_groups(aws, groups, since, until), "CloudWatch")
        rows = list(table.rows(run.id))
        if wanted <= {row.report.request_id for row in rows}:
            break
        sleep(1.0)
    return trace, rows
