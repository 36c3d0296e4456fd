"""A worker's log: lines and frames in, CloudWatch events out.

Two kinds of bytes come through the same pipe, so that their order is kept: plain text (stdout and stderr, one event for
each line), and the frames in which awslambdaric sends logger records and tracebacks (one event each, of any length).
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.config.aws_facts import LOG_EVENT
from shared.local.lambda_runtime.platform_lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.local.lambda_runtime.function import FunctionSpec
    from shared.local.requests import Requests

_MAGIC = b"\xa5\x5a\x00"  # begins a frame; no UTF-8 text contains it
_HEADER = 16  # bytes: type 4, length 4, microseconds since the epoch 8
_OVERHEAD = 26  # bytes that CloudWatch counts for each event besides its text
_MAX_EVENT = LOG_EVENT.value - _OVERHEAD
_TAIL = 4096  # bytes of the log that an answer can carry
_FLUSH_EVERY = 0.1  # seconds between writes while an invocation runs


class LogEvent(NamedTuple):
    """One event: milliseconds since the epoch and a message that ends in a newline."""

    timestamp: int
    message: str


class LogSink(Protocol):
    """Takes events: the embedded cloud's CloudWatch Logs."""

    def put(self, spec: FunctionSpec, stream: str, events: Sequence[LogEvent]) -> None:
        """Append *events*, oldest first, to *stream* in the function's group."""


class LogReader:
    """Cuts the pipe's bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Return the messages that *data* completes."""
        self._buffer += data
        messages: list[str] = []
        while self._buffer:
            at = self._buffer.find(_MAGIC)
            if at:
                text = self._take_text(at)
                messages += text
                if not text:
                    break
            elif not self._take_frame(messages):
                break
        return messages

    def flush(self) -> list[str]:
        """Return what is left: a line without its end."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return [_text(rest)] if rest else []

    def _take_text(self, frame_at: int) -> list[str]:
        """Take the lines before the frame; if no frame follows, all whole lines, and a part of one that is too long."""
        end = frame_at if frame_at > 0 else self._buffer.rfind(b"\n") + 1
        if not end and len(self._buffer) > _MAX_EVENT:
            end = _MAX_EVENT
        text = bytes(self._buffer[:end])
        del self._buffer[:end]
        return [_text(line) for line in text.removesuffix(b"\n").split(b"\n")] if text else []

    def _take_frame(self, messages: list[str]) -> bool:
        length = int.from_bytes(self._buffer[4:8], "big")
        if len(self._buffer) < _HEADER + length:
            return False
        messages.append(_text(bytes(self._buffer[_HEADER : _HEADER + length])))
        del self._buffer[: _HEADER + length]
        return True


def _text(raw: bytes) -> str:
    text = raw[:_MAX_EVENT].decode("utf-8", "replace")
    return text if text.endswith("\n") else text + "\n"


class LogStream:
    """One worker's stream. It collects messages and hands them on in batches.

    Args:
        spec: The function, which tells the log group.
        sink: Takes the batches.
        wall: Seconds since the epoch.
        requests: Counts what the worker asks of the cloud; None where nobody does.

    Attributes:
        lines: What Lambda itself writes, in the function's format.
        requests: The worker's requests; None where nobody counts them.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        sink: LogSink,
        wall: Callable[[], float] = time.time,
        requests: Requests | None = None,
    ) -> None:
        self._spec = spec
        self._sink = sink
        self._wall = wall
        self.lines = lines_of(spec)
        day = time.strftime("%Y/%m/%d", time.gmtime(wall()))
        self.name = f"{day}/[{spec.version}]{uuid.uuid4().hex}"
        self.requests = requests.tally(self.name) if requests else None
        self._pending: list[LogEvent] = []
        self._flushed = 0.0
        self._tail: list[str] = []

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self._wall()

    def begin_tail(self) -> None:
        """Start collecting the tail of an invocation."""
        self._tail = []

    @property
    def tail(self) -> str:
        """The last 4 KB since the invocation began."""
        return "".join(self._tail).encode()[-_TAIL:].decode("utf-8", "ignore")

    def write(self, *messages: str) -> None:
        """Add events, with the time of now."""
        now = int(self._wall() * 1000)
        self._pending += [LogEvent(now, message) for message in messages]
        self._tail += messages

    def flush(self) -> None:
        """Hand on all events."""
        self._flushed = self._wall()
        if self._pending:
            events, self._pending = self._pending, []
            self._sink.put(self._spec, self.name, events)

    def flush_when_due(self) -> None:
        """Hand on all events, unless that was done a moment ago."""
        if self._pending and self._wall() - self._flushed >= _FLUSH_EVERY:
            self.flush()
