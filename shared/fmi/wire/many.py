"""Many v2 pairings over one connection (the flag MANY), the client's side. Answers are told apart by their tokens.

Only the first request may be sent before the server has answered: its answer says whether the server knows MANY. One
that does not takes the first request for a usual one, and no other may follow.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from shared.fmi.wire.client import check_name
from shared.fmi.wire.events import TRANSITIONS, Broken, Event, LocalProtocolError, Refused, State
from shared.fmi.wire.v2 import MANY, MANY_KNOWN, RESPONSE_SIZE, decode_response, encode_request


class Answer(NamedTuple):
    """What the server says of the name that was asked for with *token*; of the whole connection if that is empty."""

    token: str
    event: Event


def new_token() -> str:
    """Return a fresh token: 16 random bytes in the text form of a UUID."""
    digits = os.urandom(16).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class ManyClient:
    """The names that one connection asks for. Give it requests to send, then every byte the server sends."""

    def __init__(self) -> None:
        self.known: bool | None = None
        """Whether the server knows MANY; None before its first answer."""
        self._states: dict[str, State] = {}
        self._buffer = bytearray()
        self._first = ""
        self._broken = False

    @property
    def open(self) -> int:
        """How many names have no last answer yet."""
        return len(self._states)

    def ask(self, name: bytes, token: str) -> bytes:
        """Return the bytes that ask for the peer called *name*.

        Args:
            name: 1 to 99 bytes without NUL, the same on both sides of the pair.
            token: A UUID of the caller's choice. A name that is asked for again keeps its token, and so its place.

        Raises:
            LocalProtocolError: *token* has no last answer yet, or another request must not follow.
        """
        if token in self._states or not token:
            raise LocalProtocolError("each name is asked for with a token of its own")
        if self._broken or (self._first and not self.known):
            raise LocalProtocolError("a second name before the server has said that it reads it")
        check_name(name)
        self._first = self._first or token
        self._states[token] = State.ASKED
        return encode_request(name, token, MANY)

    def receive(self, data: bytes) -> list[Answer]:
        """Take *data* from the server and return what it means, in order."""
        self._buffer += data
        answers: list[Answer] = []
        while len(self._buffer) >= RESPONSE_SIZE and not self._broken:
            record = self._buffer[:RESPONSE_SIZE]
            del self._buffer[:RESPONSE_SIZE]
            answers.append(self._advance(record))
        return answers

    def end(self) -> list[Answer]:
        """The server closed. Return what that means: nothing if no name waits for an answer, else one ``Broken``."""
        if self._broken or not self._states:
            return []
        waits = State.WAITING in self._states.values()
        heard = "half an answer" if self._buffer else "no peer" if waits else "no answer"
        return [self._break(f"the server closed the connection after {heard}")]

    def _advance(self, record: bytearray) -> Answer:
        known = bool(record[0] & MANY_KNOWN)
        record[0] &= ~MANY_KNOWN & 0xFF
        if self.known is None:
            self.known = known
        elif known is not self.known:
            return self._break("the server changed its mind about many names on one connection")
        event = decode_response(bytes(record))
        if isinstance(event, Broken):
            return self._break(event.reason)
        token = getattr(event, "token", "") if known else self._first
        state = self._states.get(token)
        if state is None and isinstance(event, Refused):
            return Answer("", event)
        if state is None:
            return self._break("the server answered a request that was not made")
        following = TRANSITIONS.get((state, type(event)))
        if following is None:
            return self._break(f"the server said {type(event).__name__} while we were {state.value}")
        if following is State.DONE:
            del self._states[token]
        else:
            self._states[token] = following
        return Answer(token, event)

    def _break(self, reason: str) -> Answer:
        self._broken = True
        self._buffer.clear()
        return Answer("", Broken(reason))
