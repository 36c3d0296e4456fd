"""The server's side: tell a v1 request from a v2 request on one port, in whatever pieces it comes.

A v2 request is 141 bytes and holds NULs. A v1 request is a bare name of at most 99 bytes and holds none. So the first
NUL decides for v2. A name without NUL may be the start of a v2 request, or all of a v1 request. v1 has no end mark: its
end is that the client falls silent, which the caller reports with :meth:`RequestReader.quiet`.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from shared.fmi.wire.client import NAME_MAX
from shared.fmi.wire.events import Broken
from shared.fmi.wire.v2 import RELAY, REQUEST

V1, V2 = 1, 2
"""The protocol's versions, as a :class:`Request` says them."""

_TOKEN = re.compile(rb"(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?")
_FIRST_PRINTABLE = 0x20


@dataclass(frozen=True, slots=True)
class Request:
    """A client wants the peer called *name*. ``version`` is V1 or V2; v1 has neither token nor relay."""

    version: int
    name: bytes
    token: str = ""
    relay: bool = False


class _State(enum.Enum):
    EMPTY = "empty"
    NAME = "a name, v1 or v2"
    RECORD = "a v2 record"
    DONE = "done"
    BROKEN = "broken"


_READING = {_State.EMPTY, _State.NAME, _State.RECORD}


class RequestReader:
    """One client's request. It keeps at most one record's bytes, however much the client sends."""

    def __init__(self) -> None:
        self._state = _State.EMPTY
        self._buffer = bytearray()

    @property
    def maybe_v1(self) -> bool:
        """Whether a silence now would end a v1 request."""
        return self._state is _State.NAME

    @property
    def is_v2(self) -> bool:
        """Whether what has come can only be v2, so that the answer may be v2 as well."""
        return self._state is _State.RECORD

    def receive(self, data: bytes) -> list[Request | Broken]:
        """Take *data* from the client. Return what it means: nothing yet, a request, or that the protocol is broken."""
        if self._state is _State.BROKEN or not data:
            return []
        if self._state is _State.DONE:
            return [self._break("bytes after the request")]
        room = REQUEST.size + 1 - len(self._buffer)
        self._buffer += data[:room]
        if 0 not in self._buffer:
            self._state = _State.NAME
            if len(self._buffer) > NAME_MAX:
                return [self._break(f"a name longer than {NAME_MAX} bytes")]
            return []
        self._state = _State.RECORD
        if len(self._buffer) < REQUEST.size:
            return []
        surplus = len(self._buffer) > REQUEST.size
        events = [self._parse(bytes(self._buffer[: REQUEST.size]))]
        if surplus and self._state is _State.DONE:
            events.append(self._break("bytes after the request"))
        return events

    def quiet(self) -> list[Request | Broken]:
        """The client has fallen silent: a name without NUL is then a whole v1 request."""
        if self._state is not _State.NAME:
            return []
        return [self._request(Request(V1, bytes(self._buffer)))]

    @property
    def reading(self) -> bool:
        """Whether the request is still incomplete."""
        return self._state in _READING

    def _parse(self, record: bytes) -> Request | Broken:
        padded, token, flags = REQUEST.unpack(record)
        name, nul, _ = padded.partition(b"\0")
        text = token.partition(b"\0")[0]
        if not nul:
            return self._break(f"a name longer than {NAME_MAX} bytes")
        if not _TOKEN.fullmatch(text):
            return self._break("a reconnect token that is no UUID")
        return self._request(Request(V2, name, text.decode("ascii").lower(), relay=bool(flags & RELAY)))

    def _request(self, request: Request) -> Request | Broken:
        if not request.name:
            return self._break("an empty name")
        if min(request.name) < _FIRST_PRINTABLE:
            return self._break("a name with control characters")
        self._state = _State.DONE
        self._buffer.clear()
        return request

    def _break(self, reason: str) -> Broken:
        self._state = _State.BROKEN
        self._buffer.clear()
        return Broken(reason)
