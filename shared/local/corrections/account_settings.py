"""Lambda's limits in this account: GetAccountSettings and Service Quotas, which moto does not answer.

A deploy asks how much concurrency may still be reserved, and how much memory a function may have. What is more than may
be reserved is refused.

Source: Lambda API reference, PutFunctionConcurrency. The words are moto's own, for its own setting.
"""

from __future__ import annotations

import contextlib
import functools
import json
from typing import TYPE_CHECKING

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths
from moto.servicequotas.responses import ServiceQuotasResponse

from shared.config.aws_facts import CODE_STORAGE, CONCURRENCY, DIRECT_UPLOAD, KEPT_UNRESERVED, MEMORY, UNZIPPED
from shared.deploy.concurrency import MEMORY_QUOTA
from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATH = r"{0}/(?P<api_version>[^/]+)/account-settings/?$"


@contextlib.contextmanager
def account_settings_told() -> Iterator[None]:
    """Make moto answer these calls, in servers that start while the block lasts."""
    seams = (
        Seam(LambdaBackend, "put_function_concurrency", _reserving),
        replacing(LambdaResponse, "get_account_settings", _get_account_settings),
        replacing(ServiceQuotasResponse, "list_service_quotas", _list_service_quotas),
    )
    url_paths[_PATH] = LambdaResponse.dispatch
    try:
        with plugged(seams):
            yield
    finally:
        del url_paths[_PATH]


def _reserving(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def put(self: LambdaBackend, function_name: str, reserved_concurrency: int) -> object:
        others = [each for each in self.list_functions() if each.function_name != function_name]
        reserved = int(reserved_concurrency) + sum(int(each.reserved_concurrency or 0) for each in others)
        if CONCURRENCY.value - reserved < KEPT_UNRESERVED.value:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{KEPT_UNRESERVED.value}]."
            )
        return original(self, function_name, reserved_concurrency)

    return put


def _get_account_settings(response: LambdaResponse) -> tuple[int, dict[str, str], str]:
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


def _list_service_quotas(response: ServiceQuotasResponse) -> str:
    """Answer with this account's quotas of a service. Only Lambda's are known."""
    of_lambda = {"Concurrent executions": CONCURRENCY.value, MEMORY_QUOTA: MEMORY.value}
    service = json.loads(response.body)["ServiceCode"]
    told = of_lambda if service == "lambda" else {}
    quotas = [{"ServiceCode": service, "QuotaName": name, "Value": float(value)} for name, value in told.items()]
    return json.dumps({"Quotas": quotas})
