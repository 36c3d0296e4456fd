"""When things run: a few threads for what computes, as many as are needed for what blocks, one timer for what waits.

A job is a function without arguments. ``submit`` runs one soon that only computes, ``block`` one that may block,
``call_later`` one that only computes at its time; ``now`` tells the time, ``close`` ends all. A job belongs to a lane,
such as an execution, and the lane's name tells whose it is. Teams share the threads (``fair_queue`` tells what each may
count on), and the lanes of a team take turns. :class:`VirtualScheduler` has the same verbs without threads, so a test
runs a year of waits in a millisecond.

Threads of :class:`ThreadScheduler`, all daemons, none until the first job::

    submit -----> jobs that compute ----> asl-worker, a few, and one at least for each team that wants one
      ^
    due jobs      jobs that may block --> asl-caller, as many as calls may block at once
      |             ^
    asl-timer     block

What blocks thus keeps no job waiting that only computes. A thread that has made a call may go on with what comes of it,
and make the next call of the same lane, as long as nobody waits (``others_wait``); else it must ``block`` again, and
take what the queue gives it. A job that computes and finds that it will take long, or that somebody else holds a lock
that it needs, steps aside (``step_aside``): another one has its place then.

The timer thread never runs a job itself. A job may wait for an execution's lock, and no other wait may be late for
that.

``cancel`` only lets go of the job; the entry stays in the heap until it is due, or until half of a large heap may be
such entries. A job that was due is past cancelling: it may run after ``cancel`` has returned. Whoever cancels must
recognise it then (a strand does so by its ticket).

``close`` drops what is queued, lets jobs under way end, and returns when all threads have; after that ``submit``,
``block`` and ``call_later`` do nothing. A thread of the pool may call it, and is then the only one left.

Locks: each of the two crews has one (``workers``), and the timer thread has one. Each is held for a few steps, and
nobody who holds one takes another or runs a job.
"""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

from shared.local.asl.fair_queue import FairQueue
from shared.local.asl.workers import Threads
from shared.local.shares import Shares

if TYPE_CHECKING:
    from collections.abc import Callable

    Job = Callable[[], None]

_COMPUTING = 4
"""How many jobs compute at once: Python runs one at a time, and a few more may wait for a lock for a moment."""
_CALLS_PER_PROCESSOR = 16
"""How many calls are worth making at once where a processor of this machine answers each."""
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
        """Run *job*, which only computes, soon, and not beside another such job of its *lane*."""

    def block(self, job: Job, lane: str = "", /) -> None:
        """Run *job*, which may block, when it is the turn of its *lane*."""

    def others_wait(self) -> bool:
        """Tell whether a job that may block waits for its turn: one that has blocked must end soon then."""

    def step_aside(self) -> None:
        """Let another job that computes run beside the one that calls this, which will take long."""

    def call_later(self, seconds: float, job: Job, lane: str = "", /) -> Timer:
        """Submit *job* after *seconds*."""

    def close(self) -> None:
        """Run nothing any more; return when no thread is left."""


class ThreadScheduler:
    """The scheduler of a running cloud.

    Args:
        calls: About how many jobs that may block run at once; by default what the processors of this machine can
            answer. For each team that wants one, there are those that it is guaranteed.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, calls: int = 0, clock: Callable[[], float] = time.time) -> None:
        self.now = clock
        self._computing = Threads("asl-worker", FairQueue(Shares(_COMPUTING), serial=True))
        self._blocking = Threads("asl-caller", FairQueue(Shares(calls or _CALLS_PER_PROCESSOR * (os.cpu_count() or 1))))
        self._timers = _TimerThread(self.submit)

    def submit(self, job: Job, lane: str = "") -> None:
        """Run *job* soon."""
        self._computing.put(job, lane)

    def block(self, job: Job, lane: str = "") -> None:
        """Run *job*, which may block, when it is its turn."""
        self._blocking.put(job, lane)

    def others_wait(self) -> bool:
        """Tell whether a job that may block waits for its turn."""
        return self._blocking.any_wait

    def step_aside(self) -> None:
        """Let another job that computes run beside the one that calls this."""
        self._computing.step_aside()

    def call_later(self, seconds: float, job: Job, lane: str = "") -> Timer:
        """Submit *job* after *seconds*."""
        return self._timers.add(seconds, job, lane)

    def close(self) -> None:
        """End the timers, let running jobs finish, drop the others, and join every thread."""
        self._timers.close()
        for thread in self._computing.end() + self._blocking.end():
            if thread is not threading.current_thread():
                thread.join()


class _TimerThread:
    """A heap of timers and the thread that watches it, made with the first timer.

    Args:
        submit: Is given each job that is due, with its lane.
    """

    def __init__(self, submit: Callable[[Job, str], None]) -> None:
        self._submit = submit
        self._heap: list[tuple[float, int, Timer, str]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._sweep_at = _SWEEP

    def add(self, seconds: float, job: Job, lane: str) -> Timer:
        """Submit *job* after *seconds*."""
        timer = Timer(job)
        with self._changed:
            self._sweep()
            entry = (time.monotonic() + seconds, next(self._order), timer, lane)
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
                _, _, timer, lane = heapq.heappop(self._heap)
                job = timer.job
            if job is not None:
                self._submit(job, lane)


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

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on while a job runs, as one that blocks for so long does."""
        self._time += seconds

    def submit(self, job: Job, _lane: str = "") -> None:
        """Keep *job* for the next :meth:`run`."""
        self._ready.append(job)

    def block(self, job: Job, _lane: str = "") -> None:
        """Keep *job* for the next :meth:`run`."""
        self._ready.append(job)

    def others_wait(self) -> bool:
        """Tell that nobody waits for a thread."""
        return False

    def step_aside(self) -> None:
        """Do nothing: there is one thread for all."""

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
