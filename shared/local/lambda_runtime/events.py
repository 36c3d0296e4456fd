"""Invocations that nobody waits for: they are queued, and tried again when the function fails.

One condition guards the queue and all that is said about its threads. A thread starts when an event comes and no thread
rests, up to a limit. It takes the event that is due first, runs it without the lock, and puts it back with a later time
if it must be tried again. It ends when it has had no work for a while, or when the queue is closed. A thread counts as
gone in the same step in which it decides to end: so ``put`` never counts on a thread that will not come back. Each
function has a queue and threads of its own; while all its events wait to be tried again, one thread waits for them. A
queue without events and threads goes. What is queued is bounded, in number and in bytes.

A thread does not wait for a worker: an event that finds none is tried again after Lambda's own delays. So the threads
of a team are as many as it may run functions (:class:`~shared.local.lambda_runtime.slots.Slots`), and a few that rest.

An event names its function and holds nothing of it: each try runs what the function is by then, as on AWS.

A ledger has every event from when it is put until it is over, so that a kept cloud goes on with it. One that was being
tried when the cloud ended is tried once more; AWS does not promise either that an event comes only once.
"""

from __future__ import annotations

import contextlib
import heapq
import logging
import threading
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from shared.local.lambda_runtime.function import NOT_FOUND, InvokeRefusedError, throttled
from shared.local.lambda_runtime.lineage import RECURSIVE
from shared.local.lambda_runtime.pool import RuntimeClosedError
from shared.local.ledger import NoLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shared.local.lambda_runtime.function import FunctionSpec, Invocation
    from shared.local.ledger import Ledger

    Find = Callable[[], FunctionSpec]

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]

_log = logging.getLogger(__name__)


@dataclass(order=True, frozen=True)
class _Event:
    """An event that waits, ordered by when it is due. ``came`` is when it was queued."""

    due: float
    number: int
    function: str = field(compare=False)
    find: Find = field(compare=False)
    payload: bytes = field(compare=False)
    request_id: str = field(compare=False)
    came: float = field(compare=False)
    failures: int = field(default=0, compare=False)
    refusals: int = field(default=0, compare=False)


class Noted(NamedTuple):
    """An event as a ledger has it.

    Attributes:
        function: The ARN of its function.
        find: Tells of its function.
        payload: The event, as JSON.
        request_id: The id of all its invocations.
        came: When it was queued, in seconds since the epoch.
        failures: How often its function failed.
        refusals: How often its function could not be started.
    """

    function: str
    find: Find
    payload: bytes
    request_id: str
    came: float
    failures: int
    refusals: int


class Outcome(NamedTuple):
    """What became of an event, for good.

    Attributes:
        spec: The function, as it was at the last try.
        payload: The event, as JSON.
        request_id: The id of all its invocations.
        condition: AWS's word for it.
        tries: How often the function was tried.
        invocation: The last try; None if the function was not started then.
    """

    spec: FunctionSpec
    payload: bytes
    request_id: str
    condition: Condition
    tries: int
    invocation: Invocation | None


class EventQueues:
    """A queue for each function: slow or throttled events of one keep no other function's waiting. Thread-safe.

    Args:
        make: Makes a queue.
    """

    def __init__(self, make: Callable[[], EventQueue]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._queues: dict[str, EventQueue] = {}
        self._closed = False

    def put(self, function: str, find: Find, payload: bytes, request_id: str) -> None:
        """Queue an event of the function with the ARN *function*, as :meth:`EventQueue.put` does.

        Raises:
            InvokeRefusedError: The function's queue is full.
            RuntimeClosedError: The queues are closed.
        """
        with self._queue(function) as queue:
            queue.put(function, find, payload, request_id)

    def go_on_with(self, noted: Iterable[Noted]) -> None:
        """Go on with what an earlier cloud had not done."""
        for each in noted:
            with self._queue(each.function) as queue:
                queue.go_on_with(each)

    @contextlib.contextmanager
    def _queue(self, function: str) -> Iterator[EventQueue]:
        """Give the function's queue, with the lock: an empty queue must not go meanwhile."""
        with self._lock:
            if self._closed:
                raise _closed()
            queue = self._queues.get(function)
            if queue is None:
                queue = self._queues[function] = self._make()
                queue.when_empty(partial(self._drop, function, queue))
            yield queue

    def _drop(self, function: str, queue: EventQueue) -> None:
        with self._lock:
            if queue.empty and self._queues.get(function) is queue:
                del self._queues[function]

    def close(self) -> None:
        """Take no more events and drop those that wait."""
        with self._lock:
            self._closed = True
            queues = list(self._queues.values())
        for queue in queues:
            queue.close()

    def join(self) -> None:
        """Wait for the threads to end."""
        with self._lock:
            queues = list(self._queues.values())
        for queue in queues:
            queue.join()


class EventQueue:
    """A bounded queue and the few threads that empty it. Thread-safe; the module tells how.

    Args:
        run: Invokes a function with a payload and a request id.
        delays: Seconds before the second try, the third, and so on. The last one repeats.
        end: Is told what became of each event. Events of functions that are gone end without a word, as on AWS.
        threads: How many events may run at once.
        capacity: How many may wait.
        most_bytes: How many bytes these may have.
        throttled_delays: Seconds before the next try of a throttled event: the first, which doubles up to the last.
            They are AWS's own.
        linger: Seconds for which a thread without work stays.
        clock: Gives seconds that never go back.
        ledger: Notes events until they are over.
    """

    def __init__(  # noqa: PLR0913  settings, most of which only tests change
        self,
        run: Callable[[FunctionSpec, bytes, str], Invocation],
        delays: Sequence[float],
        end: Callable[[Outcome], None] = lambda _: None,
        *,
        threads: int = 8,
        capacity: int = 10_000,
        most_bytes: int = 64 << 20,
        throttled_delays: tuple[float, float] = (1.0, 300.0),
        linger: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        ledger: Ledger | None = None,
    ) -> None:
        self._run = run
        self._delays = delays
        self._end = end
        self._most = threads
        self._capacity = capacity
        self._most_bytes = most_bytes
        self._throttled_delays = throttled_delays
        self._linger = linger
        self._clock = clock
        self._ledger = ledger or NoLedger()
        self._changed = threading.Condition()
        self._queue: list[_Event] = []
        self._threads: set[threading.Thread] = set()
        self._resting = 0
        self._number = 0
        self._bytes = 0
        self._closed = False
        self._when_empty: Callable[[], None] = lambda: None

    def when_empty(self, then: Callable[[], None]) -> None:
        """Call *then* each time when its last thread has left it empty."""
        self._when_empty = then

    @property
    def empty(self) -> bool:
        """Whether it has neither events nor threads."""
        with self._changed:
            return not self._queue and not self._threads

    def put(self, function: str, find: Find, payload: bytes, request_id: str) -> None:
        """Queue an event of *function*, due now. *find* tells of it, at each try.

        Raises:
            InvokeRefusedError: The queue is full.
            RuntimeClosedError: It is closed.
        """
        with self._changed:
            if self._closed:
                raise _closed()
            if len(self._queue) >= self._capacity or self._bytes + len(payload) > self._most_bytes:
                raise throttled("ConcurrentInvocationLimitExceeded")
            now = self._clock()
            self._add(_Event(now, self._next_number(), function, find, payload, request_id, now))

    def go_on_with(self, noted: Noted) -> None:
        """Queue an event again that an earlier cloud had not done, due now."""
        with self._changed:
            now = self._clock()
            came = now - max(0.0, time.time() - noted.came)
            event = _Event(now, self._next_number(), noted.function, noted.find, noted.payload, noted.request_id, came)
            self._add(replace(event, failures=noted.failures, refusals=noted.refusals))

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _add(self, event: _Event) -> None:
        """Queue an event that is new here, and see that there is a thread for it; needs the lock."""
        self._push(event)
        if not self._resting and len(self._threads) < self._most:
            thread = threading.Thread(target=self._work, name="lambda-events", daemon=True)
            self._threads.add(thread)
            thread.start()

    def close(self) -> None:
        """Take no more events and drop those that wait."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            self._bytes = 0
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the threads to end."""
        with self._changed:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _push(self, event: _Event) -> None:
        self._bytes += len(event.payload)
        came = time.time() - (self._clock() - event.came)
        told = event.function, event.find, event.payload, event.request_id, came, event.failures, event.refusals
        self._ledger.put(_key(event), Noted(*told))
        heapq.heappush(self._queue, event)
        self._changed.notify()

    def _work(self) -> None:
        try:
            while (event := self._next()) is not None:
                self._try(event)
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())
            if self.empty:
                self._when_empty()

    def _next(self) -> _Event | None:
        """Wait for an event that is due and return it; None if this thread has no more work."""
        with self._changed:
            lingered = False
            while not self._closed:
                wait = self._queue[0].due - self._clock() if self._queue else self._linger
                if self._queue and wait <= 0:
                    event = heapq.heappop(self._queue)
                    self._bytes -= len(event.payload)
                    return event
                spare = not self._queue or self._resting > 0  # nothing waits, or another thread waits for it
                if spare and lingered:
                    break
                self._resting += 1
                lingered = not self._changed.wait(min(wait, self._linger) if spare else wait)
                self._resting -= 1
            # In the same step: put() must not count on a thread that is leaving.
            self._threads.discard(threading.current_thread())
            return None

    def _try(self, event: _Event) -> None:
        """Run *event*; queue it again if it failed and has tries left."""
        try:
            spec = event.find()
            try:
                invocation = self._run(spec, event.payload, event.request_id)
            except InvokeRefusedError as refusal:
                if refusal.code == RECURSIVE:
                    self._over(event, spec, "RetriesExhausted", None)
                else:
                    self._refused(event, spec)
            else:
                self._ran(event, spec, invocation)
        except RuntimeClosedError:
            return
        except InvokeRefusedError as refusal:  # nobody knows what the function is
            if refusal.code != NOT_FOUND:
                self._again(replace(event, refusals=event.refusals + 1), self._throttled_delay(event))
            else:
                self._ledger.drop(_key(event))
        except Exception:  # noqa: BLE001  one event must not end a thread that serves all
            _log.exception("event %s was lost", event.request_id)
            self._ledger.drop(_key(event))

    def _ran(self, event: _Event, spec: FunctionSpec, invocation: Invocation) -> None:
        if invocation.function_error is None:
            self._over(event, spec, "Success", invocation)
        elif event.failures >= spec.retry_attempts:
            self._over(event, spec, "RetriesExhausted", invocation)
        else:
            delay = self._delays[min(event.failures, len(self._delays) - 1)]
            if self._too_old(event, spec, delay):
                self._over(event, spec, "EventAgeExceeded", invocation)
            else:
                self._again(replace(event, failures=event.failures + 1), delay)

    def _refused(self, event: _Event, spec: FunctionSpec) -> None:
        """Queue an event again whose function could not be started: this does not count as a try."""
        delay = self._throttled_delay(event)
        if spec.reserved_concurrency == 0:
            self._over(event, spec, "ZeroReservedConcurrency", None)
        elif self._too_old(event, spec, delay):
            self._over(event, spec, "EventAgeExceeded", None)
        else:
            self._again(replace(event, refusals=event.refusals + 1), delay)

    def _throttled_delay(self, event: _Event) -> float:
        first, last = self._throttled_delays
        return float(min(first * 2**event.refusals, last))

    def _too_old(self, event: _Event, spec: FunctionSpec, delay: float) -> bool:
        """Whether *event* will be older than its function allows, when it may be tried again."""
        return self._clock() + delay - event.came > spec.max_event_age

    def _over(self, event: _Event, spec: FunctionSpec, condition: Condition, invocation: Invocation | None) -> None:
        tries = event.failures + (condition != "ZeroReservedConcurrency")
        self._end(Outcome(spec, event.payload, event.request_id, condition, tries, invocation))
        self._ledger.drop(_key(event))

    def _again(self, event: _Event, delay: float) -> None:
        with self._changed:
            if not self._closed:
                self._push(replace(event, due=self._clock() + delay))


def _key(event: _Event) -> str:
    return f"{event.function} {event.request_id}"


def _closed() -> RuntimeClosedError:
    return RuntimeClosedError("the Lambda runtime is closed", fix="start the embedded cloud again")
