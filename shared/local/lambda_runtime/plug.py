"""moto's Lambda runs its functions in our runtime. This module alone reads moto's functions and replaces moto's calls.

While installed, these are replaced: ``LambdaFunction.invoke``, which every service calls (moto's own needs Docker);
``LambdaBackend.invoke``; ``LambdaResponse.invoke`` and ``invoke_async``, the calls over HTTP; the backend's updates,
after which a function's workers must retire; and what :mod:`~shared.local.lambda_runtime.known` says.
tests/contract/test_moto_lambda_seam.py fails when moto changes what is used here.
"""

from __future__ import annotations

import base64
import functools
import json
import random
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import unquote

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import get_backend

from shared.local.arns import REGION
from shared.local.changing import apart
from shared.local.lambda_runtime import known
from shared.local.lambda_runtime.function import NOT_FOUND, FunctionSpec, InvokeRefusedError, Layer
from shared.local.lambda_runtime.image import image_parts
from shared.local.lambda_runtime.lineage import current
from shared.local.seams import Seam, plugged, replacing
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_lambda.type_defs import (
        CreateFunctionRequestTypeDef,
        LoggingConfigTypeDef,
        UpdateFunctionConfigurationRequestTypeDef,
    )

    from shared.local.lambda_runtime.function import CodeParts, Invocation
    from shared.local.lambda_runtime.runtime import LambdaRuntime

    Show = Callable[..., dict[str, object]]  # a method of moto's that describes a function

_HttpAnswer = tuple[int, dict[str, str], bytes]
_LATEST = "$LATEST"
_LEVELS = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}  # that a log as JSON has unless told otherwise
_chance = random.Random("aliases")  # noqa: S311  which version an alias leads to: the same in each cloud


def spec_of(function: LambdaFunction, latest: LambdaFunction | None = None, qualifier: str = "") -> FunctionSpec:
    """Return what the runtime needs of moto's *function*.

    Args:
        function: The version that runs.
        latest: The function that it is a version of, which holds what all versions share; itself if left out.
        qualifier: The version or alias that it is called by, if any.

    Raises:
        InvokeRefusedError: It is not Python, or its code is gone.
    """
    latest = latest or function
    reserved = latest.reserved_concurrency
    return FunctionSpec(
        name=function.function_name,
        arn=function.function_arn,
        account=function.account_id,
        region=function.region,
        version=str(function.version),
        role=function.role,
        memory_mb=int(function.memory_size),
        timeout=float(function.timeout),
        layers=tuple(_layer(function, layer["Arn"]) for layer in function.layers),
        ephemeral_mb=int(function.ephemeral_storage),
        log_group=function.logs_group_name,
        log_format=_format_of(function),
        reserved_concurrency=None if reserved is None else int(reserved),
        architecture=function.architectures[0],
        invoked=f"{latest.function_arn}:{qualifier}" if qualifier else latest.function_arn,
        **_asynchronous(function, latest, qualifier or _LATEST),
        **(image_parts(function) if function.package_type == "Image" else _zip_parts(function)),
    )


class _Asynchronous(TypedDict, total=False):
    """The parts of a :class:`FunctionSpec` that say what becomes of events. What is left out has AWS's default."""

    retry_attempts: int
    max_event_age: int
    on_success: str | None
    on_failure: str | None
    dead_letters: str | None


def _asynchronous(function: LambdaFunction, latest: LambdaFunction, qualifier: str) -> _Asynchronous:
    """Return what becomes of events that *function* is given under *qualifier*. *latest* holds the configurations."""
    found: _Asynchronous = {"dead_letters": getattr(function, "dead_letters", None) or None}
    held = [each.config for each in latest.event_invoke_config if getattr(each, "qualifier", _LATEST) == qualifier]
    if not held:
        return found
    told = held[0]
    destinations = told.get("DestinationConfig") or {}
    found["on_success"] = destinations.get("OnSuccess", {}).get("Destination")
    found["on_failure"] = destinations.get("OnFailure", {}).get("Destination")
    if told.get("MaximumRetryAttempts") is not None:
        found["retry_attempts"] = int(told["MaximumRetryAttempts"])
    if told.get("MaximumEventAgeInSeconds") is not None:
        found["max_event_age"] = int(told["MaximumEventAgeInSeconds"])
    return found


def _spec(backend: LambdaBackend, name: str, qualifier: str | None = None) -> FunctionSpec:
    """Return what a call of *name* runs, as it is called."""
    function = _called(backend, name, qualifier)
    asked = qualifier or _qualifier_in(name)
    latest = backend.get_function(function.function_name) if asked else function
    return spec_of(function, latest, asked)


def _qualifier_in(name: str) -> str:
    return name.rpartition(":function:")[2].partition(":")[2]


def _finder(account: str, region: str, name: str) -> Callable[[], FunctionSpec]:
    """Return what tells how a function is, each time anew: it may be changed or deleted while an event waits."""
    return functools.partial(_found, account, region, name, current())


def _called(backend: LambdaBackend, name: str, qualifier: str | None = None) -> LambdaFunction:
    """Return the version that a call of *name* runs: an alias may share its calls among two.

    Source: Lambda Developer Guide, "Traffic Shifting Using Aliases" (an older title of the page; read 2026-11-30).
    """
    function = backend.get_function(name, qualifier)
    qualifier = qualifier or _qualifier_in(name)
    if not qualifier or qualifier == _LATEST or qualifier.isdigit():
        return function
    shares = (backend.get_alias(qualifier, function.function_name).routing_config or {}).get("AdditionalVersionWeights")
    point = _chance.random()
    for version, share in (shares or {}).items():
        point -= share
        if point < 0:
            return backend.get_function(function.function_name, version)
    return function


def _found(account: str, region: str, name: str, lineage: str = "") -> FunctionSpec:
    try:
        return replace(_spec(get_backend(account, region), name), lineage=lineage)
    except UnknownFunctionException as error:
        raise InvokeRefusedError(NOT_FOUND, 404, error.message) from error


def _zip_parts(function: LambdaFunction) -> CodeParts:
    if not str(function.run_time).startswith("python"):
        raise InvokeRefusedError(
            "InvalidRuntimeException",
            502,
            f"{function.function_name} is {function.run_time}: the embedded cloud runs zip packages of Python only",
        )
    if not function.code_bytes:
        raise InvokeRefusedError("InvalidCodeException", 502, f"the code of {function.function_name} is not there")
    return {
        "handler": function.handler,
        "code_sha256": _hex(function.code_sha_256),
        "code": function.code_bytes,
        "image": None,
        "runtime": function.run_time,
        "environment": tuple(sorted((name, str(value)) for name, value in function.environment_vars.items())),
    }


def _layer(function: LambdaFunction, arn: str) -> Layer:
    version = get_backend(function.account_id, function.region).layers_versions_by_arn(arn)
    if version is None or not version.code_bytes:
        raise InvokeRefusedError(
            "InvalidCodeException", 502, f"the layer {arn} of {function.function_name} is not there"
        )
    return Layer(_hex(version.code_sha_256), version.code_bytes)


def _hex(sha256: str) -> str:
    return base64.b64decode(sha256).hex()


def invoker(runtime: LambdaRuntime, account: str, region: str) -> Callable[..., Invocation]:
    """Return how callers in this process invoke a function, by its name or ARN: over HTTP it takes ten times as long.

    It raises InvokeRefusedError, also if there is no such function. An ARN may be of another *region*.
    """

    def invoke(function: str, payload: bytes, client_context: str = "") -> Invocation:
        spec = _found(account, _where(function, region), function)
        return runtime.invoke(spec, payload, client_context=client_context or None)

    return invoke


def sender(runtime: LambdaRuntime, account: str, region: str) -> Callable[[str, bytes], str]:
    """Return how callers in this process send a function an event that nobody waits for; as of :func:`invoker`.

    It returns the id of the request.
    """

    def send(function: str, payload: bytes) -> str:
        find = functools.partial(_found, account, _where(function, region), function)
        spec = find()  # a function that is not there is told at once
        return runtime.invoke_event(spec.function_arn, find, payload)

    return send


def _where(function: str, region: str) -> str:
    return function.split(":")[REGION] if function.startswith("arn:") else region


@contextmanager
def install(runtime: LambdaRuntime) -> Iterator[LambdaRuntime]:
    """Have moto's Lambda run its functions in *runtime* while the block lasts."""
    seams = (
        replacing(LambdaFunction, "invoke", functools.partialmethod(_invoke_from_service, runtime)),
        replacing(LambdaBackend, "invoke", _invoking_and_waiting(runtime)),
        replacing(LambdaResponse, "invoke", _http_method(functools.partial(_invoke_over_http, runtime))),
        replacing(LambdaResponse, "invoke_async", _http_method(functools.partial(_invoke_async_over_http, runtime))),
        Seam(LambdaResponse, "_enrich_response", _keep_request_id),
        Seam(LambdaFunction, "__init__", _keeping_logging),
        Seam(LambdaFunction, "update_configuration", _updating_logging),
        Seam(LambdaFunction, "get_configuration", _showing_logging),
        *(Seam(LambdaBackend, name, functools.partial(_retiring, runtime)) for name in _CHANGES),
        *known.seams(runtime),
    )
    with plugged(seams):
        known.know_all(runtime)
        yield runtime


_CHANGES = ("update_function_code", "update_function_configuration")


def _retiring(runtime: LambdaRuntime, original: Callable[..., object]) -> Callable[..., object]:
    """Wrap a change of a function: its workers retire as soon as the change is made."""

    @functools.wraps(original)
    def change(self: LambdaBackend, function_name: str, *args: object, **kwargs: object) -> object:
        arn = self.get_function(function_name).function_arn
        result = original(self, function_name, *args, **kwargs)
        runtime.retire(arn)
        return result

    return change


def _keeping_logging(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap the making of a function: it keeps its LoggingConfig, which moto drops."""

    @functools.wraps(original)
    def create(
        self: LambdaFunction, account_id: str, spec: CreateFunctionRequestTypeDef, *args: object, **kwargs: object
    ) -> None:
        original(self, account_id, spec, *args, **kwargs)
        _keep_logging(self, spec.get("LoggingConfig", {}))

    return create


def _updating_logging(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def update(self: LambdaFunction, config_updates: UpdateFunctionConfigurationRequestTypeDef) -> object:
        _keep_logging(self, config_updates.get("LoggingConfig", {}))
        return original(self, config_updates)

    return update


def _showing_logging(original: Show) -> Show:
    @functools.wraps(original)
    def show(self: LambdaFunction, *args: object, **kwargs: object) -> dict[str, object]:
        logging = {"LogFormat": _format_of(self), "LogGroup": self.logs_group_name}
        levels = _LEVELS if logging["LogFormat"] == "JSON" else {}
        return original(self, *args, **kwargs) | {"LoggingConfig": logging | levels}

    return show


def _keep_logging(function: LambdaFunction, told: LoggingConfigTypeDef) -> None:
    function.logs_group_name = told.get("LogGroup", function.logs_group_name)
    function.log_format = told.get("LogFormat", _format_of(function))


def _format_of(function: LambdaFunction) -> str:
    """Return the format of a function's log; one that was kept by an earlier version has text."""
    return getattr(function, "log_format", "Text")


def _invoke_from_service(
    self: LambdaFunction,
    runtime: LambdaRuntime,
    body: object,
    request_headers: Mapping[str, str],
    response_headers: dict[str, str],
) -> bytes:
    """Stand in for LambdaFunction.invoke, which S3, SNS, streams and log subscriptions call without waiting."""
    find = _finder(self.account_id, self.region, self.function_arn)
    if dict(request_headers).get("x-amz-invocation-type") == "RequestResponse":
        with apart():
            return _answer(runtime.invoke(find(), _bytes(body)), response_headers)
    runtime.invoke_event(self.function_arn, find, _bytes(body))
    return b""


def _invoking_and_waiting(runtime: LambdaRuntime) -> Callable[..., bytes]:
    """Return what stands in for LambdaBackend.invoke. EventBridge, S3 and Secrets Manager call it."""

    def invoke(  # noqa: PLR0913  moto's own parameters
        self: LambdaBackend,
        function_name: str,
        qualifier: str | None,
        *,
        body: object,
        headers: Mapping[str, str],
        response_headers: dict[str, str],
    ) -> bytes:
        spec = _spec(self, function_name, qualifier)
        if dict(headers).get("x-amz-invocation-type") == "Event":
            find = _finder(self.account_id, self.region_name, spec.invoked)
            runtime.invoke_event(spec.function_arn, find, _bytes(body))
            return b""
        with apart():
            return _answer(runtime.invoke(spec, _bytes(body)), response_headers)

    return invoke


def _answer(invocation: Invocation, response_headers: dict[str, str]) -> bytes:
    if invocation.function_error:
        response_headers["x-amz-function-error"] = invocation.function_error
    response_headers["x-amz-executed-version"] = invocation.version
    return invocation.payload


def _keep_request_id(original: Callable[..., tuple[dict[str, str], object]]) -> object:
    """Wrap moto's last change to an answer: it would replace the id under which the invocation is logged."""

    def enrich(headers: dict[str, str], body: object) -> tuple[dict[str, str], object]:
        request_id = headers.get("x-amzn-requestid")
        headers, body = original(headers, body)
        return headers | ({"x-amzn-requestid": request_id} if request_id else {}), body

    return staticmethod(enrich)


def _http_method(handle: Callable[[LambdaResponse], _HttpAnswer]) -> Callable[[LambdaResponse], _HttpAnswer]:
    def method(self: LambdaResponse) -> _HttpAnswer:
        try:
            status, headers, body = handle(self)
        except InvokeRefusedError as refusal:
            reason = {"Type": "User", "message": refusal.what} | ({"Reason": refusal.reason} if refusal.reason else {})
            headers = {"x-amzn-errortype": refusal.code, "content-type": "application/json"}
            status, body = refusal.status, json.dumps(reason).encode()
        return status, headers | {"status": str(status)}, body  # moto goes by the header

    return method


def _invoke_over_http(runtime: LambdaRuntime, request: LambdaResponse) -> _HttpAnswer:
    """Stand in for the Invoke action."""
    headers: Mapping[str, str] = request.headers
    qualifier = request.querystring.get("Qualifier", [None])[0]
    backend = request.backend
    name = unquote(request.path.rsplit("/", 2)[-2])
    body = _json_body(request)
    kind = headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    if kind == "DryRun":
        _called(backend, name, qualifier)  # it must be there; whether it can run is not asked
        return 204, {}, b""
    spec = _spec(backend, name, qualifier)
    if kind == "Event":
        find = _finder(backend.account_id, backend.region_name, spec.invoked)
        request_id = runtime.invoke_event(spec.function_arn, find, body)
        return 202, {"x-amzn-requestid": request_id}, b""
    context = headers.get("X-Amz-Client-Context")
    client_context = base64.b64decode(context).decode() if context else None
    invocation = runtime.invoke(spec, body, client_context=client_context, waits=False)
    answer = {"content-type": "application/json", "x-amzn-requestid": invocation.request_id}
    payload = _answer(invocation, answer)
    if headers.get("X-Amz-Log-Type") == "Tail":
        answer["x-amz-log-result"] = base64.b64encode(invocation.log_tail.encode()).decode()
    return 200, answer, payload


def _invoke_async_over_http(runtime: LambdaRuntime, request: LambdaResponse) -> _HttpAnswer:
    """Stand in for the deprecated InvokeAsync action."""
    name = unquote(request.path.rstrip("/").rsplit("/", 2)[-2])
    backend = request.backend
    spec = _spec(backend, name)
    find = _finder(backend.account_id, backend.region_name, spec.invoked)
    runtime.invoke_event(spec.function_arn, find, _json_body(request))
    return 202, {"content-type": "application/json"}, b'{"Status":202}'


def _json_body(request: LambdaResponse) -> bytes:
    body = _bytes(request.body)
    try:
        read_strict(body or b"{}")
    except ValueError as error:
        raise InvokeRefusedError(
            "InvalidRequestContentException", 400, f"Could not parse request body into json: {error}"
        ) from error
    return body


def _bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else str(body or "").encode()
