"""What EventBridge does with a target of a rule: it calls it, and writes dead letters.

A target that names a role is called with that role's rights; another one must let EventBridge in by its own policy. So
must a dead-letter queue.

Source: Amazon EventBridge User Guide, "Using resource-based policies" and "Using dead-letter queues to process
undelivered events" (read 2026-11-30, in part); the names of the attributes of a dead letter, and AWS's codes of errors,
are from memory.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from moto.awslambda.utils import get_backend
from moto.core.exceptions import AWSError, ServiceException
from moto.events.models import events_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.models import stepfunctions_backends
from werkzeug.exceptions import HTTPException

from shared.local.arns import ACCOUNT, REGION, SERVICE
from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.lambda_runtime.lineage import having
from shared.local.strict_json import read_strict
from shared.local.triggers import queues
from shared.local.triggers.chains import Chains
from shared.local.triggers.firing import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.enforcement.gate import Gate
    from shared.local.triggers.buses import Buses
    from shared.local.triggers.firing import Firing
    from shared.values import Json

EVENTS = "events.amazonaws.com"
ACTIONS = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "logs": "logs:PutLogEvents",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
    "states": "states:StartExecution",
}
"""What a rule does to a target, by the service in its ARN. Others are refused by name."""


class RuleTargets:
    """Calls targets of rules.

    Args:
        gate: Decides.
        buses: Returns what brings an event to another bus.
    """

    def __init__(self, gate: Gate, buses: Callable[[], Buses]) -> None:
        self._gate = gate
        self._buses = buses
        self._chains = Chains()
        self._kinds: dict[str, Callable[[Firing, str, str], None]] = {
            "events": self._to_bus,
            "lambda": _to_function,
            "logs": _to_log_group,
            "sns": _to_topic,
            "sqs": _to_queue,
            "states": self._to_machine,
        }

    def call(self, firing: Firing) -> None:
        """Bring the event of *firing* to its target.

        Raises:
            TargetError: It did not arrive.
        """
        parts = firing.target.arn.split(":")
        if not self._may_reach(firing):
            raise TargetError("NO_PERMISSIONS", f"{EVENTS} may not reach {firing.target.arn}")
        try:
            with having(""):  # AWS does not follow an event through a bus
                self._kinds[parts[SERVICE]](firing, parts[ACCOUNT], parts[REGION])
        except InvokeRefusedError as refused:
            raise TargetError("THROTTLING", refused.what, passes=True) from refused
        except (ServiceException, HTTPException, AWSError) as refused:
            raise _refusal(refused) from refused

    def bury(self, firing: Firing, error: TargetError, condition: str) -> None:
        """Write the event of *firing* into its dead-letter queue.

        Raises:
            TargetError: It could not be written.
        """
        arn = firing.target.dead_letters
        queue = queues.find_queue(arn)
        if queue is None:
            raise TargetError("NO_RESOURCE", f"there is no queue {arn}")
        if not self._gate.delivers(EVENTS, ACTIONS["sqs"], arn, firing.schedule):
            raise TargetError("NO_PERMISSIONS", f"the policy of {arn} does not let {EVENTS} in")
        told = {
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message,
            "RETRY_ATTEMPTS": str(firing.tries - 1),
            "RULE_ARN": firing.schedule,
            "TARGET_ARN": firing.target.arn,
        } | ({"EXHAUSTED_RETRY_CONDITION": condition} if condition else {})
        queues.send(queue, firing.event, told)

    def _may_reach(self, firing: Firing) -> bool:
        arn, role = firing.target.arn, firing.target.role
        name = arn.split(":")[SERVICE]
        if name == "logs":
            arn = f"{arn.removesuffix(':*')}:log-stream:{firing.schedule.rpartition('/')[2]}"
        if role:
            return self._gate.may(role, "events", ACTIONS[name], arn)
        return self._gate.delivers(EVENTS, ACTIONS[name], arn, firing.schedule)

    def _to_machine(self, firing: Firing, account: str, region: str) -> None:
        """Start an execution, under a name that is the same at each try and begins with the event's id."""
        again = uuid.uuid5(uuid.NAMESPACE_URL, f"{firing.schedule}/{firing.id}")
        event = json.loads(firing.event)
        name = f"{event['id']}_{again}"
        execution = f"{firing.target.arn.replace(':stateMachine:', ':execution:')}:{name}"
        self._chains.note(firing.schedule, event["resources"], execution)
        _start(firing, name, account, region)

    def _to_bus(self, firing: Firing, account: str, region: str) -> None:
        if firing.forwarded:
            raise TargetError("THIRD_ACCOUNT_HOP_DETECTED", "an event goes from one bus to another only once")
        backend = events_backends[account][region]
        self._buses().send(backend, firing.target.arn, _json_of(firing), forwarded=True)


def _refusal(error: Exception) -> TargetError:
    code = str(getattr(error, "TYPE", "") or getattr(error, "error_type", "") or getattr(error, "code", ""))
    message = str(getattr(error, "message", "") or error)
    if any(word in code for word in ("NotFound", "DoesNotExist", "NonExistent")):
        return TargetError("NO_RESOURCE", message)
    if "Throttl" in code:
        return TargetError("THROTTLING", message, passes=True)
    return TargetError("SDK_CLIENT_ERROR", f"{code}: {message}")


def _json_of(firing: Firing) -> dict[str, Json]:
    """Return the text of a target as an object.

    Raises:
        TargetError: It is none.
    """
    read = _read(firing)
    if not isinstance(read, dict):
        raise TargetError("SDK_CLIENT_ERROR", "the target's input is no JSON object")
    return read


def _read(firing: Firing) -> Json:
    try:
        return read_strict(firing.target.input)
    except ValueError as error:
        raise TargetError("SDK_CLIENT_ERROR", f"the target's input is not JSON: {error}") from error


def _to_function(firing: Firing, account: str, region: str) -> None:
    _read(firing)  # Lambda takes nothing but JSON
    get_backend(account, region).invoke(
        function_name=firing.target.arn,
        qualifier=None,
        body=firing.target.input,
        headers={"x-amz-invocation-type": "Event"},
        response_headers={},
    )


def _start(firing: Firing, name: str, account: str, region: str) -> None:
    stepfunctions_backends[account][region].start_execution(firing.target.arn, name, firing.target.input)


def _to_topic(firing: Firing, account: str, region: str) -> None:
    sns_backends[account][region].publish(arn=firing.target.arn, message=firing.target.input)


def _to_queue(firing: Firing, account: str, region: str) -> None:
    queue = queues.find_queue(firing.target.arn)
    if queue is None:
        raise TargetError("NO_RESOURCE", f"there is no queue {firing.target.arn}")
    group = json.loads(firing.target.settings).get("SqsParameters", {}).get("MessageGroupId")
    if group:
        sqs_backends[account][region].send_message(queue.name, firing.target.input, group_id=group)
    else:
        queues.send(queue, firing.target.input)


def _to_log_group(firing: Firing, account: str, region: str) -> None:
    """Write the event into a stream of its own, the same at each try."""
    group = firing.target.arn.removesuffix(":*").split(":")[-1]
    logs = logs_backends[account][region]
    stream = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{firing.schedule}/{firing.id}"))
    logs.ensure_log_stream(group, stream)
    logs.put_log_events(group, stream, [{"timestamp": int(firing.began * 1000), "message": firing.target.input}])
