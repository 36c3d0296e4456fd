"""Checks of what a service will do later with rights that are not the caller's. AWS makes them, whoever calls.

A service must be able to take the role that it is given. A function's role must be able to read the queue or stream
that the function gets its events from. A bucket must let CloudWatch Logs write the logs that are exported to it. Each
refusal has the code and the words of its service. Their sources: the API references of Lambda, Step Functions and
CloudWatch Logs (CreateFunction, CreateEventSourceMapping, CreateStateMachine, CreateExportTask), and what users report
of them, of EventBridge, its Scheduler and ECS (read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import TYPE_CHECKING

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.core.exceptions import AWSError, JsonRESTError
from moto.events.models import EventsBackend
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend
from moto.scheduler.models import EventBridgeSchedulerBackend

from shared.local.asl.api import ACTIONS
from shared.local.enforcement.reads import FROM_QUEUE, FROM_STREAM, FROM_TABLE
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moto.core.base_backend import BaseBackend as Backend

    from shared.local.asl.api import Action
    from shared.local.asl.backend import AslBackend
    from shared.local.enforcement.gate import Gate

    Given = Mapping[str, object]  # what a method of moto's was called with, by its parameters' names
    Check = Callable[[Gate, Backend, Given], None]  # raises, in the service's words, if the call must be refused
    ActionCheck = Callable[[Gate, AslBackend, Given], None]  # the same for an action of Step Functions

_NOT_ASSUMED = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
    "provided role."
)
# What the role of a machine that logs needs (Step Functions Developer Guide, "Logging to CloudWatch Logs"). It also
# lists logs:PutResourcePolicy, which is used only where no policy lets the delivery in yet.
_DELIVER = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:ListLogDeliveries",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
# The rules by which Step Functions follows jobs (its guide, "IAM policies for integrated services").
_MANAGED_RULES = {
    "states:startExecution.sync": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "ecs:runTask.sync": "StepFunctionsGetEventsForECSTaskRule",
    "batch:submitJob.sync": "StepFunctionsGetEventsForBatchJobsRule",
}
_MANAGE_RULE = ("events:DescribeRule", "events:PutRule", "events:PutTargets")


class AccessDeniedException(AWSError):
    """Step Functions cannot take the role."""

    TYPE = "AccessDeniedException"
    STATUS = 400


@contextlib.contextmanager
def install(gate: Gate) -> Iterator[None]:
    """Have moto refuse roles that their services cannot use, while the block lasts."""
    seams = [Seam(owner, name, functools.partial(_checked, gate, owner, check)) for owner, name, check in _CHECKED]
    actions = {name: ACTIONS[name] for name in _CHECKED_ACTIONS}
    with plugged([Seam(LambdaFunction, "__init__", functools.partial(_made, gate)), *seams]):
        for name, check in _CHECKED_ACTIONS.items():
            ACTIONS[name] = functools.partial(_checked_action, gate, check, actions[name])
        try:
            yield
        finally:
            ACTIONS.update(actions)


def _checked_action(
    gate: Gate, check: ActionCheck, original: Action, backend: AslBackend, params: dict[str, object]
) -> dict[str, object] | None:
    check(gate, backend, params)
    return original(backend, params)


def _checked(gate: Gate, owner: type, check: Check, original: Callable[..., object]) -> Callable[..., object]:
    name = original.__name__
    signature = inspect.signature(vars(owner)[name])

    @functools.wraps(original)
    def checked(self: Backend, *args: object, **named: object) -> object:
        check(gate, self, signature.bind(self, *args, **named).arguments)
        return original(self, *args, **named)

    return checked


def _made(gate: Gate, original: Callable[..., None]) -> Callable[..., None]:
    """Wrap the making of a function: its role is checked after its code, because AWS reports bad code first."""

    @functools.wraps(original)
    def make(self: LambdaFunction, account_id: str, spec: Given, *args: object, **named: object) -> None:
        original(self, account_id, spec, *args, **named)
        _of_function(gate, self, {"spec": spec})

    return make


def _of_function(gate: Gate, _: LambdaBackend | LambdaFunction, given: Given) -> None:
    role = _text(_part(given, "spec", "body"), "Role")
    if role and not gate.assumes("lambda.amazonaws.com", role):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")


def _of_mapping(gate: Gate, backend: LambdaBackend, given: Given) -> None:
    """Check that the function's role may read the queue or stream."""
    asked = _part(given, "spec")
    arn, name = _text(asked, "EventSourceArn"), _text(asked, "FunctionName")
    actions = {"sqs": FROM_QUEUE, "dynamodb": FROM_TABLE, "kinesis": FROM_STREAM}.get(
        arn.split(":")[2] if arn else "", ()
    )
    role = backend.get_function(name).role if name else ""
    for action in actions if role else ():
        if not gate.allows(role, action, arn):
            service, _, call = action.partition(":")
            raise InvalidParameterValueException(
                f"The provided execution role does not have permissions to call {call} on {service.upper()}"
            )


def _of_export(gate: Gate, backend: LogsBackend, given: Given) -> None:
    """Check that CloudWatch Logs may write into the bucket that a log group is exported to."""
    region, account = backend.region_name, backend.account_id
    group = f"arn:aws:logs:{region}:{account}:*"
    bucket, folder = _text(given, "destination"), _text(given, "destinationPrefix") or "exportedlogs"
    if not all(
        gate.delivers(f"logs.{region}.amazonaws.com", action, arn, group)
        for action, arn in (
            ("s3:GetBucketAcl", f"arn:aws:s3:::{bucket}"),
            ("s3:PutObject", f"arn:aws:s3:::{bucket}/{folder}/x"),
        )
    ):
        raise InvalidParameterException(
            "PutObject call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to "
            "perform this operation."
        )


def _of_one_state(gate: Gate, _: AslBackend, given: Given) -> None:
    """Check the role of TestState. It is taken for no machine, so a trust policy that names a machine refuses it."""
    role = _text(given, "roleArn")
    if ":role/" in role and not gate.assumes("states.amazonaws.com", role):
        raise AccessDeniedException(_NOT_ASSUMED)


def _of_machine(gate: Gate, backend: AslBackend, given: Given) -> None:
    role = _text(given, "roleArn")
    if role and ":role/" not in role:
        return  # it is no role's ARN, and the action says so
    arn = _text(given, "stateMachineArn") or backend.arn(f"stateMachine:{given.get('name')}")
    if role and not gate.assumes("states.amazonaws.com", role, arn):
        raise AccessDeniedException(_NOT_ASSUMED)
    role = role or backend.machine(arn).now.role_arn
    _may_deliver(gate, given, role)
    _may_follow(gate, backend, given, role)


def _may_deliver(gate: Gate, given: Given, role: str) -> None:
    """Check that the role may set up the delivery of its machine's logs. AWS checks it when the machine is made."""
    logging = _part(given, "loggingConfiguration")
    if logging.get("destinations") and logging.get("level", "OFF") != "OFF":
        for action in _DELIVER:
            if not gate.allows(role, action, "*"):
                why = "The state machine IAM Role is not authorized to access the Log Destination"
                raise AccessDeniedException(why)


def _may_follow(gate: Gate, backend: AslBackend, given: Given, role: str) -> None:
    """Check that the role may make the rule by which Step Functions learns that a job has ended (.sync)."""
    for call, rule in _MANAGED_RULES.items():
        if f":states:::{call}" not in _text(given, "definition"):
            continue
        arn = f"arn:aws:events:{backend.region_name}:{backend.account_id}:rule/{rule}"
        if not all(gate.allows(role, action, arn) for action in _MANAGE_RULE):
            raise AccessDeniedException(f"'{role}' is not authorized to create managed-rule.")


def _of_rule(gate: Gate, backend: EventsBackend, given: Given) -> None:
    bus = _text(given, "event_bus_arn") or "default"
    folder = "" if bus == "default" else f"{bus.rpartition('/')[2]}/"
    rule = f"arn:aws:events:{backend.region_name}:{backend.account_id}:rule/{folder}{given['name']}"
    targets = given.get("targets")
    roles = [_text(given, "role_arn")]
    roles += [_text(target, "RoleArn") for target in targets] if isinstance(targets, list) else []
    for role in filter(None, roles):
        if not gate.assumes("events.amazonaws.com", role, rule):
            why = f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'."
            raise JsonRESTError("ValidationException", why)


def _of_schedule(gate: Gate, backend: EventBridgeSchedulerBackend, given: Given) -> None:
    group = _text(given, "group_name") or "default"
    arn = f"arn:aws:scheduler:{backend.region_name}:{backend.account_id}:schedule-group/{group}"
    role = _text(_part(given, "target"), "RoleArn")
    if role and not gate.assumes("scheduler.amazonaws.com", role, arn):
        why = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        raise JsonRESTError("ValidationException", why)


def _text(given: Given, *names: str) -> str:
    """Return the first text that is given under one of *names*; empty if there is none."""
    return next((value for name in names if isinstance(value := given.get(name), str) and value), "")


def _part(given: Given, *names: str) -> Given:
    """Return the first object that is given under one of *names*; empty if there is none."""
    return next((value for name in names if isinstance(value := given.get(name), dict) and value), {})


_CHECKED: tuple[tuple[type, str, Check], ...] = (
    (LambdaBackend, "update_function_configuration", _of_function),
    (LambdaBackend, "create_event_source_mapping", _of_mapping),
    (LogsBackend, "create_export_task", _of_export),
    (EventsBackend, "put_rule", _of_rule),
    (EventsBackend, "put_targets", _of_rule),
    (EventBridgeSchedulerBackend, "create_schedule", _of_schedule),
    (EventBridgeSchedulerBackend, "update_schedule", _of_schedule),
)
_CHECKED_ACTIONS: dict[str, ActionCheck] = {
    "create_state_machine": _of_machine,
    "update_state_machine": _of_machine,
    "test_state": _of_one_state,
}
