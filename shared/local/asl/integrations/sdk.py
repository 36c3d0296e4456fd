"""``aws-sdk:*`` and the optimized services, over boto3: names, shapes and errors as AWS's Java SDK gives them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shared.local.asl.errors import StateFailure, dumps
from shared.local.asl.integrations.base import Integration
from shared.local.asl.integrations.hosts import host_of, is_this_machine
from shared.local.asl.integrations.java import (
    boto_name,
    exception_name,
    exception_name_2,
    member_name,
    operation_model,
    operation_of,
    service_name,
)
from shared.local.asl.integrations.optimized import OPTIMIZED
from shared.local.asl.reading import members
from shared.local.constraints import violated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError
    from botocore.model import ServiceModel
    from mypy_boto3_s3.type_defs import ResponseMetadataTypeDef

    from shared.local.asl.effects import Steps
    from shared.local.asl.engine import Engine
    from shared.local.asl.integrations.base import Caller, Deadline
    from shared.local.asl.strand import Strand
    from shared.values import Json

_AWS_HOST = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
# What version 2 of the SDK makes of an answer without a body, by its ExceptionTranslationInterceptor.
_NO_BODY = ("404", "NotFound")
_HEADS = {"HeadObject": "NoSuchKey", "HeadBucket": "NoSuchBucket"}
_BAD_BUCKET = "The specified bucket is not valid."


class UnknownActionError(ValueError):
    """The SDK has no such service, or no such action of it."""


class ApiCall(Integration):
    """A call of one API action.

    Args:
        kind: What events name resourceType.
        service: boto's name of the service.
        action: The action in camel case, as in the ARN.
        operation: boto's name of it.
        pattern: How it is called.
    """

    # Whether plain text stands for an attribute value of DynamoDB's.
    plain_attributes = False

    def __init__(self, kind: str, service: str, action: str, operation: str, pattern: str) -> None:
        super().__init__(kind, action + (f".{pattern}" if pattern else ""), pattern)
        self.service = service
        self.operation = operation
        self._model = operation_model(service, operation)

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Call the API, and wait for a callback if the pattern says so."""
        strand.record("TaskStarted", self.where())
        return (yield from super().run(strand, arguments, deadline))

    def check(self, _strand: Strand, arguments: Json) -> None:
        """Raise a RuntimeFailure unless the API can be called with *arguments*."""
        self._parameters(arguments)

    def _parameters(self, arguments: Json) -> dict[str, object]:
        from shared.local.asl.integrations.shapes import to_parameters

        shape = self._model.input_shape
        return to_parameters(arguments, shape, self.member_name, plain_attributes=self.plain_attributes)

    def call(self, caller: Caller, arguments: Json) -> dict[str, Json]:
        """Return the API's answer, its members in Pascal case."""
        from botocore import xform_name  # all of it is needed only with a client
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
        from botocore.parsers import ResponseParserError

        from shared.local.asl.integrations.shapes import to_members

        engine, model = caller.execution.engine, self._model
        region = engine.services.region_of(caller.execution.arn)
        client = engine.services.client(self.service, region, caller.role)
        parameters = self._parameters(arguments)
        self._check_sent(parameters, engine)
        try:
            answer = getattr(client, xform_name(model.name))(**parameters)
        except ClientError as error:
            told = error.response["Error"].get("Code", ""), _detail(error, engine.uuid())
            raise self.failure(*told, model.service_model) from error
        except ParamValidationError as error:  # boto looks at a bucket's name, Java leaves it to S3
            if "bucket name" not in str(error):
                raise self.unsent("Unable to marshall request") from error
            request = engine.uuid()
            detail = _Detail(_BAD_BUCKET, 400, request, request)
            raise self.failure("InvalidBucketName", detail, model.service_model) from error
        except (BotoCoreError, ResponseParserError) as error:
            what = f"Unable to execute HTTP request: the embedded cloud did not answer {model.name}"
            raise self.unsent(what) from error
        metadata = answer.pop("ResponseMetadata", {})
        shaped = to_members(answer, model.output_shape, self.member_name)
        return self.shaped(shaped, metadata, engine.uuid())

    def _check_sent(self, parameters: Mapping[str, object], engine: Engine) -> None:
        """Raise what is known without asking: a member is null that must not be, or the SDK cannot send at all.

        A queue's URL says where the SDK sends to. No host but those of AWS and this machine's own is known here.
        """
        lacking = self._lacking(parameters)
        if lacking:
            request = engine.uuid()
            code, message = _refusal(self.service, self._model.service_model.metadata["protocol"], lacking)
            raise self.failure(code, _Detail(message, 400, request, request), self._model.service_model)
        host = host_of(str(parameters.get("QueueUrl", ""))) if self.service == "sqs" else None
        if not (
            host in (None, host_of(engine.services.endpoint)) or is_this_machine(host) or _AWS_HOST.fullmatch(str(host))
        ):
            raise self.unsent(self.unknown_host(str(host)))

    def _lacking(self, parameters: Mapping[str, object]) -> list[str]:
        """Return the members that are null and must not be; none of a service whose words for that are not known.

        Raises:
            StateFailure: One of them is a part of the path.
        """
        from botocore.model import StructureShape

        shape = self._model.input_shape
        if not isinstance(shape, StructureShape):
            return []
        missing = [name for name in shape.required_members if parameters.get(name) is None]
        for name in missing:
            if shape.members[name].serialization.get("location") == "uri":
                raise self.unsent(f"Parameter '{name}' must not be null")
        return missing if self._model.service_model.metadata["protocol"] in ("json", "query") else []

    @property
    def prefix(self) -> str:
        """What the names of failures begin with."""
        raise NotImplementedError

    def unsent(self, cause: str) -> StateFailure:
        """Return the failure of a call that never reached the service."""
        return StateFailure(f"{self.prefix}.SdkClientException", cause)

    def unknown_host(self, host: str) -> str:
        """Return what the SDK says of a *host* that has no address."""
        return f"Unable to execute HTTP request: {host}: Name or service not known"

    @staticmethod
    def member_name(name: str) -> str:
        """Return what the answer's member *name* is called."""
        return name[:1].upper() + name[1:]

    def shaped(self, answer: dict[str, Json], _metadata: ResponseMetadataTypeDef, _request: str) -> dict[str, Json]:
        """Return *answer* with what the integration adds to it."""
        return answer

    def failure(self, code: str, detail: _Detail, model: ServiceModel) -> StateFailure:
        """Return the failure for an error *code* of the service with this *model*."""
        raise NotImplementedError


class SdkCall(ApiCall):
    """``aws-sdk:<service>:<action>``, by version 2 of the SDK.

    Raises:
        UnknownActionError: There is no such service or action.
    """

    def __init__(self, service: str, action: str, pattern: str) -> None:
        boto = boto_name(service)
        operation = operation_of(boto, action) if boto else None
        if boto is None or operation is None:
            raise UnknownActionError(f"{service}:{action}")
        super().__init__(f"aws-sdk:{service}", boto, action, operation, pattern)

    @staticmethod
    def member_name(name: str) -> str:
        """Return the Java SDK's name of *name*: ``MD5OfBody`` becomes ``Md5OfBody``."""
        return member_name(name)

    @property
    def prefix(self) -> str:
        """The SDK's name of the service: ``DynamoDb``."""
        return service_name(self._model.service_model.service_id)

    def failure(self, code: str, detail: _Detail, model: ServiceModel) -> StateFailure:
        """Name the failure as the Java SDK 2 does: ``S3.NoSuchKeyException``, or ``S3.S3Exception`` for want of one."""
        service = self.prefix
        if code in _NO_BODY and self.operation in _HEADS:  # the answer has no body, so the SDK knows only the status
            code, detail = _HEADS[self.operation], detail._replace(message="null")
        cause = f"{detail.message} (Service: {service}, Status Code: {detail.status}, Request ID: {detail.request}"
        if service == "S3":
            cause += f", Extended Request ID: {detail.extended}"
        return StateFailure(f"{service}.{exception_name_2(model, code) or service + 'Exception'}", cause + ")")

    def unknown_host(self, host: str) -> str:
        """Return what the SDK says of a *host* that has no address."""
        return (
            "Received an UnknownHostException when attempting to interact with a service. See cause for the exact "
            "endpoint that is failing to resolve. If this is happening on an endpoint that previously worked, there "
            f"may be a network connectivity issue or your DNS cache could be storing endpoints for too long. ({host})"
        )


class OptimizedCall(ApiCall):
    """A service with an integration of its own, such as ``dynamodb:putItem``, by version 1 of the SDK."""

    plain_attributes = True

    def __init__(self, service: str, action: str, pattern: str) -> None:
        super().__init__(service, service, action, action[:1].upper() + action[1:], pattern)
        self._names = OPTIMIZED[service]

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

    @property
    def prefix(self) -> str:
        """What Step Functions calls the service: ``DynamoDB``."""
        return self._names.prefix

    def failure(self, code: str, detail: _Detail, model: ServiceModel) -> StateFailure:
        """Name the failure as the Java SDK 1 does; for an error without a class it has the base exception."""
        return StateFailure(
            f"{self.prefix}.{exception_name(model, code) or self._names.exception}",
            f"{detail.message} (Service: {self._names.client}; Status Code: {detail.status}; Error Code: {code}; "
            f"Request ID: {detail.request}; Proxy: null)",
        )


class PutEvents(OptimizedCall):
    """``events:putEvents``: names the execution in each event, and fails when any is refused."""

    fields = frozenset({"Entries", "EndpointId"})  # what a mock of it is held to
    required = ("Entries",)

    def call(self, caller: Caller, arguments: Json) -> dict[str, Json]:
        """Put the events."""
        identity, given = caller.execution.identity, members(arguments)
        mine = (identity.machine_arn, identity.arn)
        entries = given.get("Entries")
        if isinstance(entries, list):
            given = {**given, "Entries": [_with_resources(entry, mine) for entry in entries]}
        answer = super().call(caller, given)
        if answer.get("FailedEntryCount"):
            raise StateFailure("EventBridge.FailedEntry", dumps(answer))
        return answer


def _with_resources(entry: Json, more: tuple[str, ...]) -> Json:
    """Return an event's *entry* with *more* resources than it names itself."""
    if not isinstance(entry, dict):
        return entry
    own = entry.get("Resources")
    return {**entry, "Resources": [*(own if isinstance(own, list) else []), *more]}


class _Detail(NamedTuple):
    """What both SDKs tell of an error."""

    message: str
    status: int
    request: str
    extended: str


def _refusal(service: str, protocol: str, lacking: list[str]) -> tuple[str, str]:
    """Return the code and the words with which *service* of this *protocol* refuses a request that lacks members."""
    if service == "sqs":
        return "MissingParameter", f"The request must contain the parameter {lacking[0]}."
    names = [f"{name[:1].lower()}{name[1:]}" for name in lacking]
    problems = [f"Value null at '{name}' failed to satisfy constraint: Member must not be null" for name in names]
    # The services of the older query protocol call the same error by another name.
    code = "ValidationError" if protocol == "query" else "ValidationException"
    return code, violated(problems)


def _detail(error: ClientError, request: str) -> _Detail:
    metadata = error.response.get("ResponseMetadata", {})
    message = str(error.response["Error"].get("Message", ""))
    if message.lstrip().lower().startswith("<!doctype html"):  # a page of moto's server, which lacks the call
        message = f"The embedded cloud does not answer {error.operation_name}, though AWS does"
    return _Detail(
        message,
        metadata.get("HTTPStatusCode", 400),
        metadata.get("RequestId") or request,
        metadata.get("HostId") or request,
    )
