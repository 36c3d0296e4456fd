"""When things run: a bounded pool of threads for what blocks, one timer thread for what waits.

A job is a function without arguments. ``submit`` runs it soon, ``call_later`` runs it at its time, ``now`` tells the
time, ``close`` ends all. A job belongs to a lane: each has its own threads, so what one lane does, were all its threads
to block, keeps no job of another waiting. A wait is an entry in a heap and takes no thread. :class:`VirtualScheduler`
has the same four verbs without threads, so a test runs a year of waits in a millisecond.

Threads of :class:`ThreadScheduler`, all daemons, none until the first job::

    submit --> queue of --> asl-worker, at most WORKERS a lane: takes a job, runs it, takes the next;
      ^        the lane     ends when none came for _IDLE_SECONDS
      |
    due jobs
      |
    asl-timer, one: sleeps until the first entry of its heap is due

The timer thread never runs a job itself. A job may wait for an execution's lock, and no other wait may be late for
that.

How the pool of a lane counts. ``_idle`` is the number of workers that wait and that no job was meant for yet.
``submit`` puts the job into the queue; then it takes one from ``_idle``, or, where that is 0, makes a thread while
there are fewer than the limit; else the job waits its turn. A worker that finds the queue empty adds itself to
``_idle``. A worker that has waited too long ends only if it can take one from ``_idle``: where it cannot, a job was
meant for it, and it looks again. A busy worker may take a job that was meant for an idle one. Then ``_idle`` is too low
for a while, which may cost a thread, but never leaves a job alone.

``cancel`` only lets go of the job; the entry stays in the heap until it is due, or until half of a large heap may be
such entries. A job that was due is past cancelling: it may run after ``cancel`` has returned. Whoever cancels must
recognise it then (a strand does so by its ticket).

``close`` drops what is queued, lets jobs under way end, and returns when all threads have; after that ``submit`` and
``call_later`` do nothing. A thread of the pool may call it, and is then the only one left.

Locks: each pool has one, the scheduler has one, and the timer thread has one. Each is held for a few steps, and nobody
who holds one takes another or runs a job.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    Job = Callable[[], None]

WORKERS = 64
_IDLE_SECONDS = 10.0
_SWEEP = 1024


class Timer:
    """A job that waits for its time; :meth:`cancel` lets go of it."""

    __slots__ = ("job",)

    def __init__(self, job: Job) -> None:
        self.job: Job | None = job

    def cancel(self) -> None:
        """Never run the job; harmless when it ran already."""
        self.job = None


class Scheduler(Protocol):
    """What the engine asks of time and threads."""

    def now(self) -> float:
        """Return the time in seconds since the epoch."""

    def submit(self, job: Job, lane: str = "", /) -> None:
        """Run *job* soon, on some thread of the *lane*."""

    def call_later(self, seconds: float, job: Job, lane: str = "", /) -> Timer:
        """Run *job* after *seconds*, on some thread of the *lane*."""

    def close(self) -> None:
        """Run nothing any more; return when no thread is left."""


class ThreadScheduler:
    """The scheduler of a running cloud.

    Args:
        workers: At most so many jobs of a lane run at a time; threads are made as needed and end when idle.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, workers: int = WORKERS, clock: Callable[[], float] = time.time) -> None:
        self.now = clock
        self._workers = workers
        self._lock = threading.Lock()
        self._pools: dict[str, _Pool] = {}
        self._closed = False
        self._timers = _TimerThread()

    def submit(self, job: Job, lane: str = "") -> None:
        """Run *job* on a thread of the *lane*."""
        pool = self._pools.get(lane)
        if pool is None:
            with self._lock:
                if self._closed:
                    return
                pool = self._pools.setdefault(lane, _Pool(self._workers))
        pool.submit(job)

    def call_later(self, seconds: float, job: Job, lane: str = "") -> Timer:
        """Run *job* on a thread of the *lane* after *seconds*."""
        return self._timers.add(seconds, job, lambda due: self.submit(due, lane))

    def close(self) -> None:
        """End the timers, let running jobs finish, drop the others, and join every thread."""
        with self._lock:
            self._closed = True
            pools = list(self._pools.values())
        self._timers.close()
        for pool in pools:
            pool.end()
        for pool in pools:
            pool.join()


class _Pool:
    """The threads of one lane."""

    def __init__(self, limit: int) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._limit = limit
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        with self._lock:
            if self._closed:
                return
            self._jobs.put(job)
            if self._idle:
                self._idle -= 1  # that one is spoken for: the next job needs another
            elif len(self._threads) < self._limit:
                thread = threading.Thread(target=self._work, name="asl-worker", daemon=True)
                self._threads.add(thread)
                thread.start()

    def end(self) -> None:
        """Take no job any more, and drop those that wait."""
        with self._lock:
            self._closed = True
            threads = list(self._threads)
        for _ in threads:
            self._jobs.put(None)

    def join(self) -> None:
        """Return when no thread is left but the calling one."""
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:  # a thread that ended by it would be missing for good
                import logging  # 10 ms for what should never happen

                logging.getLogger(__name__).exception("a job of the engine failed")

    def _next(self) -> Job | None:
        """Return the next job; None when it is time for the thread to end."""
        me = threading.current_thread()
        while not self._closed:
            try:
                return self._jobs.get_nowait()
            except queue.Empty:
                with self._lock:
                    self._idle += 1
            try:
                return self._jobs.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._idle:  # nobody has spoken for this thread since
                        self._idle -= 1
                        self._threads.discard(me)
                        return None
        return None


class _TimerThread:
    """A heap of timers and the thread that watches it, made with the first timer."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer, Callable[[Job], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._sweep_at = _SWEEP

    def add(self, seconds: float, job: Job, submit: Callable[[Job], None]) -> Timer:
        """Hand *job* to *submit* after *seconds*."""
        timer = Timer(job)
        with self._changed:
            self._sweep()
            entry = (time.monotonic() + seconds, next(self._order), timer, submit)
            heapq.heappush(self._heap, entry)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._watch, name="asl-timer", daemon=True)
                self._thread.start()
            elif self._heap[0] is entry:
                self._changed.notify()
        return timer

    def _sweep(self) -> None:
        """Let go of cancelled timers once they may be half of all: a timeout of days outlives its task by days."""
        if len(self._heap) >= self._sweep_at:
            self._heap = [entry for entry in self._heap if entry[2].job is not None]
            heapq.heapify(self._heap)
            self._sweep_at = max(_SWEEP, 2 * len(self._heap))

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _seconds_to_wait(self) -> float | None:
        """Return how long it is to the first timer, None without any. No thread can wait for more than 292 years."""
        return min(self._heap[0][0] - time.monotonic(), threading.TIMEOUT_MAX) if self._heap else None

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._heap or self._heap[0][0] > time.monotonic()):
                    self._changed.wait(self._seconds_to_wait())
                if self._closed:
                    return
                _, _, timer, submit = heapq.heappop(self._heap)
                job = timer.job
            if job is not None:
                submit(job)


class VirtualScheduler:
    """A scheduler without threads whose clock stands still until :meth:`run` moves it: for tests and dry runs.

    Args:
        start: The time it begins at, in seconds since the epoch.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._time = start
        self._ready: deque[Job] = deque()
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Return the virtual time."""
        return self._time

    def submit(self, job: Job, _lane: str = "") -> None:
        """Keep *job* for the next :meth:`run`."""
        self._ready.append(job)

    def call_later(self, seconds: float, job: Job, _lane: str = "") -> Timer:
        """Keep *job* until the clock has moved by *seconds*."""
        timer = Timer(job)
        heapq.heappush(self._heap, (self._time + max(0.0, seconds), next(self._order), timer))
        return timer

    def close(self) -> None:
        """Forget every job."""
        self._ready.clear()
        self._heap.clear()

    def run(self, until: float | None = None) -> None:
        """Run every job, moving the clock from timer to timer, until none is left or the clock passes *until*."""
        while True:
            while self._ready:
                self._ready.popleft()()
            while self._heap and self._heap[0][2].job is None:
                heapq.heappop(self._heap)
            if not self._heap or (until is not None and self._heap[0][0] > until):
                break
            when, _, timer = heapq.heappop(self._heap)
            self._time = max(self._time, when)
            if timer.job is not None:
                self._ready.append(timer.job)
        if until is not None:
            self._time = max(self._time, until)
