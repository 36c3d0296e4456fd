"""A span as a value: what both forms of OTLP are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TypeAlias

Value: TypeAlias = str | bool | int | float | tuple[str, ...]
"""What an attribute may be, here: OpenTelemetry knows more."""
Attributes: TypeAlias = Mapping[str, Value]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Kind(IntEnum):
    """What a span stands for, with OTLP's numbers."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3


@dataclass(frozen=True, slots=True)
class Happening:
    """A span's event: its name, when it was (Unix nanoseconds), and its attributes."""

    name: str
    at: int
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another span of the same trace."""

    span: bytes
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Resource:
    """Who a span is by: a state machine or a function."""

    attributes: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """One span.

    Attributes:
        trace: The trace's id, 16 bytes.
        id: Its own id, 8 bytes.
        parent: The id of the span around it; empty for the root.
        name: Its name: one of few for each workflow.
        kind: What it stands for.
        start: When it began, in Unix nanoseconds.
        end: When it ended; never before it began.
        resource: Who it is by.
        attributes: What is known of it.
        error: Why it failed; None where it did not.
        events: What happened in it.
        links: What it goes on from.
    """

    trace: bytes
    id: bytes
    parent: bytes
    name: str
    kind: Kind
    start: int
    end: int
    resource: Resource
    attributes: Attributes = field(default_factory=dict)
    error: str | None = None
    events: tuple[Happening, ...] = ()
    links: tuple[Link, ...] = ()


def nanoseconds(moment: datetime) -> int:
    """Return *moment* in Unix nanoseconds, exactly: a float would lose the last digits."""
    return (moment - _EPOCH) // _MICROSECOND * 1000
