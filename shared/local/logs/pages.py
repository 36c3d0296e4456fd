"""Pages of events: how many one answer holds, and the tokens with which readers go on.

Source: CloudWatch Logs API reference, FilterLogEvents and GetLogEvents (read 2026-11-30): 10,000 events or 1 MB; a
token of GetLogEvents goes on forward or backward, and at the end of the stream it is the one that was sent.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from shared.local.logs.store import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.local.logs.patterns import Pattern
    from shared.local.logs.store import Event, Group, LogStore, Stream

MOST = 10_000
"""Events that one answer holds at most."""
_BYTES = 1 << 20
_LOOKED_AT = 100_000  # events that one call of FilterLogEvents looks at: then it answers what it has, as AWS does
_AT_DIGITS, _ID_DIGITS = 20, 36


class BadTokenError(Exception):
    """No such token was given out."""


class Filtered(NamedTuple):
    """A page of FilterLogEvents; the token is empty on the last one."""

    events: list[Event]
    token: str


class Read(NamedTuple):
    """A page of GetLogEvents."""

    events: list[Event]
    forward: str
    backward: str


def filtered(  # noqa: PLR0913  what FilterLogEvents takes
    store: LogStore,
    group: Group,
    streams: list[Stream] | None,
    pattern: Pattern,
    *,
    begin: int,
    end: int | None,
    limit: int,
    token: str,
) -> Filtered:
    """Return the next events of a group that match, oldest first.

    Raises:
        BadTokenError: The token is none.
    """
    beyond = _place(token) if token else None
    page: list[Event] = []
    size = 0
    with store.events(group, streams, begin=begin, end=end, beyond=beyond, pattern=pattern) as events:
        for count, event in enumerate(events, 1):
            if pattern.where or pattern.matches(event.message):
                if page and size + event.size > _BYTES:
                    break
                page.append(event)
                size += event.size
            beyond = Place(event.at, event.id)
            if len(page) == limit or count == _LOOKED_AT:
                break
        else:
            return Filtered(page, "")
    return Filtered(page, _text(beyond) if beyond else "")


def read(  # noqa: PLR0913  what GetLogEvents takes
    store: LogStore,
    group: Group,
    stream: Stream,
    *,
    begin: int,
    end: int | None,
    limit: int,
    token: str,
    from_head: bool,
) -> Read:
    """Return the events of a stream that come next, or before: the newest of all if nothing else is asked for.

    Raises:
        BadTokenError: The token is none.
    """
    ways = {"f/": False, "b/": True}
    if token and (token[:2] not in ways or not token.endswith("/s")):
        raise BadTokenError(token)
    backward = ways[token[:2]] if token else not from_head
    beyond = _place(token[2:-2]) if token else None
    with store.events(group, [stream], begin=begin, end=end, beyond=beyond, descending=backward) as events:
        page = _of_a_size(itertools.islice(events, limit))
    if backward:
        page.reverse()
    if page:
        first, last = (Place(event.at, event.id) for event in (page[0], page[-1]))
    else:
        first = last = beyond or Place(0, 0)
    return Read(page, f"f/{_text(last)}/s", f"b/{_text(first)}/s")


def _of_a_size(events: Iterable[Event]) -> list[Event]:
    page: list[Event] = []
    size = 0
    for event in events:
        size += event.size
        if page and size > _BYTES:
            break
        page.append(event)
    return page


def _text(place: Place) -> str:
    return f"{place.at:0{_AT_DIGITS}d}{place.id:0{_ID_DIGITS}d}"


def _place(text: str) -> Place:
    if len(text) != _AT_DIGITS + _ID_DIGITS or not text.isdecimal():
        raise BadTokenError(text)
    return Place(int(text[:_AT_DIGITS]), int(text[_AT_DIGITS:]))
