"""Invocations that nobody waits for: they are queued, and tried again when the function fails.

One condition guards the queue and all that is said about its threads. A thread starts when an event comes and no thread
rests, up to a limit. It takes the event that is due first, runs it without the lock, and puts it back with a later time
if it must be tried again. It ends when it has had no work for a while, or when the queue is closed. A thread counts as
gone in the same step in which it decides to end: so ``put`` never counts on a thread that will not come back.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.local.lambda_runtime.function import InvokeRefusedError, throttled
from shared.local.lambda_runtime.pool import RuntimeClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.local.lambda_runtime.function import FunctionSpec

_LINGER = 5.0  # seconds for which a thread without work stays
_log = logging.getLogger(__name__)


@dataclass(order=True, frozen=True)
class _Event:
    """An event that waits, ordered by when it is due."""

    due: float
    number: int
    spec: FunctionSpec = field(compare=False)
    payload: bytes = field(compare=False)
    request_id: str = field(compare=False)
    failures: int = field(default=0, compare=False)
    refusals: int = field(default=0, compare=False)


class EventQueue:
    """A bounded queue and the few threads that empty it. Thread-safe; the module tells how.

    A failed event is dropped after its last try. Dead-letter queues and on-failure destinations get nothing.

    Args:
        run: Invokes a function; returns whether it succeeded.
        delays: Seconds before the second try, the third, and so on. The last one repeats.
        threads: How many events may run at once.
        capacity: How many may wait.
        throttled_delays: Seconds before the next try of a throttled event: the first, which doubles up to the last.
            They are AWS's own.
    """

    def __init__(
        self,
        run: Callable[[FunctionSpec, bytes, str], bool],
        delays: Sequence[float],
        *,
        threads: int = 8,
        capacity: int = 10_000,
        throttled_delays: tuple[float, float] = (1.0, 300.0),
    ) -> None:
        self._run = run
        self._delays = delays
        self._most = threads
        self._capacity = capacity
        self._throttled_delays = throttled_delays
        self._changed = threading.Condition()
        self._queue: list[_Event] = []
        self._threads: set[threading.Thread] = set()
        self._resting = 0
        self._number = 0
        self._closed = False

    def put(self, spec: FunctionSpec, payload: bytes, request_id: str) -> None:
        """Queue an event, due now.

        Raises:
            InvokeRefusedError: The queue is full.
            RuntimeClosedError: It is closed.
        """
        with self._changed:
            if self._closed:
                raise RuntimeClosedError("the Lambda runtime is closed", fix="start the embedded cloud again")
            if len(self._queue) >= self._capacity:
                raise throttled("ConcurrentInvocationLimitExceeded")
            self._number += 1
            self._push(_Event(time.monotonic(), self._number, spec, payload, request_id))
            if not self._resting and len(self._threads) < self._most:
                thread = threading.Thread(target=self._work, name="lambda-events", daemon=True)
                self._threads.add(thread)
                thread.start()

    def close(self) -> None:
        """Take no more events and drop those that wait."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the threads to end."""
        with self._changed:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _push(self, event: _Event) -> None:
        heapq.heappush(self._queue, event)
        self._changed.notify()

    def _work(self) -> None:
        try:
            while (event := self._next()) is not None:
                self._try(event)
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())

    def _next(self) -> _Event | None:
        """Wait for an event that is due and return it; None if this thread has no more work."""
        with self._changed:
            lingered = False
            while not self._closed:
                wait = self._queue[0].due - time.monotonic() if self._queue else _LINGER
                if self._queue and wait <= 0:
                    return heapq.heappop(self._queue)
                if not self._queue and lingered:
                    break
                self._resting += 1
                lingered = not self._changed.wait(wait) and not self._queue
                self._resting -= 1
            # In the same step: put() must not count on a thread that is leaving.
            self._threads.discard(threading.current_thread())
            return None

    def _try(self, event: _Event) -> None:
        """Run *event*; queue it again if it failed and has tries left."""
        try:
            if self._run(event.spec, event.payload, event.request_id):
                return
        except RuntimeClosedError:
            return
        except InvokeRefusedError:  # the function's concurrency is in use: this does not count as a try
            first, last = self._throttled_delays
            delay = min(first * 2**event.refusals, last)
            event = replace(event, refusals=event.refusals + 1)
        except Exception:  # noqa: BLE001  one event must not end a thread that serves all
            _log.exception("event %s for %s was lost", event.request_id, event.spec.name)
            return
        else:
            if event.failures >= event.spec.retry_attempts:
                return
            delay = self._delays[min(event.failures, len(self._delays) - 1)]
            event = replace(event, failures=event.failures + 1)
        with self._changed:
            if not self._closed:
                self._push(replace(event, due=time.monotonic() + delay))
