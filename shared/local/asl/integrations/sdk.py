"""``aws-sdk:*`` and the optimized services, over boto3: names, shapes and errors as AWS's Java SDK gives them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from shared.local.asl.errors import RuntimeFailure, StateFailure, dumps
from shared.local.asl.integrations.base import Integration, unusable

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.integrations.base import Deadline, Run
    from shared.local.asl.strand import Strand

# Where boto's name differs from the one in the ARN.
_BOTO_NAMES = {
    "applicationautoscaling": "application-autoscaling",
    "bedrockruntime": "bedrock-runtime", "cloudwatchevents": "events", "cloudwatchlogs": "logs",
    "cognitoidentity": "cognito-identity", "cognitoidentityprovider": "cognito-idp",
    "computeoptimizer": "compute-optimizer",
    "configservice": "config", "costexplorer": "ce", "databasemigration": "dms", "directory": "ds",
    "elasticloadbalancing": "elb", "elasticloadbalancingv2": "elbv2", "elasticsearch": "es", "eventbridge": "events",
    "iotdataplane": "iot-data", "marketplacemetering": "meteringmarketplace", "rdsdata": "rds-data",
    "redshiftdata": "redshift-data", "sagemakerruntime": "sagemaker-runtime", "sfn": "stepfunctions",
    "timestreamquery": "timestream-query", "timestreamwrite": "timestream-write",
}  # fmt: skip
# Services with an integration of their own: the name AWS gives their errors, and the old SDK's in their causes.
OPTIMIZED = {
    "dynamodb": ("DynamoDB", "AmazonDynamoDBv2"),
    "sqs": ("SQS", "AmazonSQS"),
    "sns": ("SNS", "AmazonSNS"),
    "events": ("EventBridge", "AmazonCloudWatchEvents"),
    "batch": ("Batch", "AWSBatch"),
    "ecs": ("ECS", "AmazonECS"),
    "glue": ("Glue", "AWSGlue"),
    "athena": ("Athena", "AmazonAthena"),
    "codebuild": ("CodeBuild", "AWSCodeBuild"),
    "s3": ("S3", "Amazon S3"),
}
# Codes of the query protocol that the models no longer carry.
_OLD_CODES = {"AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist", "NonExistentQueue": "QueueDoesNotExist"}
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|\d+")


def java_name(service_id: str) -> str:
    """Return the Java SDK's name for botocore's *service_id*: ``DynamoDB`` becomes ``DynamoDb``."""
    words = [word for part in re.split(r"[^A-Za-z0-9]+", service_id) for word in _WORDS.findall(part)]
    return "".join(word[:1].upper() + word[1:].lower() for word in words)


class ApiCall(Integration):
    """A call of one API action.

    Args:
        kind: What events name resourceType.
        service: boto's name of the service.
        action: The action in camel case, as in the ARN.
        pattern: How it is called.
    """

    def __init__(self, kind: str, service: str, action: str, pattern: str) -> None:
        super().__init__(kind, action + (f".{pattern}" if pattern else ""), pattern)
        self.service = service
        self.operation = action[:1].upper() + action[1:]

    def run(self, strand: Strand, arguments: Any, deadline: Deadline) -> Run:
        """Call the API, and wait for a callback if the pattern says so."""
        strand.record("TaskStarted", self.where())
        return (yield from super().run(strand, arguments, deadline))

    def failed_event(self, _failure: StateFailure) -> str:
        """Return TaskFailed, or TaskSubmitFailed where a callback would have followed."""
        return "TaskFailed"

    def _client(self, strand: Strand) -> Any:
        services, execution = strand.execution.engine.services, strand.execution
        return services.client(self.service, services.region_of(execution.arn), strand.role_arn)

    def _model(self, client: Any) -> Any:
        """Return botocore's model of the operation, whose name may differ in letter case."""
        names = {name.lower(): name for name in client.meta.service_model.operation_names}
        name = names.get(self.operation.lower())
        if name is None:
            raise RuntimeFailure(f"The resource provided arn:aws:states:::{self.kind}:{self.action} is not recognized.")
        return client.meta.service_model.operation_model(name)

    def call(self, strand: Strand, arguments: Any) -> Any:
        """Return the API's answer, its members in Pascal case."""
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError  # needed only with a client

        client = self._client(strand)
        model = self._model(client)
        parameters = to_parameters(arguments, model.input_shape)
        try:
            answer = getattr(client, xform_name(model.name))(**parameters)
        except ClientError as error:
            raise self.failure(error, client, strand.execution.engine.uuid()) from error
        except BotoCoreError as error:
            name = java_name(client.meta.service_model.service_id)
            raise StateFailure(f"{name}.SdkClientException", str(error)) from error
        metadata = answer.pop("ResponseMetadata", {})
        shaped = to_value(answer, model.output_shape, self.member_name)
        return self.shaped(shaped, metadata, strand.execution.engine.uuid())

    @staticmethod
    def member_name(name: str) -> str:
        """Return how the answer's member *name* is called."""
        return name[:1].upper() + name[1:]

    def shaped(self, answer: dict[str, Any], _metadata: dict[str, Any], _request: str) -> dict[str, Any]:
        """Return *answer* with what the integration adds to it."""
        return answer

    def failure(self, error: Any, client: Any, request: str) -> StateFailure:
        """Return the failure for botocore's *error*."""
        raise NotImplementedError


class SdkCall(ApiCall):
    """``aws-sdk:<service>:<action>``."""

    def __init__(self, service: str, action: str, pattern: str) -> None:
        super().__init__(f"aws-sdk:{service}", _BOTO_NAMES.get(service, service), action, pattern)

    @staticmethod
    def member_name(name: str) -> str:
        """Return the Java SDK's name of *name*: ``MD5OfBody`` becomes ``Md5OfBody``."""
        return java_name(name)

    def failure(self, error: Any, client: Any, request: str) -> StateFailure:
        """Name the failure as the Java SDK 2 does: ``S3.NoSuchKeyException``."""
        model = client.meta.service_model
        service, code, detail = java_name(model.service_id), error.response["Error"]["Code"], _detail(error, request)
        modelled = exception_name(model, code)
        cause = (
            f"{detail['message']} (Service: {service}, Status Code: {detail['status']}, Request ID: {detail['request']}"
        )
        if service == "S3":
            cause += f", Extended Request ID: {detail['extended']}"
        return StateFailure(f"{service}.{modelled or service + 'Exception'}", cause + ")")


class OptimizedCall(ApiCall):
    """A service with an integration of its own, such as ``dynamodb:putItem``."""

    def __init__(self, service: str, action: str, pattern: str) -> None:
        super().__init__(service, service, action, pattern)
        self.prefix, self.old_name = OPTIMIZED[service]

    def shaped(self, answer: dict[str, Any], metadata: dict[str, Any], request: str) -> dict[str, Any]:
        """Add the HTTP metadata that these integrations return."""
        headers = {str(name): str(value) for name, value in metadata.get("HTTPHeaders", {}).items()}
        request = metadata.get("RequestId") or headers.get("x-amzn-requestid") or request
        return {
            **answer,
            "SdkHttpMetadata": {
                "AllHttpHeaders": {name: [value] for name, value in headers.items()},
                "HttpHeaders": headers,
                "HttpStatusCode": metadata.get("HTTPStatusCode", 200),
            },
            "SdkResponseMetadata": {"RequestId": request},
        }

    def failure(self, error: Any, client: Any, request: str) -> StateFailure:
        """Name the failure as the Java SDK 1 does."""
        code, detail = error.response["Error"]["Code"], _detail(error, request)
        modelled = exception_name(client.meta.service_model, code)
        name = modelled or (code if code.endswith("Exception") else f"{code}Exception")
        if code in _DENIED and not modelled:  # the SDK has no class for it: it raises the service's
            name = f"{self.old_name.removesuffix('v2').replace(' ', '')}Exception"
        return StateFailure(
            f"{self.prefix}.{name}",
            f"{detail['message']} (Service: {self.old_name}; Status Code: {detail['status']}; Error Code: {code}; "
            f"Request ID: {detail['request']}; Proxy: null)",
        )


class PutEvents(OptimizedCall):
    """``events:putEvents``: names the execution in each event, and fails when any is refused."""

    fields = frozenset({"Entries", "EndpointId"})
    required = ("Entries",)

    def call(self, strand: Strand, arguments: Any) -> Any:
        """Put the events."""
        execution = strand.execution
        mine = [execution.identity.machine_arn, execution.arn]
        entries = [{**entry, "Resources": [*entry.get("Resources", []), *mine]} for entry in arguments["Entries"]]
        answer = super().call(strand, {**arguments, "Entries": entries})
        if answer.get("FailedEntryCount"):
            raise StateFailure("EventBridge.FailedEntry", dumps(answer))
        return answer


def exception_name(model: Any, code: str) -> str | None:
    """Return the Java class for an error *code* that the service's *model* knows, or None."""
    code = _OLD_CODES.get(code, code)
    for shape in model.error_shapes:
        known = {shape.name, shape.error_code, shape.metadata.get("error", {}).get("code")}
        if code in known or code.removesuffix("Exception") == shape.name.removesuffix("Exception"):
            return shape.name if shape.name.endswith("Exception") else f"{shape.name}Exception"
    return None


def _detail(error: Any, request: str) -> dict[str, Any]:
    response = error.response
    metadata = response.get("ResponseMetadata", {})
    return {
        "message": response["Error"].get("Message", ""),
        "status": metadata.get("HTTPStatusCode", 400),
        "request": metadata.get("RequestId") or request,
        "extended": metadata.get("HostId") or request,
    }


def to_parameters(value: Any, shape: Any) -> dict[str, Any]:
    """Return *value* as boto wants it for *shape*: members in the model's letter case, text where text is wanted.

    Raises:
        RuntimeFailure: A member is unknown or missing, in AWS's words.
    """
    problems: list[str] = []
    result = _convert(value if value is not None else {}, shape, problems)
    if problems:
        raise RuntimeFailure(unusable(value, problems))
    return result if isinstance(result, dict) else {}


def _convert(value: Any, shape: Any, problems: list[str]) -> Any:
    kind = None if shape is None or value is None else shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return _structure(value, shape, problems)
    if kind == "list" and isinstance(value, list):
        return [_convert(item, shape.member, problems) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _convert(item, shape.value, problems) for key, item in value.items()}
    if kind in {"string", "blob", "character"} and not isinstance(value, str):
        return dumps(value)
    return dt.datetime.fromisoformat(value) if kind == "timestamp" and isinstance(value, str) else value


def _structure(value: dict[str, Any], shape: Any, problems: list[str]) -> dict[str, Any]:
    members = {name.lower(): name for name in shape.members}
    converted = {}
    for key, item in value.items():
        name = members.get(key.lower())
        if name is None:
            problems.append(f'The field "{key}" is not supported by Step Functions')
            continue
        converted[name] = _convert(item, shape.members[name], problems)
    problems.extend(
        f'The field "{name[:1].upper() + name[1:]}" is required but was missing'
        for name in shape.required_members
        if name not in converted
    )
    return {name: item for name, item in converted.items() if item is not None}


def _instant(moment: dt.datetime) -> str:
    """Return *moment* as Java prints an Instant: milliseconds only where there are some."""
    milliseconds = moment.microsecond // 1000
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{milliseconds:03}Z" if milliseconds else "Z")


def to_value(answer: Any, shape: Any, named: Callable[[str], str]) -> Any:
    """Return boto's *answer* as JSON: members as *named* calls them, times and blobs as text."""
    kind = None if shape is None else shape.type_name
    if isinstance(answer, dict):
        if kind == "structure":
            members = shape.members
            return {named(name): to_value(item, members.get(name), named) for name, item in answer.items()}
        return {name: to_value(item, shape.value if kind == "map" else None, named) for name, item in answer.items()}
    if isinstance(answer, (list, tuple)):
        return [to_value(item, shape.member if kind == "list" else None, named) for item in answer]
    if isinstance(answer, dt.datetime):
        return _instant(answer.astimezone(dt.UTC))
    if hasattr(answer, "read"):
        answer = answer.read()
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
