"""The names of OpenTelemetry's semantic conventions that are used here, and what all spans of a run say of it.

Names are those of version 1.44.0 (https://opentelemetry.io/docs/specs/semconv/: faas/faas-spans, faas/aws-lambda,
cloud-providers/aws-sdk, exceptions/exceptions-spans; looked up 2026-11-30). What the conventions have no name for
begins with ``teamlanes.``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.hidden import hide_text
from shared.measure.tracing.span import Happening, Resource, nanoseconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.aws.target import Target
    from shared.config.lane import Lane
    from shared.measure.tracing.span import Value

SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
_MB = 1024 * 1024
_LONGEST = 2_000  # characters of a message
_LONGEST_STACK = 8_000


def machine_resource(target: Target, lane: Lane, workflow: str) -> Resource:
    """Return who the spans of a state machine are by."""
    return _resource(
        target,
        lane,
        workflow,
        {
            "service.name": f"{lane.team}-{workflow}",
            "cloud.resource_id": lane.state_machine_arn(workflow),
            "aws.step_functions.state_machine.arn": lane.state_machine_arn(workflow),
        },
    )


def function_resource(target: Target, lane: Lane, key: str, memory_mb: int) -> Resource:
    """Return who the spans of a function are by, which had so much memory then."""
    function = lane.functions[key]
    return _resource(
        target,
        lane,
        function.workflow,
        {
            "service.name": function.name,
            "cloud.platform": "aws_lambda",
            "cloud.resource_id": lane.function_arn(key),
            "faas.name": function.name,
            "faas.max_memory": memory_mb * _MB,
            "aws.log.group.names": (function.log_group,),
        },
    )


def _resource(target: Target, lane: Lane, workflow: str, own: Mapping[str, Value]) -> Resource:
    common: dict[str, Value] = {
        "service.namespace": lane.team,
        "deployment.environment.name": target.kind.value,
        "cloud.provider": "aws",
        "cloud.region": lane.place.region,
        "cloud.account.id": lane.place.account,
        "teamlanes.team": lane.team,
        "teamlanes.workflow": workflow,
    }
    return Resource(tuple(sorted({**common, **own}.items())))


def error_text(name: str, message: str) -> str:
    """Return what a failed span's status says: the error and its message, without secrets, not too long."""
    return bounded(f"{name}: {message}" if message else name)


def exception(at: datetime, name: str, message: str, stack: str = "") -> Happening:
    """Return the event that tells of an error."""
    told: dict[str, Value] = {"exception.type": bounded(name)}
    if message:
        told["exception.message"] = bounded(message)
    if stack:
        told["exception.stacktrace"] = bounded(stack, _LONGEST_STACK)
    return Happening("exception", nanoseconds(at), told)


def bounded(text: str, most: int = _LONGEST) -> str:
    """Return *text* by others without secrets, and *most* characters of it at most, with how many are left out."""
    shown = hide_text(text.encode("utf-8", "backslashreplace").decode())  # half a surrogate pair is no UTF-8
    left = len(shown) - most
    return shown if left <= 0 else f"{shown[:most]} ... {left} more characters"
