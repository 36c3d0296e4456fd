"""ListMapRuns, DescribeMapRun, UpdateMapRun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.api.executions import date
from shared.local.asl.execution import RUNNING, SUCCEEDED
from shared.local.asl.maps.run import MapRun
from shared.local.asl.refusals import invalid_request
from shared.local.asl.runs.record import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions.type_defs import (
        DescribeMapRunInputTypeDef,
        ListMapRunsInputTypeDef,
        UpdateMapRunInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend
    from shared.local.asl.refusals import Refused
    from shared.local.asl.runs.record import MapRunRecord


def list_map_runs(backend: AslBackend, params: ListMapRunsInputTypeDef) -> dict[str, object]:
    """ListMapRuns, the newest first."""
    arn = params["executionArn"]
    running = backend.running(arn)
    backend.execution(arn)  # which must exist
    now = {} if running is None else {run.arn: run.record for run in running.map_runs if isinstance(run, MapRun)}
    backend.engine.runs.flush()
    runs = [now.get(run.arn, run) for run in backend.engine.runs.map_runs(arn)]
    entries, more = backend.pages.page(
        ("map runs", arn),
        runs,
        params.get("maxResults"),
        params.get("nextToken"),
        backend.now().timestamp(),
    )
    return {"mapRuns": [_entry(run) for run in entries], **more}


def _entry(run: MapRunRecord) -> dict[str, object]:
    shown: dict[str, object] = {
        "executionArn": run.parent_arn,
        "mapRunArn": run.arn,
        "stateMachineArn": f"{run.arn.partition(':mapRun:')[0]}:stateMachine:{run.machine_label}",
        "startDate": date(run.started_at),
    }
    if run.stopped_at is not None:
        shown["stopDate"] = date(run.stopped_at)
    return shown


def describe_map_run(backend: AslBackend, params: DescribeMapRunInputTypeDef) -> dict[str, object]:
    """DescribeMapRun."""
    return describe(backend.map_run(params["mapRunArn"]))


def describe(run: MapRunRecord) -> dict[str, object]:
    """Return what DescribeMapRun answers."""
    running, running_items = run.running
    again, again_items = run.again
    offered, offered_items = run.offered
    shown: dict[str, object] = {
        "mapRunArn": run.arn,
        "executionArn": run.parent_arn,
        "status": run.status,
        "startDate": date(run.started_at),
        "maxConcurrency": run.limits.concurrency,
        "toleratedFailurePercentage": float(run.limits.failed_percentage or 0),
        "toleratedFailureCount": run.limits.failed_count or 0,
        "itemCounts": _counts(run, run.items, running_items, again_items, offered_items),
        "executionCounts": _counts(run, run.executions, running, again, offered),
        "redriveCount": run.redrives,
    }
    if run.redriven_at is not None:
        shown["redriveDate"] = date(run.redriven_at)
    if run.stopped_at is not None:
        shown["stopDate"] = date(run.stopped_at)
    return shown


def _counts(run: MapRunRecord, ended: Mapping[str, int], running: int, again: int, total: int) -> dict[str, int]:
    pending = total - running - again - sum(ended.values())
    written = ended["succeeded"] if run.status == SUCCEEDED else 0  # whether or not there is a ResultWriter
    return {
        "pending": pending, "running": running, **ended, "total": total, "resultsWritten": written,
        "failuresNotRedrivable": 0, "pendingRedrive": again,
    }  # fmt: skip


def update_map_run(backend: AslBackend, params: UpdateMapRunInputTypeDef) -> None:
    """UpdateMapRun: takes effect on children not yet started."""
    arn = params["mapRunArn"]
    backend.map_run(arn)  # which must exist
    concurrency, count = params.get("maxConcurrency"), params.get("toleratedFailureCount")
    percentage = params.get("toleratedFailurePercentage")
    if concurrency is None and count is None and percentage is None:
        raise invalid_request(
            "Either the maxConcurrency, the toleratedFailureCount, or the toleratedFailurePercentage must be specified",
            "MISSING_REQUIRED_PARAMETER",
        )
    run = backend.running_map_run(arn)
    if run is None:
        raise _ended(arn)
    with run.parent.lock:
        if run.status != RUNNING:
            raise _ended(arn)
        before = run.limits
        run.change_limits(
            Limits(
                before.concurrency if concurrency is None else concurrency,
                before.failed_count if count is None else count,
                before.failed_percentage if percentage is None else percentage,
            )
        )


def _ended(arn: str) -> Refused:
    return invalid_request(f"Map Run has ended: '{arn}'", "CANNOT_UPDATE_COMPLETED_MAP_RUN")


ACTIONS = {action.__name__: action for action in (list_map_runs, describe_map_run, update_map_run)}
