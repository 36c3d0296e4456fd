"""StartSyncExecution and RedriveExecution."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from shared.config.aws_facts import REDRIVE_TOKENS
from shared.local.asl.api.executions import date, describe, redrive_status
from shared.local.asl.delivery import deliver_at_the_end
from shared.local.asl.refusals import Refused, other_type

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import RedriveExecutionInputTypeDef, StartSyncExecutionInputTypeDef

    from shared.local.asl.backend import AslBackend
    from shared.local.asl.execution import Execution

_BILLED_STEP_MS = 100
_BILLED_MEMORY_MB = 64
_TOKEN_SECONDS = 15 * 60
# What DescribeExecution tells and StartSyncExecution does not.
_NOT_TOLD = frozenset(
    {"redriveCount", "redriveStatus", "redriveStatusReason", "stateMachineVersionArn", "stateMachineAliasArn"}
)


def start_sync_execution(backend: AslBackend, params: StartSyncExecutionInputTypeDef) -> dict[str, object]:
    """StartSyncExecution: answers when the express execution has ended."""
    arn = params["stateMachineArn"]
    if backend.resolve(arn).kind != "EXPRESS":
        raise other_type()
    execution = backend.start_execution(arn, params.get("name"), params.get("input", "{}"), params.get("traceHeader"))
    ended = threading.Event()
    execution.watch(ended.set)
    ended.wait()
    shown = {
        key: value for key, value in describe(execution, params.get("includedData")).items() if key not in _NOT_TOLD
    }
    seconds = (execution.stopped_at or execution.started_at) - execution.started_at
    billed = max(1, math.ceil(seconds * 1000 / _BILLED_STEP_MS)) * _BILLED_STEP_MS
    return {
        **shown,
        "billingDetails": {"billedMemoryUsedInMB": _BILLED_MEMORY_MB, "billedDurationInMilliseconds": billed},
    }


def redrive_execution(backend: AslBackend, params: RedriveExecutionInputTypeDef) -> dict[str, object]:
    """RedriveExecution: goes on from the states that did not succeed. A token that was used already does nothing."""
    execution = backend.execution(params["executionArn"])
    token = params.get("clientToken")
    with execution.lock:
        if token is not None and (redriven_at := _known(execution, token)):
            return {"redriveDate": date(redriven_at)}
        if redrive_status(execution)["redriveStatus"] != "REDRIVABLE":
            reason = redrive_status(execution).get("redriveStatusReason", "Execution is a child of a Map run")
            raise Refused("ExecutionNotRedrivable", f"Execution is not redrivable: '{reason}'")
        backend.check_room()
        written = len(execution.history.events)
        execution.redrive()
        redriven_at = execution.redriven_at or execution.started_at
        if token is not None:
            execution.redrive_tokens[token] = redriven_at
        machine = execution.identity.machine
        if machine is not None:
            deliver_at_the_end(execution, machine.logging, written)
    return {"redriveDate": date(redriven_at)}


def _known(execution: Execution, token: str) -> float | None:
    """Return when *execution* was redriven with *token*; None if it was not, or too long ago.

    The last ten tokens are known, each for 15 minutes (API reference, RedriveExecution, read 2026-11-30).
    """
    newest = list(execution.redrive_tokens.items())[-REDRIVE_TOKENS.value :]
    since = execution.engine.scheduler.now() - _TOKEN_SECONDS
    execution.redrive_tokens = {each: at for each, at in newest if at >= since}
    return execution.redrive_tokens.get(token)


ACTIONS = {action.__name__: action for action in (start_sync_execution, redrive_execution)}
