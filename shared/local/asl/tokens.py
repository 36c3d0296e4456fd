"""Task tokens: who waits for which callback."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.local.asl.integrations.base import Answer
    from shared.local.asl.strand import Strand


class UnknownTokenError(LookupError):
    """The token was never given out."""


class LateTokenError(LookupError):
    """The token's task has ended."""


class Tokens:
    """The tokens that are out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, Strand] = {}
        self._early: dict[str, list[Answer]] = {}
        self._spent: dict[str, None] = {}

    def give(self, strand: Strand, token: str) -> None:
        """Let *token* stand for the task that *strand* runs."""
        strand.token = token
        with self._lock:
            self._waiting[token] = strand

    def drop(self, strand: Strand) -> None:
        """Forget the strand's token: its task has ended."""
        token, strand.token = strand.token, None
        if token is not None:
            with self._lock:
                self._waiting.pop(token, None)
                self._early.pop(token, None)
                self._spent[token] = None

    def answer(self, token: str, answer: Answer) -> None:
        """Hand *answer* to the task that *token* stands for.

        Raises:
            UnknownTokenError: There is no such token.
            LateTokenError: Its task has ended.
        """
        with self._lock:
            strand = self._waiting.get(token)
            if strand is None:
                raise LateTokenError(token) if token in self._spent else UnknownTokenError(token)
        execution = strand.execution
        with execution.lock:
            if strand.token != token or strand.body is None:
                raise LateTokenError(token)
            if strand.parked:
                execution.post(strand, answer, None)
            else:
                self._early.setdefault(token, []).append(answer)
        execution.engine.scheduler.submit(execution.advance)

    def take_early(self, strand: Strand) -> Any:
        """Return an answer that came before its strand waited for one, or None."""
        answers = self._early.get(strand.token or "")
        return answers.pop(0) if answers else None
