"""How often functions were called for the sake of one event: Lambda stops one that calls itself without an end.

The trace header that the AWS SDK sends from a function names the functions that the event went through, and how often.
Here as on AWS that goes with messages of SQS and SNS, with notifications of S3 and with calls of Invoke. A function
that was called 16 times for one event is not called for it again: Invoke is refused, an asynchronous event is a dead
letter, and a message of a queue stays there until its redrive policy or its age ends it. Loops that go through other
services, such as EventBridge and streams, are not seen, on AWS either.

Source: AWS Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops"; AWS Compute Blog,
"Detecting and stopping recursive loops in AWS Lambda functions" (both read 2026-11-30). How the header spells a lineage
is from the X-Ray guide, from memory; nobody else reads it here.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import re
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING
from urllib.parse import unquote

from flask import has_request_context, request

from shared.local.lambda_runtime.function import InvokeRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RECURSIVE = "RecursiveInvocationException"
MOST = 16
"""Calls of one function for one event."""

_IN_HEADER = re.compile(r"Lineage=((?:[0-9a-f]{8}:\d{1,5}\|?)+)")
_HEADER = "X-Amzn-Trace-Id"
_log = logging.getLogger(__name__)
_mine: ContextVar[str | None] = ContextVar("the lineage of what this thread does, if it is no request", default=None)


def current() -> str:
    """Return the lineage of what this thread does: of the batch that it brings, or of the request that it answers."""
    mine = _mine.get()
    if mine is not None or not has_request_context():
        return mine or ""
    found = _IN_HEADER.search(unquote(request.headers.get(_HEADER, "")))
    return found.group(1) if found else ""


@contextlib.contextmanager
def having(lineage: str) -> Iterator[None]:
    """Have what this thread does be for the sake of events with this *lineage*; an empty one begins anew."""
    before = _mine.set(lineage)
    try:
        yield
    finally:
        _mine.reset(before)


def merged(lineages: Iterable[str]) -> str:
    """Return the lineage of a batch of events: of each function the most calls."""
    counts: dict[str, int] = {}
    for lineage in lineages:
        for name, count in _counts(lineage).items():
            counts[name] = max(count, counts.get(name, 0))
    return _text(counts)


def after_call(lineage: str, function: str) -> str:
    """Return *lineage* with one more call of the function with this ARN."""
    name = _name(function)
    if not lineage:  # as of most calls
        return f"{name}:1"
    counts = _counts(lineage)
    counts[name] = counts.get(name, 0) + 1
    return _text(counts)


def too_often(lineage: str, function: str) -> bool:
    """Say whether the function with this ARN was called for the sake of this event as often as it may be."""
    return bool(lineage) and _counts(lineage).get(_name(function), 0) >= MOST


class Loops:
    """Refuses calls that are part of a loop, and tells of each function's once. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: set[str] = set()

    def check(self, lineage: str, function: str) -> None:
        """Refuse a call of *function*, by its ARN, for an event that it was called for too often.

        Raises:
            InvokeRefusedError: It was.
        """
        if not too_often(lineage, function):
            return
        with self._lock:
            new = function not in self._told
            self._told.add(function)
        if new:
            _log.warning("%s calls itself without an end: after %d calls it is stopped, as on AWS", function, MOST)
        raise InvokeRefusedError(
            RECURSIVE,
            400,
            "Lambda has detected your function being invoked in a recursive loop with other AWS resources and stopped "
            "your function's invocation.",
        )

    def forget(self, function: str) -> None:
        """Forget *function*, which was deleted."""
        with self._lock:
            self._told.discard(function)


@functools.lru_cache(1024)
def _name(function: str) -> str:
    return hashlib.sha256(":".join(function.split(":")[:7]).encode()).hexdigest()[:8]


def _counts(lineage: str) -> dict[str, int]:
    pairs = (each.partition(":") for each in lineage.split("|") if each)
    return {name: int(count) for name, _, count in pairs}


def _text(counts: dict[str, int]) -> str:
    return "|".join(f"{name}:{count}" for name, count in counts.items())
