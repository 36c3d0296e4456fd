"""StartSyncExecution and RedriveExecution."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from shared.config.aws_facts import REDRIVE_TOKENS
from shared.local.asl.api.executions import date, describe, redrive_status
from shared.local.asl.refusals import Refused, other_type
from shared.local.asl.runs.record import record_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import RedriveExecutionInputTypeDef, StartSyncExecutionInputTypeDef

    from shared.local.asl.backend import AslBackend
    from shared.local.asl.runs.record import RunRecord

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
    given = params.get("input", "{}")
    execution = backend.start_execution(arn, params.get("name"), given, params.get("traceHeader"), at_once=True)
    ended = threading.Event()
    execution.watch(ended.set)
    ended.wait()
    told = describe(record_of(execution, execution.status), backend.engine.scheduler.now(), params.get("includedData"))
    shown = {key: value for key, value in told.items() if key not in _NOT_TOLD}
    seconds = (execution.stopped_at or execution.started_at) - execution.started_at
    billed = max(1, math.ceil(seconds * 1000 / _BILLED_STEP_MS)) * _BILLED_STEP_MS
    return {
        **shown,
        "billingDetails": {"billedMemoryUsedInMB": _BILLED_MEMORY_MB, "billedDurationInMilliseconds": billed},
    }


def redrive_execution(backend: AslBackend, params: RedriveExecutionInputTypeDef) -> dict[str, object]:
    """RedriveExecution: goes on from the states that did not succeed. A token that was used already does nothing."""
    token, now = params.get("clientToken"), backend.engine.scheduler.now()
    with backend.starting:
        record = backend.execution(params["executionArn"])
        known = _known(record, now)
        if token in known:
            return {"redriveDate": date(known[token])}
        told = redrive_status(record, now)
        if told["redriveStatus"] != "REDRIVABLE":
            reason = told.get("redriveStatusReason", "Execution is a child of a Map run")
            raise Refused("ExecutionNotRedrivable", f"Execution is not redrivable: '{reason}'")
        execution = backend.redrive(record._replace(redrive_tokens=known), token)
    backend.engine.runs.acknowledge()
    return {"redriveDate": date(execution.redriven_at or now)}


def _known(record: RunRecord, now: float) -> dict[str, float]:
    """Return the tokens of redrives that are known at the time *now*, and when each came.

    The last ten are known, each for 15 minutes (API reference, RedriveExecution, read 2026-11-30).
    """
    newest = list(record.redrive_tokens.items())[-REDRIVE_TOKENS.value :]
    return {each: at for each, at in newest if at >= now - _TOKEN_SECONDS}


ACTIONS = {action.__name__: action for action in (start_sync_execution, redrive_execution)}
