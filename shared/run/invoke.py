"""Invokes one function by itself, as it is deployed, and reads what it answered and logged."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.config.aws_facts import SYNC_PAYLOAD
from shared.errors import LanesError, UsageError, code_of
from shared.run.failure import Ended, Failure, failure_in
from shared.run.logs import LogReader
from shared.run.patience import looks
from shared.run.platform_line import started

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.config.lane import Function
    from shared.values import Json

_CLOCKS_DIFFER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Invoked:
    """What came of an invocation.

    Attributes:
        request_id: Lambda's id of it.
        result: What the function returned; what Lambda answered in its place if it failed.
        failure: Why it failed; None if it did not.
        lines: Its log, oldest first; the last 4 KB where CloudWatch does not show more in time.
    """

    request_id: str
    result: Json
    failure: Failure | None
    lines: tuple[str, ...]


def invoke(
    aws: Aws,
    function: Function,
    event: Json,
    *,
    sleep: Sleep = time.sleep,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Invoked:
    """Invoke *function* with *event*, wait for its end, and read its log.

    Raises:
        LanesError: It is not deployed, or Lambda does not run it.
        UsageError: The event is larger than Lambda takes.
    """
    payload = json.dumps(event).encode()
    if len(payload) > SYNC_PAYLOAD.value:
        raise UsageError(
            f"the event has {len(payload):,} bytes, and Lambda takes {SYNC_PAYLOAD.value:,}",
            fix="put the data into the bucket, and its name into the event",
        )
    began = clock()
    try:
        answer = aws.waiting_lambda.invoke(
            FunctionName=function.name, InvocationType="RequestResponse", LogType="Tail", Payload=payload
        )
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            raise LanesError(f"function {function.key} is not deployed", fix="lanes deploy TEAM") from error
        raise LanesError(f"Lambda did not run it: {error}", where=f"function {function.key}") from error
    text = answer["Payload"].read().decode()
    request_id = answer["ResponseMetadata"]["RequestId"]
    tail = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    lines = tuple(tail.splitlines())
    if not any(map(started, lines)):
        lines = _whole_log(aws, function, request_id, began, sleep) or lines
    failure = failure_in((), Ended("FAILED", "", text)) if answer.get("FunctionError") else None
    return Invoked(request_id, _parsed(text), failure, lines)


def _whole_log(aws: Aws, function: Function, request_id: str, began: datetime, sleep: Sleep) -> tuple[str, ...]:
    """Return all lines of the invocation *request_id*; none where CloudWatch does not show its end in time."""
    since = int((began - _CLOCKS_DIFFER).timestamp() * 1000)
    reader = LogReader(aws, {function.key: function.log_group}, since)
    for _ in looks(sleep):
        reader.read()
        found = reader.invocations.get(request_id)
        if found is not None and found.report is not None:
            return tuple(found.lines)
    return ()


def _parsed(text: str) -> Json:
    try:
        value: Json = json.loads(text) if text else None
    except ValueError:
        return text
    return value
