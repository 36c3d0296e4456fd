"""What schedules do: they call their targets, and write dead letters, with the schedule's role.

The calls go through this cloud's own API, so the role's policies decide. EventBridge Scheduler must be able to take the
role; its trust policy may name the schedule's group.

Source: EventBridge Scheduler User Guide, "Using universal targets", "Adding context attributes", and of "Configuring a
schedule's dead-letter queue" the beginning (read 2026-11-30). What a dead letter's attributes are called, and what a
target gets that was given no input, are from memory, not looked up.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.local.arns import ACCOUNT, REGION, queue_url
from shared.local.triggers.firing import TargetError
from shared.local.triggers.schedule_calls import UNIVERSAL, WrongTargetError, call_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.triggers.firing import Firing

    Clients = Callable[[str, str, str], Any]
    """Return the client of a service, in a region, for the role with an ARN."""
    Assumes = Callable[[str, str, str], bool]
    """Say whether a service may take a role, for the sake of a resource."""

_SCHEDULER = "scheduler.amazonaws.com"
_SERVER_FAULT = 500
# What passes by itself (Step Functions API Reference, StartExecution; botocore's own list of throttling codes).
_PASSES = frozenset(
    {"ExecutionLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException", "ServiceUnavailable"}
)


class Targets:
    """Calls targets.

    Args:
        clients: Makes the clients of roles.
        assumes: Decides whether a role may be taken.
    """

    def __init__(self, clients: Clients, assumes: Assumes) -> None:
        self._clients = clients
        self._assumes = assumes

    def call(self, firing: Firing) -> None:
        """Call the target of *firing*.

        Raises:
            TargetError: It could not be called.
        """
        from botocore import xform_name  # needed only once something fires

        try:
            call = call_of(firing, _input(firing))
        except WrongTargetError as error:
            raise TargetError("ValidationException", str(error)) from error
        try:
            getattr(self._client(call.service, call.region, firing), xform_name(call.operation))(**call.parameters)
        except ClientError as error:
            refusal = _refusal(error)
            if not (refusal.code == "ExecutionAlreadyExists" and (firing.again or firing.tries > 1)):
                raise refusal from error
        except BotoCoreError as error:
            raise TargetError("AWS.Scheduler.InternalServerError", str(error), passes=True) from error

    def bury(self, firing: Firing, error: TargetError, condition: str) -> None:
        """Write *firing* into its dead-letter queue.

        Raises:
            TargetError: It could not be written.
        """
        queue = firing.target.dead_letters
        told = {
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message,
            "EXECUTION_ID": firing.id,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(firing.tries - 1),
            "SCHEDULED_TIME": _moment(firing),
            "SCHEDULE_ARN": firing.schedule,
            "TARGET_ARN": firing.target.arn,
        } | ({"EXHAUSTED_RETRY_CONDITION": condition} if condition else {})
        try:
            self._client("sqs", queue.split(":")[REGION], firing).send_message(
                QueueUrl=queue_url(queue),
                MessageBody=_input(firing),
                MessageAttributes={key: {"DataType": "String", "StringValue": text} for key, text in told.items()},
            )
        except ClientError as refused:
            raise _refusal(refused) from refused
        except BotoCoreError as broken:
            raise TargetError("AWS.Scheduler.InternalServerError", str(broken)) from broken

    def _client(self, service: str, region: str, firing: Firing) -> Any:
        role = firing.target.role
        if not self._assumes(_SCHEDULER, role, firing.group):
            raise TargetError("AccessDeniedException", f"{_SCHEDULER} may not assume {role}")
        return self._clients(service, region, role)


def _refusal(error: ClientError) -> TargetError:
    told = error.response["Error"]
    code = str(told.get("Code"))
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    return TargetError(code, str(told.get("Message")), passes=status >= _SERVER_FAULT or code in _PASSES)


def _input(firing: Firing) -> str:
    """Return the target's input, its context attributes filled in."""
    attributes = {
        "<aws.scheduler.schedule-arn>": firing.schedule,
        "<aws.scheduler.scheduled-time>": _moment(firing),
        "<aws.scheduler.execution-id>": firing.id,
        "<aws.scheduler.attempt-number>": str(firing.tries),
    }
    text = firing.target.input or _usual(firing)
    for name, value in attributes.items():
        text = text.replace(name, value)
    return text


def _usual(firing: Firing) -> str:
    """Return the input of a target that was given none."""
    if UNIVERSAL.fullmatch(firing.target.arn):
        return "{}"
    parts = firing.schedule.split(":")
    return json.dumps(
        {
            "version": "0",
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, firing.id)),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": parts[ACCOUNT],
            "time": _moment(firing),
            "region": parts[REGION],
            "resources": [firing.schedule],
            "detail": "{}",
        }
    )


def _moment(firing: Firing) -> str:
    return firing.scheduled.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
