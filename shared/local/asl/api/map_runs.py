"""ListMapRuns, DescribeMapRun, UpdateMapRun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.api.executions import date, find_map_run
from shared.local.asl.execution import RUNNING, SUCCEEDED
from shared.local.asl.maps.run import Limits, MapRun
from shared.local.asl.refusals import invalid_request

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        DescribeMapRunInputTypeDef,
        ListMapRunsInputTypeDef,
        UpdateMapRunInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend


def list_map_runs(backend: AslBackend, params: ListMapRunsInputTypeDef) -> dict[str, object]:
    """ListMapRuns, the newest first."""
    execution = backend.execution(params["executionArn"])
    runs = [run for run in reversed(execution.map_runs) if isinstance(run, MapRun)]
    entries, more = backend.pages.page(
        ("map runs", execution.arn),
        runs,
        params.get("maxResults"),
        params.get("nextToken"),
        backend.now().timestamp(),
    )
    return {"mapRuns": [_entry(run) for run in entries], **more}


def _entry(run: MapRun) -> dict[str, object]:
    shown: dict[str, object] = {
        "executionArn": run.parent.arn,
        "mapRunArn": run.arn,
        "stateMachineArn": f"{run.parent.identity.machine_arn.rpartition(':')[0]}:{run.machine_label}",
        "startDate": date(run.started_at),
    }
    if run.stopped_at is not None:
        shown["stopDate"] = date(run.stopped_at)
    return shown


def describe_map_run(backend: AslBackend, params: DescribeMapRunInputTypeDef) -> dict[str, object]:
    """DescribeMapRun."""
    run = find_map_run(backend, params["mapRunArn"])
    with run.parent.lock:
        return describe(run)


def describe(run: MapRun) -> dict[str, object]:
    """Return what DescribeMapRun answers; needs the lock of the execution that *run* belongs to."""
    running, running_items = run.running()
    again, again_items = run.pending_redrive()
    shown: dict[str, object] = {
        "mapRunArn": run.arn,
        "executionArn": run.parent.arn,
        "status": run.status,
        "startDate": date(run.started_at),
        "maxConcurrency": run.limits.concurrency,
        "toleratedFailurePercentage": float(run.limits.failed_percentage or 0),
        "toleratedFailureCount": run.limits.failed_count or 0,
        "itemCounts": _counts(run, run.items, running_items, again_items, run.offered_items),
        "executionCounts": _counts(run, run.executions, running, again, run.offered),
        "redriveCount": run.redrives,
    }
    if run.redriven_at is not None:
        shown["redriveDate"] = date(run.redriven_at)
    if run.stopped_at is not None:
        shown["stopDate"] = date(run.stopped_at)
    return shown


def _counts(run: MapRun, ended: dict[str, int], running: int, again: int, total: int) -> dict[str, int]:
    pending = total - running - again - sum(ended.values())
    written = ended["succeeded"] if run.status == SUCCEEDED else 0  # whether or not there is a ResultWriter
    return {
        "pending": pending, "running": running, **ended, "total": total, "resultsWritten": written,
        "failuresNotRedrivable": 0, "pendingRedrive": again,
    }  # fmt: skip


def update_map_run(backend: AslBackend, params: UpdateMapRunInputTypeDef) -> None:
    """UpdateMapRun: takes effect on children not yet started."""
    run = find_map_run(backend, params["mapRunArn"])
    concurrency, count = params.get("maxConcurrency"), params.get("toleratedFailureCount")
    percentage = params.get("toleratedFailurePercentage")
    if concurrency is None and count is None and percentage is None:
        raise invalid_request(
            "Either the maxConcurrency, the toleratedFailureCount, or the toleratedFailurePercentage must be specified",
            "MISSING_REQUIRED_PARAMETER",
        )
    with run.parent.lock:
        if run.status != RUNNING:
            raise invalid_request(f"Map Run has ended: '{run.arn}'", "CANNOT_UPDATE_COMPLETED_MAP_RUN")
        before = run.limits
        run.change_limits(
            Limits(
                before.concurrency if concurrency is None else concurrency,
                before.failed_count if count is None else count,
                before.failed_percentage if percentage is None else percentage,
            )
        )


ACTIONS = {action.__name__: action for action in (list_map_runs, describe_map_run, update_map_run)}
