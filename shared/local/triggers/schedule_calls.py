"""Which call of which API a schedule's target is: a templated target by its resource, a universal one by its name.

Source: EventBridge Scheduler User Guide, "Using templated targets" and "Using universal targets" (read 2026-11-30); API
reference, Target (read 2026-11-30, in botocore's model). Which actions universal targets leave out, and the words of
refusals, are from memory.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import UnknownServiceError
from botocore.model import ListShape, MapShape, StructureShape

from shared.local.arns import REGION, SERVICE, queue_url
from shared.local.asl.integrations.java import boto_name
from shared.local.calls.models import model_of
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from botocore.model import OperationModel, Shape

    from shared.local.triggers.firing import Firing
    from shared.values import Json

UNIVERSAL = re.compile(r"arn:aws[\w-]*:scheduler:::aws-sdk:(?P<service>[\w-]+):(?P<action>\w+)")
# A schedule only changes things.
_READS = (
    *("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover"),
    *("validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList", "testMigration"),
    *("retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel"),
)
# Templated targets of AWS's that are not made here; each is a universal one too.
_ELSEWHERE = frozenset({"codebuild", "codepipeline", "ecs", "inspector", "sagemaker"})


class ApiCall(NamedTuple):
    """A call of an API.

    Attributes:
        service: boto's name of the service.
        operation: AWS's name of the operation.
        region: Where.
        parameters: As boto3 takes them.
    """

    service: str
    operation: str
    region: str
    parameters: dict[str, Any]


class WrongTargetError(Exception):
    """AWS refuses the target. The text is the reason."""


class NotHereError(Exception):
    """AWS calls the target, and the embedded cloud does not. The text says what it does not do, and the fix."""


def check(target: Mapping[str, Any]) -> None:
    """Check *target* as CreateSchedule is given it.

    Raises:
        WrongTargetError: AWS refuses it.
        NotHereError: AWS would call it.
    """
    arn, settings = str(target.get("Arn") or ""), {name for name in target if name.endswith("Parameters")}
    universal = UNIVERSAL.fullmatch(arn)
    if universal:
        operation = _operation(universal["service"], universal["action"])
        if not target.get("Input"):
            raise WrongTargetError("Invalid RequestJson provided. Reason The universal target needs an Input.")
        parameters_of(operation, _read(target["Input"]))
        allowed: frozenset[str] = frozenset()
    else:
        kind = _kind(arn)
        allowed = frozenset({kind.settings} if kind.settings else ())
        _check_settings(arn, kind, target)
    foreign = sorted(name for name in settings - allowed if target[name])
    if foreign:
        raise WrongTargetError(f"{', '.join(foreign)} cannot be set for the target {arn}")


def call_of(firing: Firing, text: str) -> ApiCall:
    """Return the call that *firing* is, whose target gets *text*.

    Raises:
        WrongTargetError: The text is not what the target takes.
    """
    arn = firing.target.arn
    parts = arn.split(":")
    universal = UNIVERSAL.fullmatch(arn)
    if universal:
        operation = _operation(universal["service"], universal["action"])
        region = firing.schedule.split(":")[REGION]
        parameters = parameters_of(operation, _read(text))
        return ApiCall(operation.service_model.service_name, operation.name, region, parameters)
    kind = _kind(arn)
    settings = json.loads(firing.target.settings).get(kind.settings, {})
    return ApiCall(kind.service, kind.operation, parts[REGION], kind.parameters(firing, text, settings))


class _Kind(NamedTuple):
    """A kind of templated target: its call, its settings' name in Target if it has some, and which it must have."""

    service: str
    operation: str
    parameters: Callable[[Firing, str, Mapping[str, Any]], dict[str, Any]]
    settings: str = ""
    needed: tuple[str, ...] = ()


def _of_machine(firing: Firing, text: str, _: Mapping[str, Any]) -> dict[str, Any]:
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{firing.schedule}/{firing.id}"))  # the same at each try
    return {"stateMachineArn": firing.target.arn, "name": name, "input": text}


def _of_function(firing: Firing, text: str, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"FunctionName": firing.target.arn, "InvocationType": "Event", "Payload": text.encode()}


def _of_queue(firing: Firing, text: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"QueueUrl": queue_url(firing.target.arn), "MessageBody": text, **settings}


def _of_topic(firing: Firing, text: str, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"TopicArn": firing.target.arn, "Message": text}


def _of_bus(firing: Firing, text: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"Entries": [{"EventBusName": firing.target.arn, "Detail": text, **settings}]}


def _of_stream(firing: Firing, text: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"StreamARN": firing.target.arn, "Data": text.encode(), **settings}


def _of_delivery_stream(firing: Firing, text: str, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"DeliveryStreamName": firing.target.arn.rpartition("/")[2], "Record": {"Data": text.encode()}}


_KINDS: dict[str, _Kind] = {
    "events": _Kind("events", "PutEvents", _of_bus, "EventBridgeParameters", ("DetailType", "Source")),
    "firehose": _Kind("firehose", "PutRecord", _of_delivery_stream),
    "kinesis": _Kind("kinesis", "PutRecord", _of_stream, "KinesisParameters", ("PartitionKey",)),
    "lambda": _Kind("lambda", "Invoke", _of_function),
    "sns": _Kind("sns", "Publish", _of_topic),
    "sqs": _Kind("sqs", "SendMessage", _of_queue, "SqsParameters"),
    "states": _Kind("stepfunctions", "StartExecution", _of_machine),
}


def _kind(arn: str) -> _Kind:
    service = (arn.split(":") + [""] * 3)[SERVICE]
    if not arn.startswith("arn:") or service not in _KINDS.keys() | _ELSEWHERE:
        raise WrongTargetError(f"Provided Arn is not in correct format, or no target of schedules: {arn}")
    if service in _ELSEWHERE:
        raise NotHereError(f"does not call the target {arn}; use the action's own arn:aws:scheduler:::aws-sdk:...")
    if service == "states" and ":stateMachine:" not in arn:
        raise WrongTargetError(f"{arn} is no state machine")
    return _KINDS[service]


def _check_settings(arn: str, kind: _Kind, target: Mapping[str, Any]) -> None:
    given = target.get(kind.settings) or {}
    needed = ("MessageGroupId",) if arn.endswith(".fifo") and kind.settings == "SqsParameters" else kind.needed
    lacking = [name for name in needed if not given.get(name)]
    if lacking:
        raise WrongTargetError(f"The target {arn} needs {kind.settings} with {', '.join(lacking)}")
    if kind.operation in {"Invoke", "PutEvents", "StartExecution"} and target.get("Input"):
        _read_any(target["Input"])


def _operation(service: str, action: str) -> OperationModel:
    """Return the model of the universal target *action* of *service*.

    Raises:
        WrongTargetError: There is none.
    """
    if action.startswith(_READS):
        raise WrongTargetError(f"The action {service}:{action} only reads; schedules cannot call it")
    try:
        model = model_of(boto_name(service) or service)
    except UnknownServiceError as error:
        raise WrongTargetError(f"There is no service {service}") from error
    found = {name.lower(): name for name in model.operation_names}.get(action.lower())
    if found is None:
        raise WrongTargetError(f"{service} has no action {action}")
    return model.operation_model(found)


def _read(text: str) -> dict[str, Json]:
    read = _read_any(text)
    if not isinstance(read, dict):
        raise WrongTargetError("Invalid RequestJson provided. Reason It is not an object")
    return read


def _read_any(text: str) -> Json:
    try:
        return read_strict(text)
    except ValueError as error:
        raise WrongTargetError(f"Invalid RequestJson provided. Reason It is not JSON: {error}") from error


def parameters_of(operation: OperationModel, given: dict[str, Json]) -> dict[str, Any]:
    """Return *given* as boto3 takes the parameters of *operation*: names in any letter case become its own.

    What is missing, the service itself finds out once it is called.

    Raises:
        WrongTargetError: A member is unknown.
    """
    shape = operation.input_shape
    problems: list[str] = []
    converted: dict[str, Any] = _converted(given, shape, problems) if shape is not None else {}
    if problems:
        raise WrongTargetError(f"Invalid RequestJson provided. Reason {'; '.join(problems)}")
    return converted


def _converted(value: Json, shape: Shape, problems: list[str]) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return dict(_members(value, shape, problems))
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_converted(each, shape.member, problems) for each in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {name: _converted(each, shape.value, problems) for name, each in value.items()}
    if shape.type_name == "blob" and isinstance(value, str):
        return value.encode()
    if shape.type_name == "string" and isinstance(value, dict | list):
        return json.dumps(value)
    return value


def _members(value: dict[str, Json], shape: StructureShape, problems: list[str]) -> Iterator[tuple[str, Any]]:
    names = {name.lower(): name for name in shape.members}
    found = {names.get(name.lower()): (name, each) for name, each in value.items()}
    problems += [f"The field '{name}' is not known" for name in value if name.lower() not in names]
    for known, (_, each) in found.items():
        if known is not None and each is not None:
            yield known, _converted(each, shape.members[known], problems)
