"""Queries of Logs Insights: ``fields``, ``sort @timestamp`` and ``limit``. Other commands are refused by name.

moto 5.2 passes over commands and fields that it does not know. Source: Amazon CloudWatch Logs User Guide, "CloudWatch
Logs Insights language query syntax" (read 2026-11-30).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.local.logs.store import Event, Group, LogStore

_MOST = 10_000  # results, unless fewer are asked for
_FIELDS = ("@timestamp", "@message", "@logStream", "@log", "@ptr", "@ingestionTime")
_FIX = "the embedded cloud knows fields, sort @timestamp and limit: read the lines with FilterLogEvents instead"


class BadQueryError(Exception):
    """A query is wrong, or asks for what is not done here. Its text is for a person."""


class Query(NamedTuple):
    """What a query asks for."""

    fields: tuple[str, ...] = ("@timestamp", "@message")
    ascending: bool = False
    limit: int = _MOST


def parsed(text: str) -> Query:
    """Read a query.

    Raises:
        BadQueryError: It is wrong, or asks for what is not done here.
    """
    query = Query()
    for command in filter(None, (part.strip() for part in text.split("|"))):
        word, _, rest = command.partition(" ")
        match word.lower():
            case "fields":
                query = query._replace(fields=_fields(rest))
            case "sort":
                query = query._replace(ascending=_ascending(rest))
            case "limit":
                query = query._replace(limit=_limit(rest))
            case _:
                raise BadQueryError(f"unexpected command {word!r}: {_FIX}")
    return query


def _fields(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in _FIELDS:
            raise BadQueryError(f"unknown field {name!r}, known are {', '.join(_FIELDS)}: {_FIX}")
    return names


def _ascending(text: str) -> bool:
    name, _, order = text.strip().partition(" ")
    if name != "@timestamp" or order.strip().lower() not in ("", "asc", "desc"):
        raise BadQueryError(f"sort {text.strip()!r} is not done: {_FIX}")
    return order.strip().lower() == "asc"


def _limit(text: str) -> int:
    if not text.strip().isdecimal() or not 0 < int(text) <= _MOST:
        raise BadQueryError(f"limit must be a number from 1 to {_MOST}, not {text.strip()!r}")
    return int(text)


def answered(store: LogStore, groups: Sequence[Group], query: Query, begin: int, end: int) -> list[dict[str, object]]:
    """Return the fields of the events of *groups* from *begin* to *end* (both seconds) that *query* asks for."""
    found: list[tuple[Event, Group]] = []
    for group in groups:
        with store.events(group, begin=begin * 1000, end=end * 1000 + 1, descending=not query.ascending) as events:
            found += [(event, group) for event in itertools.islice(events, query.limit)]
    found.sort(key=lambda pair: (pair[0].at, pair[0].id), reverse=not query.ascending)
    return [_shown(event, group, query.fields) for event, group in found[: query.limit]]


def _shown(event: Event, group: Group, fields: tuple[str, ...]) -> dict[str, object]:
    values = {
        "@timestamp": event.at,
        "@message": event.message,
        "@logStream": event.stream,
        "@log": group.key.name,
        "@ingestionTime": event.ingested,
    }
    return {"@ptr": event.id, **{name: values[name] for name in fields if name in values}}
