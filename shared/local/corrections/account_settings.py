"""What the account has of Lambda: GetAccountSettings and Service Quotas, neither of which moto tells.

A deploy asks how much may still be reserved, and how much memory a function may have.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths
from moto.servicequotas.responses import ServiceQuotasResponse

from shared.config.aws_facts import CODE_STORAGE, CONCURRENCY, DIRECT_UPLOAD, MEMORY, UNZIPPED
from shared.deploy.concurrency import MEMORY_QUOTA

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH = r"{0}/(?P<api_version>[^/]+)/account-settings/?$"
_SEAM = "get_account_settings"
_QUOTAS = "list_service_quotas"


@contextlib.contextmanager
def account_settings_told() -> Iterator[None]:
    """Make moto answer the calls, for servers that start while the block lasts."""
    url_paths[_PATH] = LambdaResponse.dispatch
    setattr(LambdaResponse, _SEAM, _get_account_settings)
    setattr(ServiceQuotasResponse, _QUOTAS, _list_service_quotas)
    try:
        yield
    finally:
        delattr(ServiceQuotasResponse, _QUOTAS)
        delattr(LambdaResponse, _SEAM)
        del url_paths[_PATH]


def _get_account_settings(response: Any) -> tuple[int, dict[str, str], str]:
    functions = list(response.backend.list_functions())
    reserved = sum(int(function.reserved_concurrency or 0) for function in functions)
    limit = {
        "TotalCodeSize": CODE_STORAGE.value,
        "CodeSizeUnzipped": UNZIPPED.value,
        "CodeSizeZipped": DIRECT_UPLOAD.value,
        "ConcurrentExecutions": CONCURRENCY.value,
        "UnreservedConcurrentExecutions": CONCURRENCY.value - reserved,
    }
    usage = {"FunctionCount": len(functions), "TotalCodeSize": sum(int(function.code_size) for function in functions)}
    return 200, {}, json.dumps({"AccountLimit": limit, "AccountUsage": usage})


def _list_service_quotas(response: Any) -> str:
    """Answer with what this account may have of a service; of others than Lambda nothing is known."""
    of_lambda = {"Concurrent executions": CONCURRENCY.value, MEMORY_QUOTA: MEMORY.value}
    service = json.loads(response.body)["ServiceCode"]
    told = of_lambda if service == "lambda" else {}
    quotas = [{"ServiceCode": service, "QuotaName": name, "Value": float(value)} for name, value in told.items()]
    return json.dumps({"Quotas": quotas})
