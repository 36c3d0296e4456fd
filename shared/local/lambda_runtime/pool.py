"""Who may run what, and when: warm workers, the function's concurrency, a bound on processes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.local.lambda_runtime.function import throttled

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.lambda_runtime.function import FunctionSpec
    from shared.local.lambda_runtime.worker import Worker


_LOOK_AGAIN = 1.0
"""Seconds that a caller queues before it looks by itself: that it has queued for long enough wakes nobody."""


class RuntimeClosedError(LanesError):
    """The runtime was closed while, or before, something was invoked."""


class _Turn:
    """A caller that queues, and what wakes it."""

    def __init__(self, spec: FunctionSpec, came: float, lock: threading.Lock) -> None:
        self.spec = spec
        self.came = came
        self.woken = threading.Condition(lock)
        self.called = False


class Pool:
    """Lends workers, each to one invocation at a time.

    A slot is one process, busy or idle. Callers queue when every slot is busy; an idle worker of another function is
    stopped when its slot is needed.

    So many workers may start at a time, and of one function so many start for the asking. From there on a caller first
    queues for as long as the function's cold start last took: where calls are short, a warm worker comes free before
    that, and a thousand of them do not spend the machine on starting one worker each.

    Args:
        slots: The number of processes there may be.
        patience: Seconds a caller queues before it is told that there are too many.
        starts: The number of workers that may start at a time, for many at once would slow each other down.
        clock: Monotonic seconds.
        wall: Seconds since the epoch.
    """

    def __init__(
        self,
        slots: int,
        patience: float,
        starts: int,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._slots = slots
        self._patience = patience
        self._starts = starts
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting: set[_Turn] = set()
        self._starting = 0
        self._cold: dict[str, float] = {}  # seconds that the function's last cold start took
        self._idle: list[Worker] = []  # the longest idle first
        self._busy: set[Worker] = set()
        self._taken = 0  # slots, those of starting workers included
        self._running: Counter[str] = Counter()
        self._generation: Counter[str] = Counter()
        self._closed = False

    def enter(self, spec: FunctionSpec) -> int:
        """Count an invocation in; return the function's generation, to be handed to :meth:`leave`.

        Raises:
            InvokeRefusedError: The function's reserved concurrency is in use.
            RuntimeClosedError: The pool is closed.
        """
        with self._lock:
            self._check_open()
            limit = spec.reserved_concurrency
            if limit is not None and self._running[spec.function_arn] >= limit:
                raise throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            self._running[spec.function_arn] += 1
            return self._generation[spec.function_arn]

    def take(self, spec: FunctionSpec) -> Worker | None:
        """Return a warm worker, or None with a slot to start one in; :meth:`start_over` says that it has started.

        Raises:
            InvokeRefusedError: No slot came free in time.
            RuntimeClosedError: The pool is closed.
        """
        turn = _Turn(spec, self._clock(), self._lock)
        while True:
            with self._lock:
                self._check_open()
                stale = self._pop_stale(spec)
                worker = None if stale else self._pop_warm(spec)
                if worker is not None:
                    self._busy.add(worker)
                    return worker
                may_start = self._may_start(turn)
                if stale is None and may_start and self._taken < self._slots:
                    self._taken += 1
                    self._starting += 1
                    return None
                evicted = stale or (self._idle.pop(0) if may_start and self._idle else None)
                if evicted is None:
                    self._queue(turn)
                    continue
                self._busy.add(evicted)  # until it has stopped, its slot is taken
            self.end(evicted)

    def _may_start(self, turn: _Turn) -> bool:
        if self._starting >= self._starts:
            return False
        running = sum(worker.spec.function_arn == turn.spec.function_arn for worker in self._busy)
        return running < self._starts or self._clock() >= self._may_start_at(turn)

    def _may_start_at(self, turn: _Turn) -> float:
        return turn.came + self._cold.get(turn.spec.function_arn, 0.0)

    def _queue(self, turn: _Turn) -> None:
        """Wait until something has changed for *turn*."""
        if turn.called:
            self._wake()  # what it was called for and another took, or cannot use, may serve a third
        now, give_up = self._clock(), turn.came + self._patience
        if now >= give_up:
            raise throttled("ConcurrentInvocationLimitExceeded")
        soon = self._may_start_at(turn)
        self._waiting.add(turn)
        turn.woken.wait(min(give_up, soon if soon > now else give_up, now + _LOOK_AGAIN) - now)
        self._waiting.discard(turn)

    def _wake(self) -> None:
        """Wake who came first of those who can go on: with an idle worker of their function, else by starting one."""
        idle = {worker.spec.arn for worker in self._idle}
        fit = [turn for turn in self._waiting if turn.spec.arn in idle]
        if not fit and (idle or self._taken < self._slots):
            fit = [turn for turn in self._waiting if self._may_start(turn)]
        if fit:
            first = min(fit, key=lambda turn: turn.came)
            self._waiting.discard(first)
            first.called = True
            first.woken.notify()

    def start_over(self, spec: FunctionSpec, seconds: float) -> None:
        """Note that a start of *spec* has come to its end, good or bad, after *seconds*."""
        with self._lock:
            self._starting -= 1
            first = spec.function_arn not in self._cold
            self._cold[spec.function_arn] = seconds
            self._wake()
            if first:  # only now do they know for how long to queue
                for turn in self._waiting:
                    if turn.spec.function_arn == spec.function_arn:
                        turn.woken.notify()

    def started(self, worker: Worker) -> None:
        """Note that the caller's slot now holds *worker*.

        Raises:
            RuntimeClosedError: The pool was closed meanwhile.
        """
        with self._lock:
            self._busy.add(worker)
            self._check_open()

    def empty(self, worker: Worker) -> None:
        """Stop *worker* but keep its slot for the one that takes its place."""
        worker.stop()
        with self._lock:
            self._busy.discard(worker)

    def give_up_slot(self) -> None:
        """Note that no worker came to be in the caller's slot."""
        with self._lock:
            self._taken -= 1
            self._changed.notify_all()
            self._wake()

    def end(self, worker: Worker) -> None:
        """Stop *worker* and free its slot."""
        try:
            worker.stop()
        finally:
            with self._lock:
                self._busy.discard(worker)
                self._taken -= 1
                self._changed.notify_all()
                self._wake()

    def give_back(self, worker: Worker, generation: int) -> None:
        """Make *worker* warm for the next one, unless its function was retired since *generation*."""
        with self._lock:
            fit = not self._closed and self._generation[worker.spec.function_arn] == generation
            if fit:
                self._busy.discard(worker)
                self._idle.append(worker)
                self._wake()
        if not fit:
            self.end(worker)

    def leave(self, spec: FunctionSpec) -> None:
        """Count an invocation out."""
        with self._lock:
            self._running[spec.function_arn] -= 1
            if not self._running[spec.function_arn]:
                del self._running[spec.function_arn]

    def retire(self, function_arn: str, *, at_once: bool = False) -> None:
        """Stop the function's idle workers now and its busy ones when they have answered, or *at_once*."""
        with self._lock:
            self._generation[function_arn] += 1
            if at_once:
                for worker in self._busy:
                    if worker.spec.function_arn == function_arn:
                        worker.kill()
            retired = [worker for worker in self._idle if worker.spec.function_arn == function_arn]
            for worker in retired:
                self._idle.remove(worker)
                self._busy.add(worker)
        for worker in retired:
            self.end(worker)

    def close(self, grace: float = 10.0) -> None:
        """Stop all; those who wait for an answer get RuntimeClosedError. Returns when no process is left."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            self._busy.update(idle)
            for worker in self._busy:
                worker.kill()
            for turn in self._waiting:
                turn.woken.notify()
        for worker in idle:
            self.end(worker)
        with self._changed:
            self._changed.wait_for(lambda: not self._taken, grace)
            left = list(self._busy)
        for worker in left:  # their threads are gone or stuck
            worker.stop()

    @property
    def closed(self) -> bool:
        """No more invocations are taken."""
        return self._closed

    @property
    def processes(self) -> int:
        """How many slots are taken."""
        with self._lock:
            return self._taken

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeClosedError("the Lambda runtime is closed", fix="start the embedded cloud again")

    def _pop_warm(self, spec: FunctionSpec) -> Worker | None:
        """Take the worker that was busy last, so that the others can grow old and make room."""
        for position in range(len(self._idle) - 1, -1, -1):
            if self._idle[position].spec == spec:
                return self._idle.pop(position)
        return None

    def _pop_stale(self, spec: FunctionSpec) -> Worker | None:
        """Take an idle worker that runs what this version of the function no longer is, or whose credentials end soon.

        So a function's credentials hold for each of its invocations, as on AWS.
        """
        last = self._wall() + spec.timeout
        for position, worker in enumerate(self._idle):
            if worker.spec.arn == spec.arn and (worker.spec != spec or worker.ends <= last):
                return self._idle.pop(position)
        return None
