"""The server's side: tell a v1 request from v2 requests on one port, in whatever pieces they come.

A v2 request is 141 bytes and holds NULs. A v1 request is a bare name of at most 99 bytes and holds none. So the first
NUL decides for v2. A name without NUL may be the start of a v2 request, or all of a v1 request. v1 has no end mark: its
end is that the client falls silent, which the caller reports with :meth:`RequestReader.quiet`.

A v2 request with the flag MANY may be followed by others, each a whole record; nothing may follow any other request.
"""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

from shared.fmi.wire.client import NAME_MAX
from shared.fmi.wire.events import Broken
from shared.fmi.wire.v2 import MANY, RELAY, REQUEST

V1, V2 = 1, 2
"""The protocol's versions, as a :class:`Request` says them."""

_TOKEN = re.compile(rb"(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?")
_CONTROL = re.compile(rb"[\x00-\x1f]")


class Request(NamedTuple):
    """A client wants the peer called *name*. ``version`` is V1 or V2; v1 has neither token nor relay nor many."""

    version: int
    name: bytes
    token: str = ""
    relay: bool = False
    many: bool = False


class _State(enum.Enum):
    EMPTY = "empty"
    NAME = "a name, v1 or v2"
    RECORD = "a v2 record"
    MORE = "a further record, or none"
    DONE = "done"
    BROKEN = "broken"


class RequestReader:
    """One client's requests. It keeps less than one record's bytes, however much the client sends."""

    __slots__ = ("_buffer", "_state")

    def __init__(self) -> None:
        self._state = _State.EMPTY
        self._buffer = b""

    @property
    def maybe_v1(self) -> bool:
        """Whether a silence now would end a v1 request."""
        return self._state is _State.NAME

    @property
    def is_v2(self) -> bool:
        """Whether what has come can only be v2, so that the answer may be v2 as well."""
        return self._state in {_State.RECORD, _State.MORE}

    @property
    def halfway(self) -> bool:
        """Whether a request has begun and is not whole."""
        return bool(self._buffer)

    def receive(self, data: bytes) -> list[Request | Broken]:
        """Take *data* from the client. Return what it means: nothing yet, requests, or that the protocol is broken."""
        events: list[Request | Broken] = []
        start = 0
        while start < len(data) and self._state is not _State.BROKEN:
            if self._state is _State.DONE:
                events.append(self._break("bytes after the request"))
                break
            end = start + REQUEST.size - len(self._buffer)
            self._buffer += data[start:end]
            start = end
            event = self._next()
            if event is not None:
                events.append(event)
        return events

    def quiet(self) -> list[Request | Broken]:
        """The client has fallen silent: a name without NUL is then a whole v1 request."""
        if self._state is not _State.NAME:
            return []
        return [self._request(Request(V1, self._buffer))]

    def _next(self) -> Request | Broken | None:
        """Return what the bytes kept mean, once that is clear."""
        if self._state is not _State.MORE:
            if 0 not in self._buffer:
                self._state = _State.NAME
                return self._break(f"a name longer than {NAME_MAX} bytes") if len(self._buffer) > NAME_MAX else None
            self._state = _State.RECORD
        return self._parse(self._buffer) if len(self._buffer) == REQUEST.size else None

    def _parse(self, record: bytes) -> Request | Broken:
        padded, token, flags = REQUEST.unpack(record)
        name, nul, _ = padded.partition(b"\0")
        text = token.partition(b"\0")[0]
        relay, many = bool(flags & RELAY), bool(flags & MANY) or self._state is _State.MORE
        if not nul:
            return self._break(f"a name longer than {NAME_MAX} bytes")
        if not _TOKEN.fullmatch(text):
            return self._break("a reconnect token that is no UUID")
        if many and relay:
            return self._break("many names and a relay on one connection")
        if many and not text:
            return self._break("one of many requests without a token")
        return self._request(Request(V2, name, text.decode("ascii").lower(), relay, many))

    def _request(self, request: Request) -> Request | Broken:
        if not request.name:
            return self._break("an empty name")
        if _CONTROL.search(request.name):
            return self._break("a name with control characters")
        self._state = _State.MORE if request.many else _State.DONE
        self._buffer = b""
        return request

    def _break(self, reason: str) -> Broken:
        self._state = _State.BROKEN
        self._buffer = b""
        return Broken(reason)
