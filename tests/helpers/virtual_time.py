"""Threads that share a clock which stands still while one of them works, and jumps when all of them sleep.

One thread works at a time, in the order in which they wake; so what they do together is the same in every run.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class VirtualTime:
    """A clock; *now* is what it tells first, in seconds."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._order = itertools.count()
        self._asleep: list[tuple[float, int]] = []
        self._awake: int | None = None
        self._changed = threading.Condition()

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the clock jump until this thread's time has come."""
        with self._changed:
            mine = self._lie_down(seconds)
            self._wake_next()
            self._changed.wait_for(lambda: self._awake == mine)

    def run(self, works: Sequence[Callable[[], Any]]) -> list[Any]:
        """Do all of *works*, each in a thread; return what they return, and raise what one of them raises."""
        results: list[Any] = [None] * len(works)
        errors: list[BaseException] = []

        def do(at: int, mine: int) -> None:
            with self._changed:
                self._changed.wait_for(lambda: self._awake == mine)
            try:
                results[at] = works[at]()
            except BaseException as error:  # noqa: BLE001  raised in the test's own thread
                errors.append(error)
            with self._changed:
                self._wake_next()

        with self._changed:
            places = [self._lie_down(0) for _ in works]
        threads = [threading.Thread(target=do, args=each, daemon=True) for each in enumerate(places)]
        for thread in threads:
            thread.start()
        with self._changed:
            self._wake_next()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return results

    def _lie_down(self, seconds: float) -> int:
        mine = next(self._order)
        heapq.heappush(self._asleep, (self.now + max(0.0, seconds), mine))
        return mine

    def _wake_next(self) -> None:
        self._awake = None
        if self._asleep:
            when, self._awake = heapq.heappop(self._asleep)
            self.now = max(self.now, when)
        self._changed.notify_all()
