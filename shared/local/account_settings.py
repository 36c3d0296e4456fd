"""Lambda's GetAccountSettings, which moto does not have: a deploy asks it how much may still be reserved."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

CONCURRENCY = 1000  # of an account in a region, unless AWS was asked for another
_PATH = r"{0}/(?P<api_version>[^/]+)/account-settings/?$"
_SEAM = "get_account_settings"


@contextlib.contextmanager
def account_settings_told() -> Iterator[None]:
    """Make moto answer the call, for servers that start while the block lasts."""
    url_paths[_PATH] = LambdaResponse.dispatch
    setattr(LambdaResponse, _SEAM, _get_account_settings)
    try:
        yield
    finally:
        delattr(LambdaResponse, _SEAM)
        del url_paths[_PATH]


def _get_account_settings(response: Any) -> tuple[int, dict[str, str], str]:
    functions = list(response.backend.list_functions())
    reserved = sum(int(function.reserved_concurrency or 0) for function in functions)
    limit = {"ConcurrentExecutions": CONCURRENCY, "UnreservedConcurrentExecutions": CONCURRENCY - reserved}
    usage = {"FunctionCount": len(functions), "TotalCodeSize": sum(int(function.code_size) for function in functions)}
    return 200, {}, json.dumps({"AccountLimit": limit, "AccountUsage": usage})
