"""Collects the invocations of log files, of a team, or of one run in a table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shared.measure.observed.cloudwatch import read_groups
from shared.measure.observed.exports import read_export
from shared.measure.observed.trace import MOST_READ, read_trace
from shared.run.logged_children import ChildLog
from shared.run.patience import LATE, looks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.config.lane import Lane
    from shared.measure.observed.invocations import Invocations, Row
    from shared.measure.observed.trace import Trace
    from shared.run.find import Found


def collect_files(table: Invocations, paths: Iterable[Path]) -> None:
    """Add the invocations of log files.

    Raises:
        UsageError: A file cannot be opened.
    """
    for path in paths:
        table.add(read_export(path, table.problems), path.name)


def steps_by_group(lane: Lane) -> dict[str, str]:
    """Return by log group what to call its function: its step, or its key where the lane has several workflows."""
    one = len(lane.workflows) == 1
    return {
        lane.functions[key].log_group: step if one else key
        for workflow in lane.workflows.values()
        for step, key in workflow.functions.items()
    }


def collect_team(table: Invocations, aws: Aws, lane: Lane, since: datetime, until: datetime | None = None) -> None:
    """Add the invocations of all functions of a *lane* that ended *since* a moment, and before *until*."""
    groups = [function.log_group for function in lane.functions.values()]
    last = int(until.timestamp() * 1000) - 1 if until else None
    table.add(read_groups(aws, groups, int(since.timestamp() * 1000), last), "CloudWatch")


def collect_run(  # noqa: PLR0913  how much is read, and how long it waits
    table: Invocations,
    aws: Aws,
    found: Found,
    *,
    most: int = MOST_READ,
    patient: bool = True,
    sleep: Sleep = time.sleep,
) -> tuple[Trace, list[Row]]:
    """Add the invocations around one run; return its trace, of *most* children at most, and its own rows.

    A *patient* one waits, up to 20 s, until CloudWatch shows the REPORT line of every request that the history names.
    """
    run = found.run
    trace = read_trace(aws.states, run.arn, most, ChildLog(aws, run, patient=patient, sleep=sleep))
    keys = run.lane.workflows[run.workflow].functions.values()
    groups = [run.lane.functions[key].log_group for key in keys]
    table.join(run.id, trace.visits)
    wanted = {request for visit in trace.visits for request in visit.requests}
    return trace, collect_named(table, aws, found, groups, wanted if patient else frozenset(), sleep=sleep)


def collect_named(  # noqa: PLR0913  what is read, and for how long
    table: Invocations,
    aws: Aws,
    found: Found,
    groups: Sequence[str],
    wanted: AbstractSet[str],
    *,
    sleep: Sleep = time.sleep,
) -> list[Row]:
    """Add the invocations around one run from the log *groups*, and return its own rows.

    It waits, up to 20 s, until CloudWatch shows the REPORT line of every request that is *wanted*.
    """
    since = int(found.started.timestamp() * 1000)
    until = int((found.stopped + LATE).timestamp() * 1000) if found.stopped else None
    rows: list[Row] = []
    for look in looks(sleep):
        repeated = table.repeated
        table.add(read_groups(aws, groups, since, until), "CloudWatch")
        if look:
            table.repeated = repeated  # what is met again is what the look before has read
        rows = list(table.rows(found.run.id))
        if wanted <= {row.report.request_id for row in rows}:
            break
    return rows
