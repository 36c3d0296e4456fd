"""StartExecution, DescribeExecution, StopExecution, ListExecutions, GetExecutionHistory and their kin."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from shared.config.aws_facts import REDRIVABLE_DAYS
from shared.local.asl.api.machines import METADATA_ONLY
from shared.local.asl.api.machines import describe as describe_machine
from shared.local.asl.api.members import missing
from shared.local.asl.arns import machine_arn, read_arn
from shared.local.asl.configurations import check_readable
from shared.local.asl.execution import RUNNING, SUCCEEDED, Execution
from shared.local.asl.maps.run import MapRun
from shared.local.asl.refusals import invalid_request, no_machine, no_resource, other_type

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionInputTypeDef,
        DescribeStateMachineForExecutionInputTypeDef,
        GetExecutionHistoryInputTypeDef,
        ListExecutionsInputTypeDef,
        StartExecutionInputTypeDef,
        StopExecutionInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend

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
    execution = backend.execution(params["executionArn"])
    if "error" in params or "cause" in params:  # which the machine's key closes
        _check_data(backend, execution)
    execution.stop(params.get("error"), params.get("cause"))
    return {"stopDate": date(execution.stopped_at or execution.started_at)}


def describe(execution: Execution, included: str | None = None) -> dict[str, object]:
    """Return what DescribeExecution answers; *included* may be ALL_DATA or METADATA_ONLY."""
    whole = included != METADATA_ONLY
    shown: dict[str, object] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.identity.machine_arn,
        "name": execution.identity.name,
        "status": execution.status,
        "startDate": date(execution.started_at),
        "inputDetails": {"included": whole},
        "redriveCount": execution.redrives,
        **redrive_status(execution),
    }
    if execution.status != RUNNING and execution.stopped_at is not None:
        shown["stopDate"] = date(execution.stopped_at)
    if execution.status == SUCCEEDED:
        shown["outputDetails"] = {"included": whole}
    if whole:
        shown |= _data(execution)
    if execution.identity.trace is not None:
        shown["traceHeader"] = execution.identity.trace
    if execution.redriven_at is not None:
        shown["redriveDate"] = date(execution.redriven_at)
    if (run := _run_above(execution)) is not None:
        shown["mapRunArn"] = run.arn
    identity = execution.identity
    if identity.machine is not None and identity.machine.arn != identity.machine_arn:
        shown["stateMachineVersionArn"] = identity.machine.arn
    if identity.alias is not None:
        shown["stateMachineAliasArn"] = identity.alias
    return shown


def _data(execution: Execution) -> dict[str, object]:
    """Return what an execution was given and what came of it: what a key of the user's own closes."""
    data = {
        "input": execution.input_text,
        "output": execution.output_text(),
        "error": execution.error,
        "cause": execution.cause,
    }
    return {name: value for name, value in data.items() if value is not None}


def _run_above(execution: object) -> MapRun | None:
    """Return the Map run that *execution* is a child of, or None."""
    run = execution.map_run if isinstance(execution, Execution) else None
    return run if isinstance(run, MapRun) else None


def redrive_status(execution: Execution) -> dict[str, str]:
    """Return whether *execution* may be redriven, and why not."""
    if execution.status == SUCCEEDED:
        return {
            "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        }
    if execution.status == RUNNING:
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "Execution is RUNNING and cannot be redriven"}
    if execution.map_run is not None:
        return {"redriveStatus": "REDRIVABLE_BY_MAP_RUN"}
    if reason := _too_late(execution):
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return {"redriveStatus": "REDRIVABLE"}


def _too_late(execution: Execution) -> str:
    """Return why *execution*, which did not succeed, may not be redriven any more; empty if it may.

    The words are those of DescribeExecution's redriveStatusReason (API reference, read 2026-11-30).
    """
    now = execution.engine.scheduler.now()
    if execution.history.full:
        return "Execution history event limit exceeded"
    if now - execution.started_at > _LONGEST_SECONDS:
        return "Execution has exceeded the max execution time"
    if now - (execution.stopped_at or now) > REDRIVABLE_DAYS.value * _DAY:
        return "Execution redrivable period exceeded"
    return ""


def _check_data(backend: AslBackend, execution: Execution) -> None:
    """Check that the key of the machine of *execution*, if it has one, opens its data."""
    machine = execution.identity.machine
    if machine is not None:
        check_readable(backend, machine.encryption)


def describe_execution(backend: AslBackend, params: DescribeExecutionInputTypeDef) -> dict[str, object]:
    """DescribeExecution."""
    execution, included = backend.execution(params["executionArn"], express=True), params.get("includedData")
    if included != METADATA_ONLY:
        _check_data(backend, execution)
    return describe(execution, included)


def describe_state_machine_for_execution(
    backend: AslBackend, params: DescribeStateMachineForExecutionInputTypeDef
) -> dict[str, object]:
    """DescribeStateMachineForExecution: the machine as it was when the execution started."""
    execution = backend.execution(params["executionArn"])
    run = _run_above(execution)
    of_child = {} if run is None else {"mapRunArn": run.arn, "label": run.machine_label.rpartition("/")[2]}
    identity = execution.identity
    while run is not None:
        identity = run.parent.identity
        run = _run_above(run.parent)
    shown: dict[str, object] = {"stateMachineArn": identity.machine_arn, **of_child}
    if identity.machine is not None:
        shown |= describe_machine(backend, identity.machine, params.get("includedData"))
        shown["updateDate"] = identity.machine.updated
    return shown


def find_map_run(backend: AslBackend, arn: str) -> MapRun:
    """Return the Map run of *arn*.

    Raises:
        Refused: InvalidArn; ResourceNotFound.
    """
    read_arn(arn, "mapRun")
    run = backend.engine.map_run(arn)
    if not isinstance(run, MapRun):
        raise no_resource(arn)
    return run


def list_executions(backend: AslBackend, params: ListExecutionsInputTypeDef) -> dict[str, object]:
    """ListExecutions, of a machine, a version, an alias or a Map run, the newest first."""
    arn, run_arn = params.get("stateMachineArn"), params.get("mapRunArn")
    wanted, redriven = params.get("statusFilter"), params.get("redriveFilter")
    run = None
    if arn is not None and run_arn is not None:
        raise invalid_request("You can specify either a mapRunArn or a stateMachineArn, but not both")
    if run_arn is not None:
        run = find_map_run(backend, run_arn)
        found = [each for each in list(run.children.values()) if _passes(each, redriven)]
    elif redriven is not None or wanted == "PENDING_REDRIVE":
        raise invalid_request("redriveFilter and PENDING_REDRIVE are for the child executions of a Map run")
    elif arn is not None:
        found = _of_machine(backend, arn)
    else:
        raise missing("stateMachineArn")
    entries, more = backend.pages.page(
        ("executions", arn or "", run_arn or "", wanted or "", redriven or ""),
        sorted((each for each in reversed(found) if wanted in (None, each.status)), key=_changed_at, reverse=True),
        params.get("maxResults"),
        params.get("nextToken"),
        backend.now().timestamp(),
    )
    return {"executions": [_entry(each, run) for each in entries], **more}


def _changed_at(execution: Execution) -> float:
    """Return when *execution* ended, or when it began if it runs, first or again."""
    return execution.stopped_at or execution.redriven_at or execution.started_at


def _of_machine(backend: AslBackend, arn: str) -> list[Execution]:
    """Return the executions of a machine, or of those that the version or alias of this ARN has started."""
    given = machine_arn(arn)
    record = backend.machines.get(given.owner)
    if record is None or (given.qualifier and not (record.version_of(arn) or given.qualifier in record.aliases)):
        raise no_machine(arn)
    if record.now.kind == "EXPRESS":
        raise other_type()
    return [run for run in list(backend.runs.values()) if _belongs(run, arn)]


def _passes(child: Execution, redriven: str | None) -> bool:
    """Whether redriveFilter *redriven*, REDRIVEN or NOT_REDRIVEN, lets *child* through."""
    return redriven is None or (child.redrives > 0) == (redriven == "REDRIVEN")


def _belongs(run: Execution, arn: str) -> bool:
    identity = run.identity
    return arn in (identity.machine_arn, identity.alias, identity.machine.arn if identity.machine else None)


def _entry(execution: Execution, run: MapRun | None) -> dict[str, object]:
    keys = (
        "executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "mapRunArn", "redriveCount",
        "redriveDate", "stateMachineVersionArn", "stateMachineAliasArn",
    )  # fmt: skip
    shown = describe(execution, METADATA_ONLY)
    counted = {} if run is None else {"itemCount": _items(execution, run)}
    return {**{key: shown[key] for key in keys if key in shown}, **counted}


def _items(child: Execution, run: MapRun) -> int:
    """Return how many items the *child* of *run* is for."""
    return 1 if run.batches is None else len(json.loads(child.input_text)["Items"])


def get_execution_history(backend: AslBackend, params: GetExecutionHistoryInputTypeDef) -> dict[str, object]:
    """GetExecutionHistory, a page at a time."""
    execution = backend.execution(params["executionArn"])
    reverse, data = params.get("reverseOrder", False), params.get("includeExecutionData", True)
    if data:
        _check_data(backend, execution)
    scope, now = ("history", execution.arn, str(reverse)), backend.now().timestamp()
    start = backend.pages.place(scope, params.get("nextToken"), now)
    # Without the lock, which an evaluation may hold: events are only added, and none is ever written into.
    events = execution.history.page(start, params.get("maxResults") or _USUAL, reverse=reverse, data=data)
    total = len(execution.history.events)
    end = start + len(events)
    return {"events": events, **({"nextToken": backend.pages.token(scope, end, now)} if end < total else {})}


ACTIONS = {
    action.__name__: action
    for action in (
        start_execution, stop_execution, describe_execution, describe_state_machine_for_execution, list_executions,
        get_execution_history,
    )
}  # fmt: skip
