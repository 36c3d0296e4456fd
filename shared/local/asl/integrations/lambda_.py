"""Lambda: ``arn:aws:states:::lambda:invoke`` and bare function ARNs."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

from shared.local.asl.errors import RuntimeFailure, StateFailure, dumps
from shared.local.asl.integrations.base import Integration, told_by, unusable
from shared.local.asl.json_text import JsonTextError, read_json
from shared.local.asl.reading import members
from shared.local.asl.size import check_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.asl.effects import Steps
    from shared.local.asl.engine import Invocation
    from shared.local.asl.integrations.base import Caller, Deadline
    from shared.local.asl.strand import Strand
    from shared.values import Json

UNKNOWN = "Lambda.Unknown"
EVENT, DRY_RUN, WAITED = "Event", "DryRun", "RequestResponse"
TAIL = "Tail"
_TYPES = (EVENT, WAITED, DRY_RUN)
# Lambda API reference, Invoke, FunctionName (read 2026-11-30).
_NAME = re.compile(
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)"
    r"(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)


def call_function(
    caller: Caller, function: str, payload: bytes, *, named: str, context: str = ""
) -> tuple[Invocation, Json]:
    """Invoke *function* with *payload*, JSON; return the invocation and the payload that came back.

    Args:
        caller: Who invokes it.
        function: A name, or an ARN.
        payload: The function's event.
        named: What the failure for a result that is too large names.
        context: The client context, JSON in base64, empty for none.

    Raises:
        StateFailure: The function failed, under the error type it gave; or could not be invoked, or answered too much.
    """
    engine = caller.execution.engine
    try:
        engine.permit(caller.role, "lambda:InvokeFunction", function_arn(function, caller.execution.arn))
        more = (_decoded(context),) if context else ()
        invocation = engine.invoke_lambda(function, payload, *more)
    except Exception as error:
        raise _told(error, engine.uuid()) from error
    answer = bytes(invocation.payload)
    text = answer.decode("utf-8", "replace")
    if invocation.function_error:
        raise function_failure(text)
    check_bytes(len(answer), named)
    try:
        return invocation, read_json(text) if text else None
    except JsonTextError:
        what = f"The function returned what is no JSON: {text}"
        raise StateFailure(UNKNOWN, what) from None


def _decoded(context: str) -> str:
    try:
        return base64.b64decode(context, validate=True).decode()
    except ValueError:
        what = "Could not base64 decode client context"
        raise invocation_failure("InvalidRequestContentException", what, "") from None


def _told(error: Exception, request: str) -> Exception:
    """Return the failure for an *error* of Lambda's under the id *request*, or the error itself if it is none of it."""
    if isinstance(error, StateFailure):
        return error
    told = told_by(error)
    return error if told is None else invocation_failure(*told, request)


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


def invocation_failure(code: str, message: str, request: str) -> StateFailure:
    """Return the failure for an error *code* that stopped a function from being invoked, under the id *request*."""
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
    "ValidationException": 400,
    "InvalidRuntimeException": 502,
    "InvalidZipFileException": 502,
    "SdkClientException": 500,
}
# The Java SDK has no class for these codes: it raises the service's. Seen in aws-deployment-framework, issue 460.
_NAMED = dict.fromkeys(("AccessDeniedException", "ValidationException"), "AWSLambdaException")


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
        return call_function(caller, self.arn, dumps(arguments).encode(errors="replace"), named=self.result_name)[1]


class Invoke(Integration):
    """``lambda:invoke``: the output is Lambda's response with the payload parsed."""

    fields = frozenset({"ClientContext", "FunctionName", "InvocationType", "LogType", "Payload", "Qualifier"})
    required = ("FunctionName",)

    def __init__(self, pattern: str) -> None:
        super().__init__("lambda", "invoke" + (f".{pattern}" if pattern else ""), pattern)

    def check(self, strand: Strand, arguments: Json) -> None:
        """Raise a RuntimeFailure unless a function can be invoked with *arguments*."""
        super().check(strand, arguments)
        for name, value in members(arguments).items():
            if name != "Payload" and isinstance(value, dict | list):
                raise RuntimeFailure(unusable(arguments, [f"The value of the field '{name}' has an invalid format"]))

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Invoke the function, and wait for its callback if the pattern says so."""
        strand.record("TaskStarted", self.where())
        return (yield from super().run(strand, arguments, deadline))

    def call(self, caller: Caller, arguments: Json) -> Json:
        """Return Lambda's response."""
        given, engine = members(arguments), caller.execution.engine
        self._check_members(given, engine.uuid())
        function, payload = _qualified(given, engine.uuid()), _payload(given.get("Payload"))
        kind = given.get("InvocationType") or WAITED
        if kind != WAITED:
            return _answered_at_once(caller, function, payload, dry=kind == DRY_RUN)
        context = str(given.get("ClientContext") or "")
        invocation, answer = call_function(caller, function, payload, named=self.result_name, context=context)
        executed = {"X-Amz-Executed-Version": invocation.version}
        more: dict[str, Json] = {}
        if given.get("LogType") == TAIL:
            more["LogResult"] = executed["X-Amz-Log-Result"] = base64.b64encode(invocation.log_tail.encode()).decode()
        return {
            "ExecutedVersion": invocation.version,
            **more,
            "Payload": answer,
            **_response(200, invocation.request_id, len(invocation.payload), executed),
            "StatusCode": 200,
        }

    @staticmethod
    def _check_members(given: Mapping[str, Json], request: str) -> None:
        """Raise what Lambda answers for members that it does not take."""
        problem, function = None, given.get("FunctionName")
        if function is None:
            problem = "Value null at 'functionName' failed to satisfy constraint: Member must not be null"
        elif not _NAME.fullmatch(str(function)):
            what = f"Member must satisfy regular expression pattern: {_NAME.pattern}"
            problem = f"Value '{function}' at 'functionName' failed to satisfy constraint: {what}"
        for name, known in (("InvocationType", _TYPES), ("LogType", ("None", TAIL))):
            if given.get(name) not in (None, *known):
                where = f"{name[:1].lower()}{name[1:]}"
                what = f"Member must satisfy enum value set: [{', '.join(known)}]"
                problem = f"Value '{given[name]}' at '{where}' failed to satisfy constraint: {what}"
        if problem:
            raise invocation_failure("ValidationException", f"1 validation error detected: {problem}", request)


def _qualified(given: Mapping[str, Json], request: str) -> str:
    """Return the name or ARN of the function, with the qualifier that a task names beside it."""
    function, qualifier = str(given["FunctionName"]), given.get("Qualifier")
    if qualifier is None:
        return function
    own = function.rpartition(":function:")[2].partition(":")[2]
    if own and own != qualifier:
        what = "The derived qualifier from the function name does not match the specified qualifier."
        raise invocation_failure("InvalidParameterValueException", what, request)
    return function if own else f"{function}:{qualifier}"


def _payload(value: Json) -> bytes:
    """Return the event for a Payload: text that is JSON is sent as it is, as nothing stands for an empty object."""
    if value is None:
        return b"{}"
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return dumps(value).encode(errors="replace")
        return value.encode(errors="replace")
    return dumps(value).encode(errors="replace")


def _answered_at_once(caller: Caller, function: str, payload: bytes, *, dry: bool) -> dict[str, Json]:
    """Return the response to an invocation that nobody waits for: an event, or a *dry* run that invokes nothing."""
    engine = caller.execution.engine
    try:
        engine.permit(caller.role, "lambda:InvokeFunction", function_arn(function, caller.execution.arn))
        if dry:
            client = engine.services.client("lambda", engine.services.region_of(caller.execution.arn), caller.role)
            request = client.invoke(FunctionName=function, InvocationType=DRY_RUN)["ResponseMetadata"]["RequestId"]
        else:
            request = engine.send_event(function, payload)
    except Exception as error:
        raise _told(error, engine.uuid()) from error
    status = 204 if dry else 202
    return {**_response(status, request, 0, {}), "StatusCode": status}


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
