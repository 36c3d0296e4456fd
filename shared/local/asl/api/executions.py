"""StartExecution, DescribeExecution, StopExecution, GetExecutionHistory and their kin."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

from shared.config.aws_facts import REDRIVABLE_DAYS
from shared.local.asl.api.machines import METADATA_ONLY
from shared.local.asl.api.machines import describe as describe_machine
from shared.local.asl.configurations import check_readable
from shared.local.asl.execution import RUNNING, SUCCEEDED
from shared.local.asl.refusals import no_execution

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionInputTypeDef,
        DescribeStateMachineForExecutionInputTypeDef,
        GetExecutionHistoryInputTypeDef,
        StartExecutionInputTypeDef,
        StopExecutionInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend
    from shared.local.asl.history import History
    from shared.local.asl.runs.record import RunRecord

    # Gives events from a place on, so many.
    _Events = Callable[[int, int], list[dict[str, object]]]

_USUAL = 100
_DAY = 86_400
_LONGEST_SECONDS = 365 * _DAY  # API reference, RedriveExecution: "the maximum open time of one year", read 2026-11-30


def date(seconds: float) -> dt.datetime:
    """Return *seconds* since the epoch as the API's time."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def start_execution(backend: AslBackend, params: StartExecutionInputTypeDef) -> dict[str, object]:
    """StartExecution."""
    execution = backend.start_execution(
        params["stateMachineArn"], params.get("name"), params.get("input", "{}"), params.get("traceHeader")
    )
    return {"executionArn": execution.arn, "startDate": date(execution.started_at)}


def stop_execution(backend: AslBackend, params: StopExecutionInputTypeDef) -> dict[str, object]:
    """StopExecution."""
    arn = params["executionArn"]
    running, record = backend.running(arn), backend.execution(arn)
    if "error" in params or "cause" in params:  # which the machine's key closes
        _check_data(backend, record)
    if running is not None:
        running.stop(params.get("error"), params.get("cause"))
        record = backend.seen(running)
    return {"stopDate": date(record.stopped_at or record.started_at)}


def describe(record: RunRecord, now: float, included: str | None = None) -> dict[str, object]:
    """Return what DescribeExecution answers at the time *now*; *included* may be ALL_DATA or METADATA_ONLY."""
    whole = included != METADATA_ONLY
    shown: dict[str, object] = {
        "executionArn": record.arn,
        "stateMachineArn": record.identity.machine_arn,
        "name": record.identity.name,
        "status": record.status,
        "startDate": date(record.started_at),
        "inputDetails": {"included": whole},
        "redriveCount": record.redrives,
        **redrive_status(record, now),
    }
    if record.stopped_at is not None:
        shown["stopDate"] = date(record.stopped_at)
    if record.status == SUCCEEDED:
        shown["outputDetails"] = {"included": whole}
    if whole:
        shown |= _data(record)
    if record.identity.trace is not None:
        shown["traceHeader"] = record.identity.trace
    if record.redriven_at is not None:
        shown["redriveDate"] = date(record.redriven_at)
    if record.map_run is not None:
        shown["mapRunArn"] = record.map_run
    identity = record.identity
    if identity.machine is not None and identity.machine.arn != identity.machine_arn:
        shown["stateMachineVersionArn"] = identity.machine.arn
    if identity.alias is not None:
        shown["stateMachineAliasArn"] = identity.alias
    return shown


def _data(record: RunRecord) -> dict[str, object]:
    """Return what an execution was given and what came of it: what a key of the user's own closes."""
    data = {"input": record.input_text, "output": record.output_text, "error": record.error, "cause": record.cause}
    return {name: value for name, value in data.items() if value is not None}


def redrive_status(record: RunRecord, now: float) -> dict[str, str]:
    """Return whether an execution may be redriven at the time *now*, and why not."""
    if record.status in (SUCCEEDED, RUNNING):
        reason = f"Execution is {record.status} and cannot be redriven"
    elif record.map_run is not None:
        return {"redriveStatus": "REDRIVABLE_BY_MAP_RUN"}
    else:
        reason = _too_late(record, now)
    if reason:
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return {"redriveStatus": "REDRIVABLE"}


def _too_late(record: RunRecord, now: float) -> str:
    """Return why an execution that did not succeed may not be redriven any more; empty if it may.

    The words are those of DescribeExecution's redriveStatusReason (API reference, read 2026-11-30).
    """
    if record.full:
        return "Execution history event limit exceeded"
    if now - record.started_at > _LONGEST_SECONDS:
        return "Execution has exceeded the max execution time"
    if now - (record.stopped_at or now) > REDRIVABLE_DAYS.value * _DAY:
        return "Execution redrivable period exceeded"
    return ""


def _check_data(backend: AslBackend, record: RunRecord) -> None:
    """Check that the key of the machine of an execution, if it has one, opens its data."""
    machine = record.identity.machine
    if machine is not None:
        check_readable(backend, machine.encryption)


def describe_execution(backend: AslBackend, params: DescribeExecutionInputTypeDef) -> dict[str, object]:
    """DescribeExecution."""
    record, included = backend.execution(params["executionArn"], express=True), params.get("includedData")
    if included != METADATA_ONLY:
        _check_data(backend, record)
    return describe(record, backend.engine.scheduler.now(), included)


def describe_state_machine_for_execution(
    backend: AslBackend, params: DescribeStateMachineForExecutionInputTypeDef
) -> dict[str, object]:
    """DescribeStateMachineForExecution: the machine as it was when the execution started."""
    record = backend.execution(params["executionArn"])
    of_child: dict[str, object] = {}
    while record.map_run is not None:
        run = backend.map_run(record.map_run)
        of_child = of_child or {"mapRunArn": run.arn, "label": run.machine_label.rpartition("/")[2]}
        record = backend.execution(run.parent_arn, express=True)
    identity = record.identity
    shown: dict[str, object] = {"stateMachineArn": identity.machine_arn, **of_child}
    if identity.machine is not None:
        shown |= describe_machine(backend, identity.machine, params.get("includedData"))
        shown["updateDate"] = identity.machine.updated
    return shown


def get_execution_history(backend: AslBackend, params: GetExecutionHistoryInputTypeDef) -> dict[str, object]:
    """GetExecutionHistory, a page at a time."""
    arn = params["executionArn"]
    running, record = backend.running(arn), backend.execution(arn)
    reverse, data = params.get("reverseOrder", False), params.get("includeExecutionData", True)
    if data:
        _check_data(backend, record)
    scope, now = ("history", arn, str(reverse)), backend.now().timestamp()
    start = backend.pages.place(scope, params.get("nextToken"), now)
    count = params.get("maxResults") or _USUAL
    if running is None:
        backend.engine.runs.flush()
        total = record.events
        first = total - 1 - start if reverse else start
        events = backend.engine.runs.events(record.number, first, count, reverse=reverse, data=data)
        if start < total and not events:  # it was there a moment ago, and was the oldest
            raise no_execution(arn)
    else:
        # Without the lock, which an evaluation may hold: events are only added, and none is ever written into.
        read = partial(backend.engine.runs.events, record.number, reverse=reverse, data=data)
        page = partial(running.history.page, reverse=reverse, data=data)
        events = (_backwards if reverse else _forwards)(running.history, start, count, page, read)
        total = running.history.count
        backend.seen(running)
    end = start + len(events)
    return {"events": events, **({"nextToken": backend.pages.token(scope, end, now)} if end < total else {})}


# Of an execution that runs, events are in memory; of one that was redriven, the earlier ones are on disk.


def _forwards(history: History, start: int, count: int, page: _Events, read: _Events) -> list[dict[str, object]]:
    on_disk = min(count, max(0, history.earlier - start))
    events = read(start, on_disk) if on_disk else []
    return events + page(max(0, start - history.earlier), count - on_disk)


def _backwards(history: History, start: int, count: int, page: _Events, read: _Events) -> list[dict[str, object]]:
    events = page(start, count)
    first, missing = history.earlier - 1 - max(0, start - len(history.events)), count - len(events)
    return events + (read(first, missing) if first >= 0 and missing else [])


ACTIONS = {
    action.__name__: action
    for action in (
        start_execution, stop_execution, describe_execution, describe_state_machine_for_execution,
        get_execution_history,
    )
}  # fmt: skip
