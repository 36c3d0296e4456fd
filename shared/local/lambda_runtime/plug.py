"""Where moto's Lambda meets the runtime: the one place that reads, and replaces, moto's own.

Replaced while installed: ``LambdaFunction.invoke`` (every service's way to a function; moto's runs Docker),
``LambdaBackend.invoke``, ``LambdaResponse.invoke`` and ``invoke_async`` (HTTP), and, so that workers retire, the
backend's update and delete. tests/contract/test_moto_lambda_seam.py fails when moto changes what is used here.
"""

from __future__ import annotations

import base64
import functools
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import get_backend

from shared.local.lambda_runtime.function import FunctionSpec, InvokeRefusedError, Layer
from shared.local.lambda_runtime.image import image_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.local.lambda_runtime.function import Invocation
    from shared.local.lambda_runtime.runtime import LambdaRuntime

_HttpAnswer = tuple[int, dict[str, str], bytes]


def spec_of(function: LambdaFunction) -> FunctionSpec:
    """Return what the runtime needs of moto's *function*.

    Raises:
        InvokeRefusedError: It is not Python, or its code is gone.
    """
    asynchronous = function.event_invoke_config  # moto appends, so the last one holds
    retries = asynchronous[-1].config.get("MaximumRetryAttempts") if asynchronous else None
    reserved = function.reserved_concurrency
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
        reserved_concurrency=None if reserved is None else int(reserved),
        retry_attempts=2 if retries is None else int(retries),
        **(image_parts(function) if function.package_type == "Image" else _zip_parts(function)),
    )


def _zip_parts(function: LambdaFunction) -> dict[str, Any]:
    if not str(function.run_time).startswith("python"):
        raise InvokeRefusedError(
            "InvalidRuntimeException",
            502,
            f"{function.function_name} is {function.run_time}: of zip packages, the embedded cloud runs Python's only",
        )
    if not function.code_bytes:
        raise InvokeRefusedError("InvalidCodeException", 502, f"the code of {function.function_name} is not there")
    return {
        "handler": function.handler,
        "code_sha256": _hex(function.code_sha_256),
        "code": function.code_bytes,
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


def invoker(runtime: LambdaRuntime, account: str) -> Callable[[str, bytes, str], Invocation]:
    """Return a function (name or ARN, payload, region) -> Invocation for callers in this process.

    It raises InvokeRefusedError, also when there is no such function.
    """

    def invoke(name_or_arn: str, payload: bytes, region: str) -> Invocation:
        try:
            function = get_backend(account, region).get_function(name_or_arn)
        except UnknownFunctionException as error:
            raise InvokeRefusedError("ResourceNotFoundException", 404, error.message) from error
        return runtime.invoke(spec_of(function), payload)

    return invoke


@contextmanager
def install(runtime: LambdaRuntime) -> Iterator[LambdaRuntime]:
    """Have moto's Lambda run its functions in *runtime* while the context lasts."""
    replacements: list[tuple[type, str, Callable[..., Any]]] = [
        (LambdaFunction, "invoke", functools.partialmethod(_invoke_from_service, runtime)),  # type: ignore[list-item]
        (LambdaBackend, "invoke", functools.partialmethod(_invoke_and_wait, runtime)),  # type: ignore[list-item]
        (LambdaResponse, "invoke", _http_method(functools.partial(_invoke_over_http, runtime))),
        (LambdaResponse, "invoke_async", _http_method(functools.partial(_invoke_async_over_http, runtime))),
        (LambdaResponse, "_enrich_response", _keep_request_id(LambdaResponse._enrich_response)),  # noqa: SLF001
        (LambdaFunction, "__init__", _keeping_log_group(LambdaFunction.__init__)),
        (LambdaFunction, "update_configuration", _updating_log_group(LambdaFunction.update_configuration)),
        (LambdaFunction, "get_configuration", _showing_log_group(LambdaFunction.get_configuration)),
        *((LambdaBackend, name, _retiring(runtime, getattr(LambdaBackend, name))) for name in _CHANGES),
    ]
    originals = [(owner, name, owner.__dict__.get(name)) for owner, name, _ in replacements]
    for owner, name, replacement in replacements:
        setattr(owner, name, replacement)
    try:
        yield runtime
    finally:
        for owner, name, original in originals:
            if original is None:  # it was inherited
                delattr(owner, name)
            else:
                setattr(owner, name, original)


_CHANGES = ("update_function_code", "update_function_configuration", "delete_function")


def _retiring(runtime: LambdaRuntime, original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a change of a function so that its workers retire once it is made.

    Those of a deleted function end at once. AWS lets them finish, but here they would burn the user's machine.
    """
    deletes = original.__name__ == "delete_function"

    @functools.wraps(original)
    def change(self: LambdaBackend, function_name: str, *args: Any, **kwargs: Any) -> Any:
        arn = self.get_function(function_name).function_arn
        result = original(self, function_name, *args, **kwargs)
        runtime.retire(arn, at_once=deletes and not any(args))  # a version that goes alone is named
        return result

    return change


def _keeping_log_group(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap the making of a function so that it keeps its LoggingConfig, which moto drops."""

    @functools.wraps(original)
    def create(self: LambdaFunction, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        original(self, account_id, spec, *args, **kwargs)
        self.logs_group_name = spec.get("LoggingConfig", {}).get("LogGroup", self.logs_group_name)

    return create


def _updating_log_group(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def update(self: LambdaFunction, config_updates: dict[str, Any]) -> Any:
        self.logs_group_name = config_updates.get("LoggingConfig", {}).get("LogGroup", self.logs_group_name)
        return original(self, config_updates)

    return update


def _showing_log_group(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @functools.wraps(original)
    def show(self: LambdaFunction, *args: Any, **kwargs: Any) -> dict[str, Any]:
        logging = {"LogFormat": "Text", "LogGroup": self.logs_group_name}
        return original(self, *args, **kwargs) | {"LoggingConfig": logging}

    return show


def _invoke_from_service(
    self: LambdaFunction, runtime: LambdaRuntime, body: Any, request_headers: Any, response_headers: Any
) -> bytes:
    """Stand in for LambdaFunction.invoke, which S3, SNS, streams and log subscriptions call: they do not wait."""
    if dict(request_headers).get("x-amz-invocation-type") == "RequestResponse":
        return _answer(runtime.invoke(spec_of(self), _bytes(body)), response_headers)
    runtime.invoke_event(spec_of(self), _bytes(body))
    return b""


def _invoke_and_wait(  # noqa: PLR0913, PLR0917  moto's signature
    self: LambdaBackend,
    runtime: LambdaRuntime,
    function_name: str,
    qualifier: str | None,
    body: Any,
    headers: Any,  # noqa: ARG001  moto's signature
    response_headers: Any,
) -> bytes:
    """Stand in for LambdaBackend.invoke, which the queue poller calls to know whether it went well; EventBridge too."""
    function = self.get_function(function_name, qualifier)
    return _answer(runtime.invoke(spec_of(function), _bytes(body)), response_headers)


def _answer(invocation: Invocation, response_headers: dict[str, str]) -> bytes:
    if invocation.function_error:
        response_headers["x-amz-function-error"] = invocation.function_error
    response_headers["x-amz-executed-version"] = invocation.version
    return invocation.payload


def _keep_request_id(original: Callable[..., Any]) -> Any:
    """Wrap moto's last touch to an answer, which would replace the id under which the invocation is logged."""

    def enrich(headers: dict[str, str], body: Any) -> tuple[dict[str, str], Any]:
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
    spec = spec_of(request.backend.get_function(unquote(request.path.rsplit("/", 2)[-2]), qualifier))
    body = _json_body(request)
    kind = headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    if kind == "DryRun":
        return 204, {}, b""
    if kind == "Event":
        request_id = runtime.invoke_event(spec, body)
        return 202, {"x-amzn-requestid": request_id}, b""
    context = headers.get("X-Amz-Client-Context")
    client_context = base64.b64decode(context).decode() if context else None
    invocation = runtime.invoke(spec, body, client_context=client_context)
    answer = {"content-type": "application/json", "x-amzn-requestid": invocation.request_id}
    payload = _answer(invocation, answer)
    if headers.get("X-Amz-Log-Type") == "Tail":
        answer["x-amz-log-result"] = base64.b64encode(invocation.log_tail.encode()).decode()
    return 200, answer, payload


def _invoke_async_over_http(runtime: LambdaRuntime, request: LambdaResponse) -> _HttpAnswer:
    """Stand in for the deprecated InvokeAsync action."""
    name = unquote(request.path.rstrip("/").rsplit("/", 2)[-2])
    runtime.invoke_event(spec_of(request.backend.get_function(name)), _json_body(request))
    return 202, {"content-type": "application/json"}, b'{"Status":202}'


def _json_body(request: LambdaResponse) -> bytes:
    body = _bytes(request.body)
    try:
        json.loads(body or b"{}")
    except ValueError as error:
        raise InvokeRefusedError(
            "InvalidRequestContentException", 400, f"Could not parse request body into json: {error}"
        ) from error
    return body


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body or "").encode()
