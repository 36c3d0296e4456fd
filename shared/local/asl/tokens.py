"""Task tokens: where the answer to each goes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Deliver = Callable[["Answer"], bool]


class UnknownTokenError(LookupError):
    """The token was never given out."""


class LateTokenError(LookupError):
    """The token's task has ended."""


class Answer:
    """What came back for a task token.

    Args:
        output: The result, when it went well.
        failure: The failure otherwise.
        alive: It is a sign of life, and neither of them.
    """

    __slots__ = ("alive", "failure", "output")

    def __init__(self, output: Any = None, failure: Any = None, *, alive: bool = False) -> None:
        self.output = output
        self.failure = failure
        self.alive = alive


class Tokens:
    """The tokens that are out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, Deliver] = {}
        self._spent: dict[str, None] = {}

    def give(self, token: str, deliver: Deliver) -> None:
        """Let *token* stand for a task whose answers *deliver* takes; it says False when the task has ended."""
        with self._lock:
            self._waiting[token] = deliver

    def drop(self, token: str) -> None:
        """Forget *token*: its task has ended."""
        with self._lock:
            self._waiting.pop(token, None)
            self._spent[token] = None

    def answer(self, token: str, answer: Answer) -> None:
        """Hand *answer* to the task that *token* stands for.

        Raises:
            UnknownTokenError: There is no such token.
            LateTokenError: Its task has ended.
        """
        with self._lock:
            deliver = self._waiting.get(token)
            if deliver is None:
                raise LateTokenError(token) if token in self._spent else UnknownTokenError(token)
        if not deliver(answer):
            raise LateTokenError(token)
