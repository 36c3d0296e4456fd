"""Which functions moto has, told to the runtime; and how its slots stand, told to whoever asks for Lambda's limits.

The runtime shares slots among the teams that own a function, and keeps those that a function has reserved. While
installed, the calls that make and delete functions and change their reserved concurrency tell it, and the answer to
GetAccountSettings has a header more (:mod:`shared.local.standing`).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.awslambda.responses import LambdaResponse

from shared.local.seams import Seam
from shared.local.standing import HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.awslambda.models import LambdaFunction

    from shared.local.lambda_runtime.runtime import LambdaRuntime

    _Answer = tuple[int, dict[str, str], str]


def seams(runtime: LambdaRuntime) -> tuple[Seam, ...]:
    """Return what tells *runtime* of functions, and others of it."""
    return (
        Seam(LambdaBackend, "create_function", functools.partial(_made, runtime)),
        *(
            Seam(LambdaBackend, name, functools.partial(_reserved, runtime))
            for name in ("put_function_concurrency", "delete_function_concurrency")
        ),
        Seam(LambdaBackend, "delete_function", functools.partial(_deleted, runtime)),
        Seam(LambdaResponse, "get_account_settings", functools.partial(_telling, runtime)),
    )


def know_all(runtime: LambdaRuntime) -> None:
    """Tell *runtime* of the functions that there are, as in a cloud that was kept."""
    for regions in list(lambda_backends.values()):
        for backend in list(regions.values()):
            for function in backend.list_functions():
                _know(runtime, function)


def _know(runtime: LambdaRuntime, function: LambdaFunction) -> None:
    reserved = function.reserved_concurrency
    runtime.know(function.function_arn, None if reserved is None else int(reserved))


def _made(runtime: LambdaRuntime, original: Callable[..., LambdaFunction]) -> Callable[..., LambdaFunction]:
    @functools.wraps(original)
    def make(self: LambdaBackend, spec: Mapping[str, object]) -> LambdaFunction:
        made = original(self, spec)
        _know(runtime, self.get_function(made.function_name))
        return made

    return make


def _reserved(runtime: LambdaRuntime, original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def reserve(self: LambdaBackend, function_name: str, *args: object, **named: object) -> object:
        answer = original(self, function_name, *args, **named)
        _know(runtime, self.get_function(function_name))
        return answer

    return reserve


def _deleted(runtime: LambdaRuntime, original: Callable[..., object]) -> Callable[..., object]:
    """Wrap the deletion of a function or a version.

    Workers of a deleted function end at once. AWS lets them finish, but here they would load the user's machine.
    """

    @functools.wraps(original)
    def delete(self: LambdaBackend, function_name: str, *args: object, **named: object) -> object:
        arn = self.get_function(function_name).function_arn
        answer = original(self, function_name, *args, **named)
        if any(args) or any(named.values()):  # a version alone
            runtime.retire(arn)
        else:
            runtime.forget(arn)
        return answer

    return delete


def _telling(runtime: LambdaRuntime, original: Callable[..., _Answer]) -> Callable[..., _Answer]:
    @functools.wraps(original)
    def get(self: LambdaResponse) -> _Answer:
        status, headers, body = original(self)
        return status, {**headers, HEADER: runtime.standing().as_header()}, body

    return get
