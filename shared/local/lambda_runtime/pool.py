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


class RuntimeClosedError(LanesError):
    """The runtime was closed while, or before, something was invoked."""


class Pool:
    """Lends workers, each to one invocation at a time.

    A slot is one process, busy or idle. Callers queue when every slot is busy; an idle worker of another function is
    stopped when its slot is needed.

    Args:
        slots: The number of processes there may be.
        patience: Seconds a caller queues before it is told that there are too many.
        clock: Monotonic seconds.
    """

    def __init__(self, slots: int, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._slots = slots
        self._patience = patience
        self._clock = clock
        self._changed = threading.Condition()
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
        with self._changed:
            self._check_open()
            limit = spec.reserved_concurrency
            if limit is not None and self._running[spec.function_arn] >= limit:
                raise throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            self._running[spec.function_arn] += 1
            return self._generation[spec.function_arn]

    def take(self, spec: FunctionSpec) -> Worker | None:
        """Return a warm worker, or None with a slot to start one in.

        Raises:
            InvokeRefusedError: No slot came free in time.
            RuntimeClosedError: The pool is closed.
        """
        give_up = self._clock() + self._patience
        while True:
            with self._changed:
                self._check_open()
                stale = self._pop_stale(spec)
                worker = None if stale else self._pop_warm(spec)
                if worker is not None:
                    self._busy.add(worker)
                    return worker
                if stale is None and self._taken < self._slots:
                    self._taken += 1
                    return None
                evicted = stale or (self._idle.pop(0) if self._idle else None)
                if evicted is None:
                    if self._clock() >= give_up:
                        raise throttled("ConcurrentInvocationLimitExceeded")
                    self._changed.wait(give_up - self._clock())
                    continue
                self._busy.add(evicted)  # until it has stopped, its slot is taken
            self.end(evicted)

    def started(self, worker: Worker) -> None:
        """Note that the caller's slot now holds *worker*.

        Raises:
            RuntimeClosedError: The pool was closed meanwhile.
        """
        with self._changed:
            self._busy.add(worker)
            self._check_open()

    def empty(self, worker: Worker) -> None:
        """Stop *worker* but keep its slot for the one that takes its place."""
        worker.stop()
        with self._changed:
            self._busy.discard(worker)

    def give_up_slot(self) -> None:
        """Note that no worker came to be in the caller's slot."""
        with self._changed:
            self._taken -= 1
            self._changed.notify()

    def end(self, worker: Worker) -> None:
        """Stop *worker* and free its slot."""
        try:
            worker.stop()
        finally:
            with self._changed:
                self._busy.discard(worker)
                self._taken -= 1
                self._changed.notify_all()

    def give_back(self, worker: Worker, generation: int) -> None:
        """Make *worker* warm for the next one, unless its function was retired since *generation*."""
        with self._changed:
            fit = not self._closed and self._generation[worker.spec.function_arn] == generation
            if fit:
                self._busy.discard(worker)
                self._idle.append(worker)
                self._changed.notify()
        if not fit:
            self.end(worker)

    def leave(self, spec: FunctionSpec) -> None:
        """Count an invocation out."""
        with self._changed:
            self._running[spec.function_arn] -= 1
            if not self._running[spec.function_arn]:
                del self._running[spec.function_arn]

    def retire(self, function_arn: str) -> None:
        """Stop the function's idle workers now and its busy ones when they have answered."""
        with self._changed:
            self._generation[function_arn] += 1
            retired = [worker for worker in self._idle if worker.spec.function_arn == function_arn]
            for worker in retired:
                self._idle.remove(worker)
                self._busy.add(worker)
        for worker in retired:
            self.end(worker)

    def close(self, grace: float = 10.0) -> None:
        """Stop all; those who wait for an answer get RuntimeClosedError. Returns when no process is left."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._busy.update(idle)
            for worker in self._busy:
                worker.kill()
            self._changed.notify_all()
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
        with self._changed:
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
        """Take an idle worker that runs what this version of the function no longer is."""
        for position, worker in enumerate(self._idle):
            if worker.spec.arn == spec.arn and worker.spec != spec:
                return self._idle.pop(position)
        return None
