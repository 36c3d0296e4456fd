"""Reads the events that measuring needs from CloudWatch Logs: filtered there, paginated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.measure.observed.exports import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.aws.client import Aws

# Any of these: a REPORT, a rank's progress, and the ways a failure shows. What else comes through does no harm.
_WANTED = '?"REPORT RequestId" ?"\\"progress\\"" ?"[ERROR]" ?"Traceback" ?"Task timed out"'


def read_groups(aws: Aws, groups: Iterable[str], since_ms: int, until_ms: int | None = None) -> Iterator[LogLine]:
    """Yield the events of the log *groups* between two Unix times in milliseconds; a group that is not there has none.

    Args:
        aws: Where the groups are.
        groups: Their names.
        since_ms: The first moment.
        until_ms: The last moment, None for now.
    """
    end = {} if until_ms is None else {"endTime": until_ms}
    paginator = aws.logs.get_paginator("filter_log_events")
    for group in groups:
        pages = paginator.paginate(logGroupName=group, startTime=since_ms, filterPattern=_WANTED, **end)  # type: ignore[arg-type]
        try:
            for page in pages:
                for event in page["events"]:
                    yield LogLine(event["timestamp"], event["message"], event["logStreamName"], group)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            continue  # made at a function's first deployment
