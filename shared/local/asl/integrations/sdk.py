"""``aws-sdk:*`` and the optimized services, over boto3: names, shapes and errors as AWS's Java SDK gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.local.asl.errors import RuntimeFailure, StateFailure, dumps
from shared.local.asl.integrations.base import Integration
from shared.local.asl.integrations.java import exception_name, java_name
from shared.local.asl.reading import members, parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.client import BaseClient
    from botocore.exceptions import ClientError
    from botocore.model import OperationModel, ServiceModel
    from mypy_boto3_s3.type_defs import ResponseMetadataTypeDef

    from shared.local.asl.effects import Steps
    from shared.local.asl.integrations.base import Caller, Deadline
    from shared.local.asl.strand import Strand
    from shared.values import Json

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
# Services with an integration of their own: the name in front of their errors, and the old SDK's name in their causes.
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


def boto_name(service: str) -> str:
    """Return boto's name of the *service* that an ARN of ``aws-sdk`` names."""
    return _BOTO_NAMES.get(service, service)


_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


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

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Call the API, and wait for a callback if the pattern says so."""
        strand.record("TaskStarted", self.where())
        return (yield from super().run(strand, arguments, deadline))

    def _client(self, caller: Caller) -> BaseClient:
        services = caller.execution.engine.services
        client: BaseClient = services.client(self.service, services.region_of(caller.execution.arn), caller.role)
        return client

    def _model(self, client: BaseClient) -> OperationModel:
        """Return botocore's model of the operation, whose name may differ in letter case."""
        names = {name.lower(): name for name in client.meta.service_model.operation_names}
        name = names.get(self.operation.lower())
        if name is None:
            raise RuntimeFailure(f"The resource provided arn:aws:states:::{self.kind}:{self.action} is not recognized.")
        return client.meta.service_model.operation_model(name)

    def call(self, caller: Caller, arguments: Json) -> dict[str, Json]:
        """Return the API's answer, its members in Pascal case."""
        from botocore import xform_name  # all of it is needed only with a client
        from botocore.exceptions import BotoCoreError, ClientError

        from shared.local.asl.integrations.shapes import to_members, to_parameters

        engine, client = caller.execution.engine, self._client(caller)
        model = self._model(client)
        parameters = to_parameters(arguments, model.input_shape)
        try:
            answer = getattr(client, xform_name(model.name))(**parameters)
        except ClientError as error:
            service = client.meta.service_model
            raise self.failure(error, service, engine.uuid()) from error
        except BotoCoreError as error:
            name = java_name(client.meta.service_model.service_id)
            raise StateFailure(f"{name}.SdkClientException", str(error)) from error
        metadata = answer.pop("ResponseMetadata", {})
        shaped = to_members(answer, model.output_shape, self.member_name)
        return self.shaped(shaped, metadata, engine.uuid())

    @staticmethod
    def member_name(name: str) -> str:
        """Return what the answer's member *name* is called."""
        return name[:1].upper() + name[1:]

    def shaped(self, answer: dict[str, Json], _metadata: ResponseMetadataTypeDef, _request: str) -> dict[str, Json]:
        """Return *answer* with what the integration adds to it."""
        return answer

    def failure(self, error: ClientError, model: ServiceModel, request: str) -> StateFailure:
        """Return the failure for botocore's *error* of the service with this *model*, under the id *request*."""
        raise NotImplementedError


class SdkCall(ApiCall):
    """``aws-sdk:<service>:<action>``."""

    def __init__(self, service: str, action: str, pattern: str) -> None:
        super().__init__(f"aws-sdk:{service}", boto_name(service), action, pattern)

    @staticmethod
    def member_name(name: str) -> str:
        """Return the Java SDK's name of *name*: ``MD5OfBody`` becomes ``Md5OfBody``."""
        return java_name(name)

    def failure(self, error: ClientError, model: ServiceModel, request: str) -> StateFailure:
        """Name the failure as the Java SDK 2 does: ``S3.NoSuchKeyException``."""
        service, code, detail = java_name(model.service_id), error.response["Error"]["Code"], _detail(error, request)
        modelled = exception_name(model, code)
        cause = f"{detail.message} (Service: {service}, Status Code: {detail.status}, Request ID: {detail.request}"
        if service == "S3":
            cause += f", Extended Request ID: {detail.extended}"
        return StateFailure(f"{service}.{modelled or service + 'Exception'}", cause + ")")


class OptimizedCall(ApiCall):
    """A service with an integration of its own, such as ``dynamodb:putItem``."""

    def __init__(self, service: str, action: str, pattern: str) -> None:
        super().__init__(service, service, action, pattern)
        self.prefix, self.old_name = OPTIMIZED[service]

    def shaped(self, answer: dict[str, Json], metadata: ResponseMetadataTypeDef, request: str) -> dict[str, Json]:
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

    def failure(self, error: ClientError, model: ServiceModel, request: str) -> StateFailure:
        """Name the failure as the Java SDK 1 does."""
        code, detail = error.response["Error"]["Code"], _detail(error, request)
        modelled = exception_name(model, code)
        name = modelled or (code if code.endswith("Exception") else f"{code}Exception")
        if code in _DENIED and not modelled:  # the SDK has no class for this code, and raises the service's
            name = f"{self.old_name.removesuffix('v2').replace(' ', '')}Exception"
        return StateFailure(
            f"{self.prefix}.{name}",
            f"{detail.message} (Service: {self.old_name}; Status Code: {detail.status}; Error Code: {code}; "
            f"Request ID: {detail.request}; Proxy: null)",
        )


class PutEvents(OptimizedCall):
    """``events:putEvents``: names the execution in each event, and fails when any is refused."""

    fields = frozenset({"Entries", "EndpointId"})
    required = ("Entries",)

    def call(self, caller: Caller, arguments: Json) -> dict[str, Json]:
        """Put the events."""
        identity, given = caller.execution.identity, members(arguments)
        mine = (identity.machine_arn, identity.arn)
        entries = [{**entry, "Resources": [*_named(entry), *mine]} for entry in parts(given, "Entries")]
        answer = super().call(caller, {**given, "Entries": entries})
        if answer.get("FailedEntryCount"):
            raise StateFailure("EventBridge.FailedEntry", dumps(answer))
        return answer


def _named(entry: Mapping[str, Json]) -> list[Json]:
    """Return the Resources that an event's *entry* names itself."""
    found = entry.get("Resources")
    return found if isinstance(found, list) else []


class _Detail(NamedTuple):
    """What both SDKs tell of an error."""

    message: str
    status: int
    request: str
    extended: str


def _detail(error: ClientError, request: str) -> _Detail:
    metadata = error.response.get("ResponseMetadata", {})
    return _Detail(
        error.response["Error"].get("Message", ""),
        metadata.get("HTTPStatusCode", 400),
        metadata.get("RequestId") or request,
        metadata.get("HostId") or request,
    )
