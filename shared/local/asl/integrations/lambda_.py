"""Lambda: ``arn:aws:states:::lambda:invoke`` and bare function ARNs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.local.asl.errors import StateFailure, dumps
from shared.local.asl.integrations.base import REQUEST, Integration
from shared.local.asl.reading import members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.asl.effects import Steps
    from shared.local.asl.engine import Invocation
    from shared.local.asl.integrations.base import Caller, Deadline
    from shared.local.asl.strand import Strand
    from shared.values import Json

UNKNOWN = "Lambda.Unknown"


def call_function(caller: Caller, function: str, payload: Json) -> tuple[Invocation, Json]:
    """Invoke *function* with *payload* as JSON; return the invocation and the payload that came back.

    Args:
        caller: Who invokes it.
        function: A name, or an ARN.
        payload: The function's event.

    Raises:
        StateFailure: The function failed, under the error type it gave; or could not be invoked.
    """
    engine = caller.execution.engine
    try:
        engine.permit(caller.role, "lambda:InvokeFunction", function_arn(function, caller.execution.arn))
        invocation = engine.invoke_lambda(function, dumps(payload).encode())
    except Exception as error:
        raise invocation_failure(error, engine.uuid()) from error
    text = bytes(invocation.payload).decode()
    if invocation.function_error:
        raise function_failure(text)
    return invocation, json.loads(text) if text else None


def function_arn(function: str, neighbour: str) -> str:
    """Return the ARN of *function*, an ARN, a name or ``account:function:name``, where *neighbour*'s ARN is."""
    if function.startswith("arn:"):
        return function
    name = function.partition(":function:")[2] or function
    _, partition, _, region, account, *_ = neighbour.split(":")
    return f"arn:{partition}:lambda:{region}:{account}:function:{name}"


def function_failure(text: str) -> StateFailure:
    """Return the failure for a function's error payload *text*."""
    try:
        payload = json.loads(text)
    except ValueError:
        payload = None
    error = payload.get("errorType") if isinstance(payload, dict) else None
    if error:
        return StateFailure(str(error), text)
    return StateFailure(
        UNKNOWN,
        f"The cause could not be determined because Lambda did not return an error type. Returned payload: {text}",
    )


def invocation_failure(error: Exception, request: str) -> StateFailure:
    """Return the failure for an *error* that stopped a function from being invoked, under the id *request*.

    The runtime's errors tell AWS's name in ``code``, moto's in ``error_type``, boto's in their response.
    """
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        code, message = str(response["Error"]["Code"]), response["Error"].get("Message", "")
    else:
        named = (getattr(error, "code", None), getattr(error, "error_type", None))
        code = next((name for name in named if isinstance(name, str)), type(error).__name__)
        message = getattr(error, "message", None) or str(error)
    if code not in _STATUS:
        code = "AWSLambdaException"
    status = _STATUS[code]
    where = f"Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request ID: {request}; Proxy: null"
    return StateFailure(f"Lambda.{_NAMED.get(code, code)}", f"{message} ({where})")


_STATUS = {
    "ResourceNotFoundException": 404,
    "TooManyRequestsException": 429,
    "InvalidRequestContentException": 400,
    "RequestTooLargeException": 413,
    "InvalidParameterValueException": 400,
    "ResourceConflictException": 409,
    "ResourceNotReadyException": 502,
    "ServiceException": 500,
    "AWSLambdaException": 500,
    "AccessDeniedException": 403,
    "SdkClientException": 500,
}
# The Java SDK has no class for these codes: it raises the service's. Seen in aws-deployment-framework, issue 460.
_NAMED = {"AccessDeniedException": "AWSLambdaException"}


class FunctionTask(Integration):
    """A bare function ARN as resource: the input is the payload, the output what the function returns."""

    family = "LambdaFunction"
    takes_any = True

    def __init__(self, arn: str) -> None:
        super().__init__("lambda", "invoke")
        self.arn = self.result_name = arn

    def where(self) -> Mapping[str, Json]:
        """Return nothing: these events carry only input, output or error."""
        return {}

    def scheduled(self, _strand: Strand, arguments: Json) -> dict[str, Json]:
        """Return the function and its input."""
        return {"resource": self.arn, "input": arguments}

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Invoke the function."""
        strand.record("LambdaFunctionStarted")
        return (yield from super().run(strand, arguments, deadline))

    def call(self, caller: Caller, arguments: Json) -> Json:
        """Return what the function returns."""
        return call_function(caller, self.arn, arguments)[1]


class Invoke(Integration):
    """``lambda:invoke``: the output is Lambda's response with the payload parsed."""

    fields = frozenset({"ClientContext", "FunctionName", "InvocationType", "Payload", "Qualifier"})
    required = ("FunctionName",)

    def __init__(self, pattern: str) -> None:
        super().__init__("lambda", "invoke" + (f".{pattern}" if pattern else ""), pattern)

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Invoke the function, and wait for its callback if the pattern says so."""
        strand.record("TaskStarted", self.where())
        return (yield from super().run(strand, arguments, deadline))

    def call(self, caller: Caller, arguments: Json) -> Json:
        """Return Lambda's response."""
        given, engine = members(arguments), caller.execution.engine
        function, sent = str(given["FunctionName"]), given.get("Payload", {})
        if qualifier := given.get("Qualifier"):
            function = f"{function}:{qualifier}"
        event = given.get("InvocationType") == "Event"
        if event and self.pattern == REQUEST:
            caller.execution.submit(lambda: _ignore(caller, function, sent))
            return {**_response(202, engine.uuid(), 0, {}), "StatusCode": 202}
        invocation, payload = call_function(caller, function, sent)
        executed = {"X-Amz-Executed-Version": invocation.version}
        return {
            "ExecutedVersion": invocation.version,
            "Payload": payload,
            **_response(200, invocation.request_id, len(invocation.payload), executed),
            "StatusCode": 200,
        }


def _ignore(caller: Caller, function: str, payload: Json) -> None:
    """Invoke *function* and forget what comes of it: nobody waits for an asynchronous invocation."""
    try:
        call_function(caller, function, payload)
    except StateFailure:
        return


def _response(status: int, request: str, length: int, executed: Mapping[str, str]) -> dict[str, Json]:
    """Return what the Java SDK tells of a response of *length* bytes; *executed* is the header with the version."""
    headers = {
        **executed,
        "x-amzn-Remapped-Content-Length": "0",
        "Connection": "keep-alive",
        "x-amzn-RequestId": request,
        "Content-Length": str(length),
        "Content-Type": "application/json",
    }
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": status,
        },
        "SdkResponseMetadata": {"RequestId": request},
    }
