"""Task tokens: which task the answer to each belongs to.

A token bears a mark that tells that it was issued, so none has to be remembered once its task has ended.
"""

from __future__ import annotations

import binascii
import hashlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from shared.local.asl.errors import StateFailure
    from shared.values import Json

    Deliver = Callable[["Answer"], bool]


# AWS's are longer; what matters is that nobody guesses one.
_TOKEN_BYTES, _MARK_BYTES = 96, 16


class UnknownTokenError(LookupError):
    """The token was never issued."""


class LateTokenError(LookupError):
    """The token's task has ended."""


class Answer:
    """What came back for a task token.

    Args:
        output: The result, when it went well.
        failure: The failure otherwise.
        alive: Whether it is a sign of life instead, with neither of them.
    """

    __slots__ = ("alive", "failure", "output")

    def __init__(self, output: Json = None, failure: StateFailure | None = None, *, alive: bool = False) -> None:
        self.output = output
        self.failure = failure
        self.alive = alive


def new_token(random: Random) -> str:
    """Return a new token."""
    body = random.getrandbits(_TOKEN_BYTES * 8).to_bytes(_TOKEN_BYTES)[:-_MARK_BYTES]
    return binascii.b2a_base64(body + _mark(body), newline=False).decode()


def is_token(text: str) -> bool:
    """Tell whether *text* has the form of a task token, issued or not."""
    return len(_read(text)) == _TOKEN_BYTES


def _is_ours(text: str) -> bool:
    token = _read(text)
    return len(token) == _TOKEN_BYTES and token[-_MARK_BYTES:] == _mark(token[:-_MARK_BYTES])


def _read(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return b""


def _mark(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_MARK_BYTES, person=b"teamlanes").digest()


class Tokens:
    """The tokens that were issued."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, Deliver] = {}

    def issue(self, token: str, deliver: Deliver) -> None:
        """Let *token* stand for a task; *deliver* takes its answers, and returns False when the task has ended."""
        with self._lock:
            self._waiting[token] = deliver

    def drop(self, token: str) -> None:
        """Forget *token*: its task has ended."""
        with self._lock:
            self._waiting.pop(token, None)

    def answer(self, token: str, answer: Answer) -> None:
        """Hand *answer* to the task that *token* stands for.

        Raises:
            UnknownTokenError: There is no such token.
            LateTokenError: Its task has ended.
        """
        with self._lock:
            deliver = self._waiting.get(token)
            if deliver is None:
                raise LateTokenError(token) if _is_ours(token) else UnknownTokenError(token)
        if not deliver(answer):
            raise LateTokenError(token)
