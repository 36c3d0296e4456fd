"""Who runs the jobs of a fair queue: workers, made as they are needed, which end when they have been idle for a while.

A job that may run is given to an idle worker, to the one that has rested for the shortest time, or else to a new one. A
worker that has ended a job gives its place back and takes what the queue gives next, so it goes from job to job as long
as there is one. No job that may run is ever held back.

A job that turns out to be long may *step aside*: it goes on, and its team has the place for another job meanwhile. At
most ``ASIDE`` jobs of a team do; later ones keep their places. So a team that steps aside too often waits for itself.

Where no more threads may be had (the limit of processes is reached), the job waits until a worker has time for it.

:class:`Crew` decides, and :class:`Threads` are its workers. The lock of a crew is held for a few steps, and nobody who
holds it takes another or runs a job; threads are made without it.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.fair_queue import FairQueue, Job, Taken

ASIDE = 32
"""How many jobs of a team may run beside those that hold a place."""
_IDLE_SECONDS = 10.0


class Worker:
    """Somebody who runs one job at a time."""

    __slots__ = ("aside", "taken")

    def __init__(self) -> None:
        # The job it has, None while it rests, and whether that one has stepped aside.
        self.taken: Taken | None = None
        self.aside = False

    def begin(self) -> None:
        """Run the job that it was given: it has rested, or is new.

        Raises:
            RuntimeError: There can be no more threads.
        """
        raise NotImplementedError


class Crew:
    """The workers of a queue. Thread-safe.

    Args:
        jobs: What they run; nobody else uses it.
        hire: Makes a worker.
    """

    def __init__(self, jobs: FairQueue, hire: Callable[[], Worker]) -> None:
        self._jobs = jobs
        self._hire = hire
        self._lock = threading.Lock()
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._aside: Counter[str] = Counter()
        self._closed = False

    @property
    def any_wait(self) -> bool:
        """Whether a job waits for a place. This takes no lock."""
        return self._jobs.waits

    def put(self, job: Job, lane: str) -> None:
        """Let *job* of *lane* run as soon as it may."""
        with self._lock:
            if self._closed:
                return
            self._jobs.put(job, lane)
            beginning = self._assign()
        self._begin(beginning)

    def go_on(self, worker: Worker) -> bool:
        """Note that the job of *worker* has ended, and give it the next one; without one, return False: it rests."""
        with self._lock:
            self._end(worker)
            worker.taken = None if self._closed else self._jobs.take()
            rests = worker.taken is None
            if rests:
                self._idle.append(worker)
            beginning = self._assign()
        self._begin(beginning)
        return not rests  # not what it has now: another thread may have given it a job, and wakes it for that

    def step_aside(self, worker: Worker) -> None:
        """Let the team of *worker* have its place for another job, while its own goes on."""
        with self._lock:
            taken = worker.taken
            if taken is None or worker.aside or self._aside[taken.team] >= ASIDE:
                return
            worker.aside = True
            self._aside[taken.team] += 1
            self._jobs.give_back(taken.team)
            beginning = self._assign()
        self._begin(beginning)

    def leave(self, worker: Worker) -> bool:
        """Let *worker*, which rests, end; False if it has just been given a job."""
        with self._lock:
            if worker not in self._idle:
                return False
            self._idle.remove(worker)
            self._workers.discard(worker)
            return True

    def close(self) -> list[Worker]:
        """Begin nothing more; return the workers that there are: those that rest are to be sent home."""
        with self._lock:
            self._closed = True
            self._jobs.clear()
            return list(self._workers)

    def _end(self, worker: Worker) -> None:
        taken, worker.taken = worker.taken, None
        if taken is None:
            return
        if worker.aside:
            worker.aside = False
            self._aside[taken.team] -= 1
            if not self._aside[taken.team]:
                del self._aside[taken.team]
        else:
            self._jobs.give_back(taken.team)
        self._jobs.end(taken)

    def _assign(self) -> list[Worker]:
        """Give every job that may run to a worker; return those workers."""
        beginning = []
        while not self._closed and (taken := self._jobs.take()) is not None:
            worker = self._idle.pop() if self._idle else self._hire()
            self._workers.add(worker)
            worker.taken = taken
            beginning.append(worker)
        return beginning

    def _begin(self, workers: list[Worker]) -> None:
        for worker in workers:
            try:
                worker.begin()
            except RuntimeError:
                self._dismiss(worker)

    def _dismiss(self, worker: Worker) -> None:
        """Let the job of *worker*, whose thread cannot be made, wait for one of the others."""
        with self._lock:
            taken = worker.taken
            self._end(worker)
            self._workers.discard(worker)
            if taken is not None:
                self._jobs.put(taken.job, taken.lane)
            beginning = self._assign() if self._idle else []
        self._begin(beginning)


class Threads:
    """A crew of threads.

    Args:
        name: What the threads are called.
        jobs: What they run; nobody else uses it.
    """

    def __init__(self, name: str, jobs: FairQueue) -> None:
        self.name = name
        self.crew = Crew(jobs, lambda: _Thread(self))
        self.own = threading.local()

    def put(self, job: Job, lane: str) -> None:
        """Run *job* of *lane* on one of the threads as soon as it may."""
        self.crew.put(job, lane)

    @property
    def any_wait(self) -> bool:
        """Whether a job waits for a thread. This takes no lock."""
        return self.crew.any_wait

    def step_aside(self) -> None:
        """Let the job of the calling thread step aside; nothing happens on a thread of somebody else's."""
        worker = getattr(self.own, "worker", None)
        if worker is not None:
            self.crew.step_aside(worker)

    def end(self) -> list[threading.Thread]:
        """Begin nothing more, and return the threads, which end when the jobs under way have."""
        found = []
        for worker in self.crew.close():
            if isinstance(worker, _Thread):
                worker.wake.put(None)
                if worker.thread is not None:
                    found.append(worker.thread)
        return found


class _Thread(Worker):
    """A worker that is a thread, made when it begins for the first time."""

    __slots__ = ("_threads", "thread", "wake")

    def __init__(self, threads: Threads) -> None:
        super().__init__()
        self._threads = threads
        self.thread: threading.Thread | None = None
        self.wake: queue.SimpleQueue[None] = queue.SimpleQueue()

    def begin(self) -> None:
        if self.thread is not None:
            self.wake.put(None)
            return
        self.thread = threading.Thread(target=self._work, name=self._threads.name, daemon=True)
        try:
            self.thread.start()
        except RuntimeError:
            self.thread = None
            raise

    def _work(self) -> None:
        self._threads.own.worker = self
        while self.taken is not None:
            try:
                self.taken.job()
            except BaseException:  # a thread that ended by it would be missing, and keep its place
                import logging  # 10 ms for what should never happen

                logging.getLogger(__name__).exception("a job of the engine failed")
            if not self._threads.crew.go_on(self) and not self._rested():
                return

    def _rested(self) -> bool:
        """Wait for a job; return False if none came for long."""
        while True:
            try:
                self.wake.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                if self._threads.crew.leave(self):
                    return False
            else:
                return True
