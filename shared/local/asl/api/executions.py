"""StartExecution, DescribeExecution, StopExecution, ListExecutions, GetExecutionHistory and their kin."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import AWSError
from moto.stepfunctions import exceptions as wrong

from shared.local.asl.api.paging import page, place_of
from shared.local.asl.execution import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT

if TYPE_CHECKING:
    from shared.local.asl.execution import Execution
    from shared.local.asl.maps.run import MapRun

_STATUSES = {RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, "PENDING_REDRIVE"}
_MOST = 1000


class UnsupportedType(AWSError):
    """The action is not for machines of this type."""

    TYPE = "StateMachineTypeNotSupported"
    STATUS = 400


def date(seconds: float) -> dt.datetime:
    """Return *seconds* since the epoch as the API's time."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def start_execution(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """StartExecution."""
    execution = backend.start_execution(params.get("stateMachineArn"), params.get("name"), params.get("input") or "{}")
    return {"executionArn": execution.arn, "startDate": date(execution.started_at)}


def stop_execution(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """StopExecution."""
    execution = backend.execution(params.get("executionArn"))
    execution.stop(params.get("error"), params.get("cause"))
    return {"stopDate": date(execution.stopped_at)}


def describe(execution: Execution) -> dict[str, Any]:
    """Return what DescribeExecution answers."""
    shown: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.identity.machine_arn,
        "name": execution.identity.name,
        "status": execution.status,
        "startDate": date(execution.started_at),
        "input": execution.input_text,
        "inputDetails": {"included": True},
        "redriveCount": execution.redrives,
        **redrive_status(execution),
    }
    if execution.status != RUNNING and execution.stopped_at is not None:
        shown["stopDate"] = date(execution.stopped_at)
    if execution.status == SUCCEEDED:
        shown["output"] = execution.output_text()
        shown["outputDetails"] = {"included": True}
    failure = {"error": execution.error, "cause": execution.cause}
    shown |= {name: value for name, value in failure.items() if value is not None}
    if execution.redriven_at is not None:
        shown["redriveDate"] = date(execution.redriven_at)
    if execution.map_run is not None:
        shown["mapRunArn"] = execution.map_run.arn
    source = execution.source
    if source is not None and source.arn != execution.identity.machine_arn:
        shown["stateMachineVersionArn"] = source.arn
    if execution.alias is not None:
        shown["stateMachineAliasArn"] = execution.alias
    return shown


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
    if execution.history.full:
        reason = "Execution has reached the maximum event history count"
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return {"redriveStatus": "REDRIVABLE"}


def describe_execution(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeExecution."""
    return describe(backend.execution(params.get("executionArn")))


def describe_state_machine_for_execution(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeStateMachineForExecution: the machine as it was when the execution started."""
    execution = backend.execution(params.get("executionArn"))
    run: MapRun | None = execution.map_run
    while execution.map_run is not None:
        execution = execution.map_run.parent
    machine = execution.source
    of_child = {} if run is None else {"mapRunArn": run.arn, "label": run.machine_label.rpartition("/")[2]}
    return {
        "stateMachineArn": execution.identity.machine_arn,
        "name": machine.name,
        "definition": machine.definition,
        "roleArn": machine.roleArn,
        "updateDate": machine.update_date,
        "loggingConfiguration": machine.loggingConfiguration,
        "tracingConfiguration": machine.tracingConfiguration,
        "encryptionConfiguration": machine.encryptionConfiguration,
        **of_child,
    }


def list_executions(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """ListExecutions, of a machine or of a Map run, the newest first."""
    arn, run_arn = params.get("stateMachineArn"), params.get("mapRunArn")
    wanted, redriven = params.get("statusFilter"), params.get("redriveFilter")
    if wanted is not None and wanted not in _STATUSES:
        raise wrong.ValidationException(
            f"1 validation error detected: Value '{wanted}' at 'statusFilter' failed to satisfy constraint: Member "
            "must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"
        )
    if run_arn is not None:
        run = backend.engine.map_run(run_arn)
        if run is None:
            raise wrong.ResourceNotFound(run_arn)
        found = [each for each in list(run.children.values()) if _passes(each, redriven)]
    else:
        if redriven is not None:
            raise wrong.ValidationException("redriveFilter is for the child executions of a Map run")
        machine = backend.describe_state_machine(arn)
        if machine.type == "EXPRESS":
            raise UnsupportedType(f"This operation is not supported by this type of state machine: {arn}")
        found = [run for run in list(backend.runs.values()) if _belongs(run, machine.arn)]
    found = [each for each in reversed(found) if wanted is None or each.status == wanted]
    entries, token = page(found, params.get("maxResults"), params.get("nextToken"), _MOST, 100)
    answer: dict[str, Any] = {"executions": [_entry(each) for each in entries]}
    if token is not None:
        answer["nextToken"] = token
    return answer


def _passes(child: Execution, redriven: str | None) -> bool:
    """Whether redriveFilter *redriven*, REDRIVEN or NOT_REDRIVEN, lets *child* through."""
    return redriven is None or (child.redrives > 0) == (redriven == "REDRIVEN")


def _belongs(run: Execution, arn: str) -> bool:
    return run.identity.machine_arn == arn or (run.source is not None and run.source.arn == arn)


def _entry(execution: Execution) -> dict[str, Any]:
    keys = (
        "executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "mapRunArn", "redriveCount",
        "redriveDate", "stateMachineVersionArn", "stateMachineAliasArn",
    )  # fmt: skip
    shown = describe(execution)
    return {key: shown[key] for key in keys if key in shown}


def get_execution_history(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """GetExecutionHistory, a page at a time."""
    execution = backend.execution(params.get("executionArn"))
    start, most = place_of(params.get("nextToken")), params.get("maxResults") or 100
    data = params.get("includeExecutionData")
    with execution.lock:
        events = execution.history.page(
            start, int(most), reverse=bool(params.get("reverseOrder")), data=data is None or bool(data)
        )
        total = len(execution.history.events)
    answer: dict[str, Any] = {"events": events}
    if start + len(events) < total:
        answer["nextToken"] = str(start + len(events))
    return answer


ACTIONS = {
    action.__name__: action
    for action in (
        start_execution, stop_execution, describe_execution, describe_state_machine_for_execution, list_executions,
        get_execution_history,
    )
}  # fmt: skip
