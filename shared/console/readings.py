"""What was read, kept for as long as its price asks for: many tabs cost a cloud no more than one, and that little.

What took long to read is read again less often, so that no page takes more than a small share of the machine's time
from the runs that it shows. No lock is held while something is read, and one reading that fails or hangs concerns those
alone who ask for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Generic, TypeAlias, TypeVar, cast

from shared.console.weight import weight_of

T = TypeVar("T")

_SHARE = 0.02
"""The part of the time that reading one thing again and again may take."""
_LONGEST = 15.0
"""Seconds that a value is kept at the most beyond those it was asked for, however long it took to read."""
_FAILED = 10.0
"""Seconds after which what failed is read again, at the most; later only where the reading took long."""
_MOST = 500
_MOST_BYTES = 200 << 20
_READERS = 4

_Job: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Late(Generic[T]):
    """What is read: the newest value, or why there is no newer one; neither before the first reading ends.

    ``age`` is in seconds.
    """

    value: T | None = None
    error: Exception | None = None
    age: float = 0.0


@dataclass(slots=True)
class _Known:
    value: object
    began: float
    at: float


@dataclass(slots=True)
class _Kept:
    """One reading, and what the one before it has found. ``era`` counts the clouds; ``weight`` is in bytes."""

    future: Future[object]
    began: float
    era: int
    fresh_until: float = float("inf")  # until it is read
    known: _Known | None = None
    weight: int = 0


class Readings:
    """Keeps what was read, by a key. *clock* gives seconds from any start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[Hashable, _Kept] = {}
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._readers: list[Thread] = []
        self._closed = False
        self._era = 0

    def fresh(self, key: Hashable, read: Callable[[], T], seconds: float = 0.4) -> T:
        """Return what *read* returned for *key* a little while ago, or read it now. Several callers read once.

        Args:
            key: What it is.
            read: Reads it. What it raises is raised for each who asks, and kept as a value is.
            seconds: For how long it is fresh, at the least; longer where the reading took long.
        """
        with self._lock:
            kept = self._kept.get(key)
            mine = kept is None or self._clock() >= kept.fresh_until
            if kept is None or mine:
                kept = self._begin(key)
        if mine:
            self._carry_out(key, kept, read, seconds)
        return cast("T", kept.future.result())

    def late(self, key: Hashable, read: Callable[[], T], seconds: float) -> Late[T]:
        """Return what is known for *key*, and have it read in the background where that is older than *seconds*."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or self._clock() >= kept.fresh_until:
                kept = self._begin(key)
                self._submit(lambda reading=kept: self._carry_out(key, reading, read, seconds))  # type: ignore[misc]
            known = kept.known
        error = cast("Exception | None", kept.future.exception() if kept.future.done() else None)
        return Late(cast("T", known.value), error, self._clock() - known.at) if known else Late(error=error)

    def drop(self, key: Hashable) -> None:
        """Keep *key* no longer. Who waits for it still gets it."""
        with self._lock:
            self._kept.pop(key, None)

    def forget(self) -> None:
        """Have all read again, as after something was changed; also what is being read now."""
        with self._lock:
            for key, kept in self._kept.items():
                self._kept[key] = replace(kept, fresh_until=float("-inf"))

    def begin_anew(self) -> None:
        """Know nothing more, as where another cloud has taken the place of the one before."""
        with self._lock:
            self._era += 1
            self._kept.clear()

    def close(self) -> None:
        """End the readings in the background; those that go on are not waited for."""
        with self._lock:
            self._closed = True
            for _ in self._readers:
                self._jobs.put(None)

    def _begin(self, key: Hashable) -> _Kept:
        """Return a new reading of *key*; what was asked for longest ago makes room. The caller holds the lock."""
        before = self._kept.pop(key, None)
        kept = _Kept(Future(), self._clock(), self._era)
        if before:
            kept.known, kept.weight = before.known, before.weight
        while len(self._kept) >= _MOST or (
            self._kept and sum(each.weight for each in self._kept.values()) + kept.weight > _MOST_BYTES
        ):
            del self._kept[next(iter(self._kept))]
        self._kept[key] = kept
        return kept

    def _carry_out(self, key: Hashable, kept: _Kept, read: Callable[[], object], seconds: float) -> None:
        begun = self._clock()
        try:
            value = read()
        except BaseException as error:  # noqa: BLE001  it is raised again for each who asked, and nobody waits for ever
            kept.fresh_until = self._until(begun, min(seconds, _FAILED))
            kept.future.set_exception(error)
        else:
            weight = weight_of(value)
            with self._lock:
                kept.fresh_until = self._until(begun, seconds)
                newest = self._kept.get(key)
                if newest and newest.era == kept.era and not (newest.known and newest.known.began > kept.began):
                    newest.known, newest.weight = _Known(value, kept.began, self._clock()), weight
            kept.future.set_result(value)

    def _until(self, begun: float, seconds: float) -> float:
        now = self._clock()
        return now + max(seconds, min((now - begun) / _SHARE, _LONGEST))

    def _submit(self, job: _Job) -> None:
        """Have *job* done in the background, in threads that do not keep the process alive. The caller holds the lock.

        A pool's threads would: Python waits for them as it ends.
        """
        if self._closed:
            return
        self._jobs.put(job)
        if len(self._readers) < _READERS:
            self._readers.append(Thread(target=self._work, name="reading", daemon=True))
            self._readers[-1].start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
