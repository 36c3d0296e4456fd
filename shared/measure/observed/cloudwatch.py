"""Reads the events that measuring needs from CloudWatch Logs, which filters them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.measure.observed.exports import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_logs.type_defs import FilterLogEventsRequestPaginateTypeDef

    from shared.aws.client import Aws

# One of these is enough: a REPORT, a rank's progress, a sign of a failure. What else they let through does no harm.
_WANTED = " ".join(
    f'?"{term}"'
    for term in (
        *("REPORT RequestId", "platform.report"),
        '\\"progress\\"',
        *("[ERROR]", "errorType", "Traceback", "Task timed out"),
    )
)


def read_groups(aws: Aws, groups: Iterable[str], since_ms: int, until_ms: int | None = None) -> Iterator[LogLine]:
    """Yield the events of the log *groups* between two Unix times. A group that does not exist has none.

    Args:
        aws: Where the groups are.
        groups: Their names.
        since_ms: The first moment, in milliseconds.
        until_ms: The last moment; None for now.
    """
    paginator = aws.logs.get_paginator("filter_log_events")
    for group in groups:
        asked: FilterLogEventsRequestPaginateTypeDef = {
            "logGroupName": group,
            "startTime": since_ms,
            "filterPattern": _WANTED,
        }
        if until_ms is not None:
            asked["endTime"] = until_ms
        pages = paginator.paginate(**asked)
        try:
            for page in pages:
                for event in page["events"]:
                    yield LogLine(event["timestamp"], event["message"], event["logStreamName"], group)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            continue  # a group is made when its function is first deployed
