"""StartExecution, DescribeExecution, StopExecution, ListExecutions, GetExecutionHistory and their kin."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from moto.core.exceptions import AWSError
from moto.stepfunctions import exceptions as wrong

from shared.config.aws_facts import REDRIVABLE_DAYS
from shared.local.asl.api.paging import page, place_of
from shared.local.asl.api.required import missing
from shared.local.asl.execution import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT, Execution
from shared.local.asl.maps.run import MapRun

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
    from shared.local.asl.identity import StartedMachine

_STATUSES = {RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, "PENDING_REDRIVE"}
_MOST = 1000
_DAY = 86_400
_LONGEST_SECONDS = 365 * _DAY  # API reference, RedriveExecution: "the maximum open time of one year", read 2026-11-30


class UnsupportedType(AWSError):
    """The action is not for machines of this type."""

    TYPE = "StateMachineTypeNotSupported"
    STATUS = 400


def date(seconds: float) -> dt.datetime:
    """Return *seconds* since the epoch as the API's time."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def start_execution(backend: AslBackend, params: StartExecutionInputTypeDef) -> dict[str, object]:
    """StartExecution."""
    execution = backend.start_execution(params["stateMachineArn"], params.get("name"), params.get("input") or "{}")
    return {"executionArn": execution.arn, "startDate": date(execution.started_at)}


def stop_execution(backend: AslBackend, params: StopExecutionInputTypeDef) -> dict[str, object]:
    """StopExecution."""
    execution = backend.execution(params["executionArn"])
    execution.stop(params.get("error"), params.get("cause"))
    return {"stopDate": date(execution.stopped_at or execution.started_at)}


def describe(execution: Execution) -> dict[str, object]:
    """Return what DescribeExecution answers."""
    shown: dict[str, object] = {
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
    if (run := _run_above(execution)) is not None:
        shown["mapRunArn"] = run.arn
    identity = execution.identity
    if identity.machine is not None and identity.machine.arn != identity.machine_arn:
        shown["stateMachineVersionArn"] = identity.machine.arn
    if identity.alias is not None:
        shown["stateMachineAliasArn"] = identity.alias
    return shown


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


def describe_execution(backend: AslBackend, params: DescribeExecutionInputTypeDef) -> dict[str, object]:
    """DescribeExecution."""
    return describe(backend.execution(params["executionArn"]))


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
    return {"stateMachineArn": identity.machine_arn, **_machine(identity.machine), **of_child}


def _machine(machine: StartedMachine | None) -> dict[str, object]:
    """Return what is told of the *machine* that an execution started with."""
    if machine is None:
        return {}
    return {
        "name": machine.name,
        "definition": machine.definition,
        "roleArn": machine.role_arn,
        "updateDate": machine.updated,
        "loggingConfiguration": machine.logging,
        "tracingConfiguration": machine.tracing,
        "encryptionConfiguration": machine.encryption,
    }


def find_map_run(backend: AslBackend, arn: str) -> MapRun:
    """Return the Map run of *arn*.

    Raises:
        ResourceNotFound: There is none.
    """
    run = backend.engine.map_run(arn)
    if not isinstance(run, MapRun):
        raise wrong.ResourceNotFound(arn)
    return run


def list_executions(backend: AslBackend, params: ListExecutionsInputTypeDef) -> dict[str, object]:
    """ListExecutions, of a machine or of a Map run, the newest first."""
    arn, run_arn = params.get("stateMachineArn"), params.get("mapRunArn")
    wanted, redriven = params.get("statusFilter"), params.get("redriveFilter")
    if wanted is not None and wanted not in _STATUSES:
        raise wrong.ValidationException(
            f"1 validation error detected: Value '{wanted}' at 'statusFilter' failed to satisfy constraint: Member "
            "must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"
        )
    if run_arn is not None:
        run = find_map_run(backend, run_arn)
        found = [each for each in list(run.children.values()) if _passes(each, redriven)]
    else:
        if redriven is not None:
            raise wrong.ValidationException("redriveFilter is for the child executions of a Map run")
        if arn is None:
            raise missing("stateMachineArn")
        machine = backend.describe_state_machine(arn)
        if machine.type == "EXPRESS":
            raise UnsupportedType(f"This operation is not supported by this type of state machine: {arn}")
        found = [run for run in list(backend.runs.values()) if _belongs(run, machine.arn)]
    found = [each for each in reversed(found) if wanted is None or each.status == wanted]
    entries, token = page(found, params.get("maxResults"), params.get("nextToken"), _MOST, 100)
    answer: dict[str, object] = {"executions": [_entry(each) for each in entries]}
    if token is not None:
        answer["nextToken"] = token
    return answer


def _passes(child: Execution, redriven: str | None) -> bool:
    """Whether redriveFilter *redriven*, REDRIVEN or NOT_REDRIVEN, lets *child* through."""
    return redriven is None or (child.redrives > 0) == (redriven == "REDRIVEN")


def _belongs(run: Execution, arn: str) -> bool:
    identity = run.identity
    return identity.machine_arn == arn or (identity.machine is not None and identity.machine.arn == arn)


def _entry(execution: Execution) -> dict[str, object]:
    keys = (
        "executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "mapRunArn", "redriveCount",
        "redriveDate", "stateMachineVersionArn", "stateMachineAliasArn",
    )  # fmt: skip
    shown = describe(execution)
    return {key: shown[key] for key in keys if key in shown}


def get_execution_history(backend: AslBackend, params: GetExecutionHistoryInputTypeDef) -> dict[str, object]:
    """GetExecutionHistory, a page at a time."""
    execution = backend.execution(params["executionArn"])
    start, most = place_of(params.get("nextToken")), params.get("maxResults") or 100
    data = params.get("includeExecutionData")
    # Without the lock, which an evaluation may hold: events are only added, and none is ever written into.
    events = execution.history.page(
        start, int(most), reverse=bool(params.get("reverseOrder")), data=data is None or bool(data)
    )
    total = len(execution.history.events)
    answer: dict[str, object] = {"events": events}
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
