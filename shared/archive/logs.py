"""A log group as parts of an archive: JSON lines for each of its streams, by the time of its last event."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.archive.part import Content, Part, as_line, of
from shared.archive.paths import places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.aws.client import Aws


def log_parts(aws: Aws, group: str) -> Iterator[Part]:
    """Yield a part for each stream of the log *group*, by their names."""
    pages = aws.logs.get_paginator("describe_log_streams").paginate(logGroupName=group, orderBy="LogStreamName")
    for page in pages:
        for each in page["logStreams"]:
            stream = each["logStreamName"]
            source = of("log", group=group, stream=stream, last=each.get("lastEventTimestamp"))
            there = places("logs", group.strip("/"), stream, ".jsonl")
            yield Part(there, source, partial(_read, aws, group, stream))


def _read(aws: Aws, group: str, stream: str) -> Content:
    return Content(_lines(aws, group, stream))


def _lines(aws: Aws, group: str, stream: str) -> Iterator[bytes]:
    """Yield the events. The last page gives the token that led to it (CloudWatch Logs API reference, GetLogEvents)."""
    token = ""
    while True:
        on = {"nextToken": token} if token else {}
        page = aws.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **on)  # type: ignore[arg-type]  # its stubs know no spread
        yield from (as_line(event) for event in page["events"])
        if page["nextForwardToken"] == token:
            return
        token = page["nextForwardToken"]
