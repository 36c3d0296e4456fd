"""What a service is to do later with rights that are not the caller's: AWS looks whether it may, whoever calls.

A role that a service is given it must be able to take, a function's role must read the queue or stream that the
function is to be fed from, and a bucket must let CloudWatch Logs write what it is to export. Each refusal is in the
code and words of its service. Their sources: the API references of Lambda, Step Functions and CloudWatch Logs
(CreateFunction, CreateEventSourceMapping, CreateStateMachine, CreateExportTask), and what users report of them, of
EventBridge, its Scheduler and ECS (read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.core.exceptions import AWSError, JsonRESTError
from moto.events.models import EventsBackend
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend
from moto.scheduler.models import EventBridgeSchedulerBackend

from shared.local.asl.api import ACTIONS
from shared.local.asl.backend import AslBackend
from shared.local.enforcement.reads import FROM_QUEUE, FROM_STREAM, FROM_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.asl.api import Action
    from shared.local.enforcement.gate import Gate

    Check = Callable[[Gate, Any, dict[str, Any]], None]

_NOT_ASSUMED = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
    "provided role."
)
# What the role of a machine that logs needs (Step Functions Developer Guide, "Logging to CloudWatch Logs"), but for
# logs:PutResourcePolicy, which is used only where no policy lets the delivery in yet.
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
    """Have moto refuse roles that their services cannot take, while the block lasts."""
    before = [(owner, name, owner.__dict__[name]) for owner, name, _ in _CHECKED]
    test_state = ACTIONS["test_state"]
    make_function = LambdaFunction.__init__
    LambdaFunction.__init__ = _made(make_function, gate)
    for owner, name, check in _CHECKED:
        setattr(owner, name, _checked(owner, name, check, gate))
    ACTIONS["test_state"] = functools.partial(_test_state, test_state, gate)
    try:
        yield
    finally:
        ACTIONS["test_state"] = test_state
        LambdaFunction.__init__ = make_function
        for owner, name, original in before:
            setattr(owner, name, original)


def _test_state(original: Action, gate: Gate, backend: Any, params: dict[str, Any]) -> Any:
    """TestState takes its role for no machine: one whose trust asks for which cannot be used."""
    role = params.get("roleArn")
    if role and not gate.assumes("states.amazonaws.com", role):
        raise AccessDeniedException(_NOT_ASSUMED)
    return original(backend, params)


def _checked(owner: type, name: str, check: Check, gate: Gate) -> Callable[..., Any]:
    original = owner.__dict__[name]
    # moto's own names all parameters: AslBackend, which stands before it, passes on what it does not look at.
    signature = inspect.signature(next(each.__dict__[name] for each in reversed(owner.__mro__) if name in vars(each)))

    @functools.wraps(original)
    def checked(self: Any, *args: Any, **named: Any) -> Any:
        check(gate, self, dict(signature.bind(self, *args, **named).arguments))
        return original(self, *args, **named)

    return checked


def _made(original: Callable[..., None], gate: Gate) -> Callable[..., None]:
    """Look at a new function's role after its code: what is wrong with that is told first, and needs no role."""

    @functools.wraps(original)
    def make(self: Any, account_id: str, spec: dict[str, Any], *args: Any, **named: Any) -> None:
        original(self, account_id, spec, *args, **named)
        _of_function(gate, self, {"spec": spec})

    return make


def _of_function(gate: Gate, _: Any, given: dict[str, Any]) -> None:
    role = (given.get("spec") or given.get("body") or {}).get("Role")
    if role and not gate.assumes("lambda.amazonaws.com", role):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")


def _of_mapping(gate: Gate, backend: Any, given: dict[str, Any]) -> None:
    """See that the function's role may read what the function is fed from."""
    asked = given["spec"]
    arn, name = asked.get("EventSourceArn") or "", asked.get("FunctionName")
    actions = {"sqs": FROM_QUEUE, "dynamodb": FROM_TABLE, "kinesis": FROM_STREAM}.get(
        arn.split(":")[2] if arn else "", ()
    )
    role = backend.get_function(name).role if name else ""
    for action in actions if role else ():
        if not gate.allows(role, action, arn):
            call = action.partition(":")[2]
            on = action.partition(":")[0].upper()
            raise InvalidParameterValueException(
                f"The provided execution role does not have permissions to call {call} on {on}"
            )


def _of_export(gate: Gate, backend: Any, given: dict[str, Any]) -> None:
    """See that CloudWatch Logs may write into the bucket that a log group is exported to."""
    region, account = backend.region_name, backend.account_id
    group = f"arn:aws:logs:{region}:{account}:*"
    bucket, folder = given["destination"], given.get("destinationPrefix") or "exportedlogs"
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


def _of_machine(gate: Gate, backend: Any, given: dict[str, Any]) -> None:
    role = given.get("roleArn") or given.get("role_arn")
    place = f"{backend.region_name}:{backend.account_id}"
    arn = given.get("arn") or f"arn:aws:states:{place}:stateMachine:{given.get('name')}"
    if role and not gate.assumes("states.amazonaws.com", role, arn):
        raise AccessDeniedException(_NOT_ASSUMED)
    role = role or backend.describe_state_machine(arn).roleArn
    _may_deliver(gate, given, role)
    _may_follow(gate, backend, given, role)


def _may_deliver(gate: Gate, given: dict[str, Any], role: str) -> None:
    """See that the role may set up the delivery of its machine's logs; AWS looks when the machine is made."""
    logging = given.get("loggingConfiguration") or given.get("logging_configuration") or {}
    if logging.get("destinations") and logging.get("level", "OFF") != "OFF":
        for action in _DELIVER:
            if not gate.allows(role, action, "*"):
                why = "The state machine IAM Role is not authorized to access the Log Destination"
                raise AccessDeniedException(why)


def _may_follow(gate: Gate, backend: Any, given: dict[str, Any], role: str) -> None:
    """See that the role may make the rule by which Step Functions learns that a job has ended (.sync)."""
    for call, rule in _MANAGED_RULES.items():
        if f":states:::{call}" not in (given.get("definition") or ""):
            continue
        arn = f"arn:aws:events:{backend.region_name}:{backend.account_id}:rule/{rule}"
        if not all(gate.allows(role, action, arn) for action in _MANAGE_RULE):
            raise AccessDeniedException(f"'{role}' is not authorized to create managed-rule.")


def _of_rule(gate: Gate, backend: Any, given: dict[str, Any]) -> None:
    bus = given.get("event_bus_arn") or "default"
    folder = "" if bus == "default" else f"{bus.rpartition('/')[2]}/"
    rule = f"arn:aws:events:{backend.region_name}:{backend.account_id}:rule/{folder}{given['name']}"
    roles = [given.get("role_arn"), *(target.get("RoleArn") for target in given.get("targets") or ())]
    for role in filter(None, roles):
        if not gate.assumes("events.amazonaws.com", role, rule):
            why = f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'."
            raise JsonRESTError("ValidationException", why)


def _of_schedule(gate: Gate, backend: Any, given: dict[str, Any]) -> None:
    group = given.get("group_name") or "default"
    arn = f"arn:aws:scheduler:{backend.region_name}:{backend.account_id}:schedule-group/{group}"
    role = (given.get("target") or {}).get("RoleArn")
    if role and not gate.assumes("scheduler.amazonaws.com", role, arn):
        why = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        raise JsonRESTError("ValidationException", why)


_CHECKED: tuple[tuple[type, str, Check], ...] = (
    (LambdaBackend, "update_function_configuration", _of_function),
    (LambdaBackend, "create_event_source_mapping", _of_mapping),
    (LogsBackend, "create_export_task", _of_export),
    (AslBackend, "create_state_machine", _of_machine),
    (AslBackend, "update_state_machine", _of_machine),
    (EventsBackend, "put_rule", _of_rule),
    (EventsBackend, "put_targets", _of_rule),
    (EventBridgeSchedulerBackend, "create_schedule", _of_schedule),
    (EventBridgeSchedulerBackend, "update_schedule", _of_schedule),
)
