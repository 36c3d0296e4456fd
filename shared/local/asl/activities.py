"""The queues behind activities: tasks that wait for a worker, and workers that wait for a task."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    # Tells a task the name of the worker that takes it; False when the task has ended meanwhile.
    Taken = Callable[[str | None], bool]

POLL_SECONDS = 60.0
_MOST_POLLERS = 1000  # Developer Guide, "Quotas related to accounts": pollers of an activity (read 2026-11-30)


class TooManyPollersError(Exception):
    """As many workers wait for a task of the activity as may.

    Attributes:
        most: How many that are.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class Activities:
    """All queues.

    Args:
        seconds: How long a worker waits for a task.
        pollers: How many workers may wait for a task of one activity.
    """

    def __init__(self, seconds: float = POLL_SECONDS, pollers: int = _MOST_POLLERS) -> None:
        self._seconds, self._most = seconds, pollers
        self._polling: Counter[str] = Counter()
        self._exists: Callable[[str], bool] = _always
        self._changed = threading.Condition()
        # The tasks of each activity by their tokens, the oldest first.
        self._queues: dict[str, dict[str, tuple[str, Taken]]] = {}
        self._closed = False

    def check_with(self, exists: Callable[[str], bool]) -> None:
        """Ask *exists* whether there is an activity of an ARN; until then there is one of each."""
        self._exists = exists

    def exists(self, arn: str) -> bool:
        """Tell whether there is an activity of this ARN."""
        return self._exists(arn)

    def put(self, arn: str, token: str, given: str, taken: Taken) -> None:
        """Queue a task with its *token* and its input *given*, JSON; *taken* is called when a worker takes it."""
        with self._changed:
            self._queues.setdefault(arn, {})[token] = given, taken
            self._changed.notify_all()

    def withdraw(self, arn: str, token: str) -> None:
        """Take the task of *token* out of the queue, if no worker has taken it: it has ended."""
        with self._changed:
            queue = self._queues.get(arn)
            if queue is None:
                return
            queue.pop(token, None)
            if not queue:
                del self._queues[arn]

    def poll(self, arn: str, worker: str | None) -> tuple[str, str] | None:
        """Return the token and input of the oldest task, waiting for one; None when none came in time.

        Raises:
            TooManyPollersError: Too many workers wait for it already.
        """
        with self._changed:
            if self._polling[arn] >= self._most:
                raise TooManyPollersError(self._most)
            self._polling[arn] += 1
        try:
            return self._take(arn, worker)
        finally:
            with self._changed:
                self._polling[arn] -= 1
                if not self._polling[arn]:
                    del self._polling[arn]

    def _take(self, arn: str, worker: str | None) -> tuple[str, str] | None:
        while True:
            with self._changed:
                found = self._changed.wait_for(lambda: self._closed or self._queues.get(arn), self._seconds)
                if not found or self._closed:
                    return None
                token = next(iter(self._queues[arn]))
                given, taken = self._queues[arn].pop(token)
                if not self._queues[arn]:
                    del self._queues[arn]
            if taken(worker):
                return token, given

    def close(self) -> None:
        """Let every worker that waits return without a task."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _always(_arn: str) -> bool:
    return True
