"""Task tokens: which task the answer to each belongs to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.errors import StateFailure
    from shared.values import Json

    Deliver = Callable[["Answer"], bool]


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


class Tokens:
    """The tokens that were issued."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, Deliver] = {}
        self._spent: dict[str, None] = {}

    def issue(self, token: str, deliver: Deliver) -> None:
        """Let *token* stand for a task; *deliver* takes its answers, and returns False when the task has ended."""
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
