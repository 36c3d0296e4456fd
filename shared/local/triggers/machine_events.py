"""What Step Functions tells EventBridge of executions: each status that one of a standard machine gets.

Executions of express machines, children of distributed Maps and tests of single states are not told of.

Source: AWS Step Functions Developer Guide, "Automating Step Functions event delivery with EventBridge" (from memory,
not read again): the members, and that what is larger than 248 KB is left out, the input first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.execution import RUNNING, SUCCEEDED
from shared.local.triggers.buses import News

if TYPE_CHECKING:
    from shared.local.asl.execution import Execution
    from shared.values import Json

_KIND = "Step Functions Execution Status Change"
_LARGEST = 248 * 1024  # bytes of input and output


def is_told(execution: Execution) -> bool:
    """Say whether EventBridge is told of *execution*."""
    identity = execution.identity
    return identity.machine is not None and not identity.express and execution.map_run is None


def news(execution: Execution) -> News:
    """Return what EventBridge is told: *execution* as it is now."""
    _, _, _, region, account, _ = execution.arn.split(":", 5)
    return News(account, region, "aws.states", _KIND, execution.arn, _detail(execution))


def _detail(execution: Execution) -> dict[str, Json]:
    identity, status = execution.identity, execution.status
    output = execution.output_text()
    large = len((execution.input_text + (output or "")).encode()) > _LARGEST
    too_large = large and len((output or "").encode()) > _LARGEST
    alias, version = identity.alias or "", identity.machine.arn if identity.machine else ""
    reason = f"Execution is {status} and cannot be redriven"
    final = status in {RUNNING, SUCCEEDED}
    return {
        "executionArn": execution.arn,
        "stateMachineArn": identity.machine_arn,
        "name": identity.name,
        "status": status,
        "startDate": _milliseconds(execution.started_at),
        "stopDate": _milliseconds(execution.stopped_at),
        "input": None if large else execution.input_text,
        "inputDetails": {"included": not large},
        "output": None if too_large else output,
        "outputDetails": None if output is None else {"included": not too_large},
        "error": execution.error,
        "cause": execution.cause,
        "stateMachineVersionArn": version if version != identity.machine_arn else None,
        "stateMachineAliasArn": alias if alias not in {"", version} else None,
        "redriveCount": execution.redrives,
        "redriveDate": _milliseconds(execution.redriven_at),
        "redriveStatus": "NOT_REDRIVABLE" if final else "REDRIVABLE",
        "redriveStatusReason": reason if final else None,
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)
