"""What the clients of both TCPunch versions share: records of one size. Each is an event that the table must allow."""

from __future__ import annotations

from abc import ABC, abstractmethod

from shared.fmi.wire.events import TRANSITIONS, Broken, Event, LocalProtocolError, State

NAME_MAX = 99
"""Longest pairing name in bytes: the v1 server's buffer holds 100, with the terminator."""


def check_name(name: bytes) -> None:
    """Raise LocalProtocolError if the pairing *name* cannot go over the wire."""
    if not 1 <= len(name) <= NAME_MAX or 0 in name:
        raise LocalProtocolError(f"a pairing name has 1 to {NAME_MAX} bytes and no NUL, not {name!r}")


class PairingClient(ABC):
    """One pairing, seen from the client. Give it a request to send, then every byte the server sends."""

    record_size: int

    def __init__(self) -> None:
        self.state = State.IDLE
        self._buffer = bytearray()

    @abstractmethod
    def _encode(self, name: bytes, token: str, *, relay: bool) -> bytes:
        """Return the request's bytes."""

    @abstractmethod
    def _decode(self, record: bytes) -> Event:
        """Return the event of one record of ``record_size`` bytes."""

    def ask(self, name: bytes, token: str = "", *, relay: bool = False) -> bytes:
        """Return the bytes that ask for the peer called *name*.

        Args:
            name: 1 to 99 bytes without NUL, the same on both sides of the pair.
            token: The token of an earlier :class:`~shared.fmi.wire.events.TimedOut`, to keep the place (v2).
            relay: Whether the server is to carry the pair's bytes itself (v2, our server).

        Raises:
            LocalProtocolError: The machine has asked before, or *name* cannot go over the wire.
        """
        if self.state is not State.IDLE:
            raise LocalProtocolError(f"one machine asks once; this one is {self.state.value}")
        check_name(name)
        request = self._encode(name, token, relay=relay)
        self.state = State.ASKED
        return request

    def receive(self, data: bytes) -> list[Event]:
        """Take *data* from the server and return what it means, in order."""
        if self.state is State.BROKEN:
            return []
        self._buffer += data
        events: list[Event] = []
        while len(self._buffer) >= self.record_size and self.state in {State.ASKED, State.WAITING}:
            record = bytes(self._buffer[: self.record_size])
            del self._buffer[: self.record_size]
            events.append(self._advance(self._decode(record)))
        if self.state in {State.IDLE, State.DONE} and self._buffer:
            events.append(self._break("the server sent bytes that belong to no answer"))
        return events

    @property
    def wanted(self) -> int:
        """How many bytes may be read now without reading past the current record."""
        return self.record_size - len(self._buffer)

    def end(self) -> list[Event]:
        """The server closed. Return what that means: nothing after an answer, else one ``Broken``."""
        if self.state in {State.DONE, State.BROKEN}:
            return []
        heard = "half an answer" if self._buffer else "no answer" if self.state is State.ASKED else "no peer"
        return [self._break(f"the server closed the connection after {heard}")]

    def _advance(self, event: Event) -> Event:
        if isinstance(event, Broken):
            return self._break(event.reason)
        following = TRANSITIONS.get((self.state, type(event)))
        if following is None:
            return self._break(f"the server said {type(event).__name__} while we were {self.state.value}")
        self.state = following
        return event

    def _break(self, reason: str) -> Broken:
        self.state = State.BROKEN
        self._buffer.clear()
        return Broken(reason)
