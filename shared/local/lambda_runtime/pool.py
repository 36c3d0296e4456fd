"""Which invocation gets which worker, and when: warm workers, a function's concurrency, a limit on processes.

Theory of operation
-------------------

A *worker* is one process that runs one function (:mod:`shared.local.lambda_runtime.worker`). A *slot* is the right to
one process: there are never more processes than slots. A *caller* is a thread that runs one invocation.

Threads. The pool has none of its own. The callers do everything: threads of HTTP connections, threads of the Step
Functions engine, and threads of the event queue. A caller that finds nothing to run on sleeps in :meth:`Pool.take`.

Locks. One lock guards all fields of the pool. Every condition that somebody waits for is a condition on this lock: one
for each waiting caller (``_Turn.woken``), and ``_changed`` for :meth:`Pool.close`. Starting and stopping a process and
running an invocation happen without the lock. Only :meth:`Worker.kill` is called with it; that takes the worker's own
lock, which others hold for no longer than a process takes to end. So the order is: the pool's lock first, then a
worker's. A worker never calls the pool.

An invocation goes through these calls, in this order::

    enter                                     counted against the function's concurrency, or refused
      take -> a worker                        warm: an idle worker becomes busy
      take -> None                            cold: a slot is taken, and one more worker is starting
        started                               the slot now holds a busy worker
        start_ended                           its init phase ended, well or not: it is no longer starting
        (empty_slot, started                  the init phase failed: a second worker takes the first one's slot)
        (give_up_slot                         no worker could be made: the slot is free)
      give_back | end                         the worker becomes idle | it stops, and its slot is free
    leave

Between ``take -> None`` and ``give_back``, ``end`` or ``give_up_slot`` the caller owns the slot. Each path through
runtime.py makes exactly one of these three calls, also when it raises.

A worker goes through these states::

    starting -> busy <-> idle
                  |        |
                  v        v
                stopping (in the set of the busy) -> gone, its slot is free

- An idle worker becomes busy when a caller takes it. The one that was used last is taken first, so that the others grow
  old.
- An idle worker is stopped if it runs an older version of the function, if its credentials would end during the next
  invocation, if another function needs its slot (the one that was idle for longest), or if its function is retired.
- While it stops it counts as busy, because its process may still live.
- A busy worker is stopped by the caller that uses it. Others may only kill it: then that caller sees it die.

Waiting. A caller waits if there is no idle worker for it and it cannot start one: because it may not yet, or because
all slots are busy. It may start one if fewer than ``starts`` workers are starting, and either fewer than ``starts`` of
its function are busy, or it has waited for as long as the function's last cold start took. Whatever comes free wakes
one caller: the one that came first of those that can use it. A caller that was woken and waits again (another caller
was quicker) passes the wake on, so a free worker never stays unnoticed while somebody could use it. That a caller has
waited long enough is no event, so callers also look by themselves from time to time. Whoever has waited for the whole
patience is refused.

Retiring. Each function has a *generation*, which grows when its code or configuration changes. A caller notes it in
``enter`` and hands it to ``give_back``. If it has grown since, the worker is stopped instead: it may have been started
before the change. A caller whose function was read before the change may enter after it, and an event may have waited
in the queue meanwhile. Such a caller still runs what was read, and its worker may then become idle. It is stopped by
the next caller that brings the newer function, when its slot is needed, or at the next change.

Closing. ``close`` kills all workers and wakes all callers. From then on ``enter``, ``take`` and ``started`` raise. It
waits until no slot is taken, and stops what is left after that.

What must never happen: more processes than slots (so a slot is freed only after its process has ended); two callers
with one worker (so workers change sets only under the lock); an invocation on other code or configuration than its
caller brought; credentials that end during an invocation; a process that is left after ``close``.
"""

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


_LOOK_AGAIN = 1.0  # seconds after which a waiting caller looks by itself


class RuntimeClosedError(LanesError):
    """The runtime was closed while, or before, something was invoked."""


class _Turn:
    """A caller that waits for a worker or for a slot.

    Attributes:
        spec: The function.
        came: When the caller came, by the pool's clock.
        woken: What the caller sleeps on.
        called: It was woken for something that came free.
    """

    def __init__(self, spec: FunctionSpec, came: float, lock: threading.Lock) -> None:
        self.spec = spec
        self.came = came
        self.woken = threading.Condition(lock)
        self.called = False

    def call(self) -> None:
        """Wake the caller for something that came free."""
        self.called = True
        self.woken.notify()


class Pool:
    """Lends each worker to one invocation at a time. Thread-safe; the module tells how.

    The first ``starts`` workers of a function start at once. After that, a caller first waits for as long as the
    function's last cold start took. If calls are short, a warm worker comes free before that. So a thousand short calls
    do not start a thousand workers.

    Args:
        slots: How many processes there may be, busy and idle.
        patience: How many seconds a caller waits before it is refused.
        starts: How many workers may start at a time. More would only slow each other down.
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
        self._starting = 0  # workers between take and start_ended
        self._cold_seconds: dict[str, float] = {}  # how long the last cold start took, by the function's ARN
        self._idle: list[Worker] = []  # the longest idle first
        self._busy: set[Worker] = set()  # in use, or stopping
        self._taken = 0  # slots: busy, idle and starting
        self._running: Counter[str] = Counter()  # invocations between enter and leave, by the function's ARN
        self._generation: Counter[str] = Counter()  # by the function's ARN
        self._closed = False

    def enter(self, spec: FunctionSpec) -> int:
        """Count an invocation in; return the function's generation, for :meth:`give_back`.

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
        """Return a warm worker; or None, and the caller owns a slot to start one in.

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
                self._busy.add(evicted)  # its slot is taken until it has stopped
            self.end(evicted)

    def _may_start(self, turn: _Turn) -> bool:
        if self._starting >= self._starts:
            return False
        running = sum(worker.spec.function_arn == turn.spec.function_arn for worker in self._busy)
        return running < self._starts or self._clock() >= self._may_start_at(turn)

    def _may_start_at(self, turn: _Turn) -> float:
        return turn.came + self._cold_seconds.get(turn.spec.function_arn, 0.0)

    def _queue(self, turn: _Turn) -> None:
        """Wait until something has changed for *turn*."""
        if turn.called:
            self._wake()  # another caller was quicker, or it cannot use what came free; a third one may
        now, give_up = self._clock(), turn.came + self._patience
        if now >= give_up:
            raise throttled("ConcurrentInvocationLimitExceeded")
        soon = self._may_start_at(turn)
        self._waiting.add(turn)
        turn.woken.wait(min(give_up, soon if soon > now else give_up, now + _LOOK_AGAIN) - now)
        self._waiting.discard(turn)

    def _wake(self) -> None:
        """Wake the first caller that has an idle worker of its function, or else the first that may start one."""
        idle = {worker.spec.arn for worker in self._idle}
        fit = [turn for turn in self._waiting if turn.spec.arn in idle]
        if not fit and (idle or self._taken < self._slots):
            fit = [turn for turn in self._waiting if self._may_start(turn)]
        if fit:
            first = min(fit, key=lambda turn: turn.came)
            self._waiting.discard(first)
            first.call()

    def start_ended(self, spec: FunctionSpec, seconds: float) -> None:
        """Note that the start of a worker for *spec* has ended, well or not, after *seconds*."""
        with self._lock:
            self._starting -= 1
            first = spec.function_arn not in self._cold_seconds
            self._cold_seconds[spec.function_arn] = seconds
            self._wake()
            if first:  # until now they did not know how long to wait before they start another
                for turn in self._waiting:
                    if turn.spec.function_arn == spec.function_arn:
                        turn.woken.notify()

    def started(self, worker: Worker) -> None:
        """Note that the caller's slot now holds *worker*.

        Raises:
            RuntimeClosedError: The pool was closed meanwhile. The caller must end the worker.
        """
        with self._lock:
            self._busy.add(worker)
            self._check_open()

    def empty_slot(self, worker: Worker) -> None:
        """Stop *worker*; the caller keeps its slot for another one, also if this raises."""
        worker.stop()
        with self._lock:
            self._busy.discard(worker)

    def give_up_slot(self) -> None:
        """Free the caller's slot, in which no worker could be started."""
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
        """Make *worker* idle; or stop it, if its function was retired since *generation*."""
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
        """Stop the function's idle workers now, and its busy ones when they have answered, or *at_once*."""
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
        """Stop all workers and return when no process is left. Callers get RuntimeClosedError.

        Args:
            grace: How many seconds to wait for the callers to end their workers.
        """
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
        for worker in left:  # their callers are gone or stuck
            worker.stop()

    @property
    def closed(self) -> bool:
        """Whether the pool is closed: no more invocations are taken."""
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
        """Remove the idle worker that was used last, so that the others grow old and make room."""
        for position in range(len(self._idle) - 1, -1, -1):
            if self._idle[position].spec == spec:
                return self._idle.pop(position)
        return None

    def _pop_stale(self, spec: FunctionSpec) -> Worker | None:
        """Remove an idle worker that runs older code or configuration, or whose credentials end too soon.

        So a function's credentials are valid during each of its invocations, as on AWS.
        """
        last = self._wall() + spec.timeout
        for position, worker in enumerate(self._idle):
            if worker.spec.arn == spec.arn and (worker.spec != spec or worker.ends <= last):
                return self._idle.pop(position)
        return None
