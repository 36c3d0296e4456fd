"""Delivers the spans of a run: to a receiver, into a file, or to a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.measure.tracing.batches import batches
from shared.measure.tracing.otlp_json import document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import TextIO

    from shared.measure.tracing.send import Sender
    from shared.measure.tracing.span import Span
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was delivered.

    Attributes:
        to: Where: an address without its query, or a file.
        bytes: How many, compressed where they were sent.
        requests: In how many requests; 0 for a file.
        rejected: How many spans the receiver refused.
        messages: What it said of that, or warned of.
    """

    to: str
    bytes: int
    requests: int = 0
    rejected: int = 0
    messages: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "to": self.to,
            "bytes": self.bytes,
            "requests": self.requests,
            "rejected": self.rejected,
            "messages": self.messages,
        }


def send(spans: Iterable[Span], sender: Sender) -> Delivered:
    """Send *spans* to a receiver.

    Raises:
        LanesError: It does not take them. What was sent before stays there, and sending again completes it.
    """
    for batch in batches(spans):
        sender.send(batch)
    shown = sender.receiver.shown
    return Delivered(shown, sender.sent, sender.requests, sender.rejected, tuple(sender.messages))


def write(spans: Iterable[Span], stream: TextIO, name: str, version: str) -> Delivered:
    """Write *spans* to a *stream* called *name*, as one document of OTLP's JSON."""
    written = 0
    for part in document(batches(spans), version):
        stream.write(part)
        written += len(part.encode())
    return Delivered(name, written)


def write_file(spans: Iterable[Span], file: Path, version: str) -> Delivered:
    """Write *spans* into a *file*. What was there stays until all of them are written.

    A pipe or a device is written to as it is: a file in its place would be none.
    """
    if file.exists() and not file.is_file():
        with file.open("w", encoding="utf-8") as stream:
            return write(spans, stream, str(file), version)
    beside = file.with_name(f".{file.name}.new")
    try:
        with beside.open("w", encoding="utf-8") as stream:
            delivered = write(spans, stream, str(file), version)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return delivered
