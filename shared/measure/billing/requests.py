"""Which requests of AWS's services cost something, and under which price.

A request counts as one, however large it is: DynamoDB bills a write of each KB and a read of each 4 KB, SQS, SNS and
EventBridge each 64 KB of a message. What is billed by another measure than requests has no price here and is listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FREE = ""
"""The price of a request that costs nothing, or that is billed where it arrives."""
_ALIKE = {  # services whose requests all cost the same
    "sqs": "sqs_requests",
    "sns": "sns_requests",
    "secretsmanager": "secrets_requests",
    "kms": "kms_requests",
    # What a function calls is billed by its own REPORT, what it starts by its own history.
    "lambda": FREE,
    "stepfunctions": FREE,
    "sts": FREE,
}
# By service, the price of operations that begin so; the first that fits. S3's pages: "DELETE and CANCEL requests are
# free", a LIST costs what a PUT costs. Parameters of SSM are standard ones at the standard rate, which is free.
_BEGIN: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "s3": (
        (("Delete", "Abort"), FREE),
        (("Put", "Copy", "Post", "List", "Create", "Upload", "Complete", "Restore"), "s3_puts"),
        (("Get", "Head", "Select"), "s3_gets"),
    ),
    "dynamodb": (
        (("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"), "dynamodb_writes"),
        (("GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"), "dynamodb_reads"),
        (("Describe", "List"), FREE),
    ),
    "events": ((("PutEvents",), "events"), (("Describe", "List"), FREE)),
    "ssm": ((("GetParameter", "PutParameter"), FREE),),
    "logs": ((("CreateLogStream", "Describe"), FREE),),
}


def price_name(service: str, operation: str) -> str | None:
    """Return the name, in prices.yaml, of the price of a request; :data:`FREE`, or None where there is no price for it.

    Args:
        service: The service as botocore calls it.
        operation: The operation as botocore calls it, such as ``PutObject``.
    """
    if service in _ALIKE:
        return _ALIKE[service]
    return next((name for begins, name in _BEGIN.get(service, ()) if operation.startswith(begins)), None)


def summed(counts: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Return *counts*, pairs of a name and a number, as one pair for each name, in order of the names."""
    total: dict[str, float] = {}
    for name, count in counts:
        total[name] = total.get(name, 0) + count
    return tuple(sorted(total.items()))


def used_by_requests(requests: Iterable[tuple[str, float]]) -> Mapping[str, Any]:
    """Return what *requests* used, by the names of :class:`.Usage`: those that have no price as ``unpriced``.

    Args:
        requests: ``service:Operation`` and how many of it; each may come several times.
    """
    names = [(price_name(*asked.split(":", 1)), asked, count) for asked, count in requests]
    used = summed((name, count) for name, _, count in names if name)
    return {**dict(used), "unpriced": summed((asked, count) for name, asked, count in names if name is None)}
