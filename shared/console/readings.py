"""What was read, kept for as long as its price asks for: many tabs cost a cloud no more than one, and that little.

What took long to read is read again less often, so that no page takes more than a small share of the machine's time
from the runs that it shows.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

_SHARE = 0.02
"""The part of the time that reading one thing again and again may take."""
_MOST = 500
_READERS = 4


@dataclass(frozen=True, slots=True)
class Late(Generic[T]):
    """What is read in the background: the newest value, or why there is none; neither before the first reading ends.

    ``age`` is in seconds.
    """

    value: T | None = None
    error: Exception | None = None
    age: float = 0.0


@dataclass(slots=True)
class _Kept:
    future: Future[object]
    began: float
    fresh_until: float = float("inf")  # until it is read


class Readings:
    """Keeps what was read, by a key. *clock* gives seconds from any start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[Hashable, _Kept] = {}
        self._known: dict[Hashable, tuple[object, float]] = {}
        self._pool = ThreadPoolExecutor(_READERS, thread_name_prefix="reading")

    def fresh(self, key: Hashable, read: Callable[[], T], seconds: float = 0.4) -> T:
        """Return what *read* returned for *key* a little while ago, or read it now. Several callers read once.

        Args:
            key: What it is.
            read: Reads it.
            seconds: For how long it is fresh, at the least; longer where the reading took long.
        """
        with self._lock:
            kept = self._kept.get(key)
            mine = kept is None or self._clock() >= kept.fresh_until
            if mine:
                kept = self._begin(key)
        assert kept is not None  # noqa: S101  it was there, or was begun
        if mine:
            self._carry_out(kept, read, seconds)
        return cast("T", kept.future.result())

    def late(self, key: Hashable, read: Callable[[], T], seconds: float) -> Late[T]:
        """Return what is known for *key*, and have it read in the background where that is older than *seconds*."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or self._clock() >= kept.fresh_until:
                kept = self._begin(key)
                self._pool.submit(self._carry_out, kept, read, seconds)
                kept.future.add_done_callback(lambda done: self._take(key, done))
            known = self._known.get(key)
        if kept.future.done() and (error := kept.future.exception()):
            return Late(error=cast("Exception", error))
        return Late(cast("T", known[0]), age=self._clock() - known[1]) if known else Late()

    def forget(self) -> None:
        """Forget all, as after something was changed."""
        with self._lock:
            self._kept.clear()

    def close(self) -> None:
        """End the readings in the background; those that go on are not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, key: Hashable) -> _Kept:
        kept = self._kept.pop(key, None)
        while len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
        kept = self._kept[key] = _Kept(Future(), self._clock())
        return kept

    def _take(self, key: Hashable, done: Future[object]) -> None:
        if not done.cancelled() and done.exception() is None:
            with self._lock:
                self._known[key] = done.result(), self._clock()

    def _carry_out(self, kept: _Kept, read: Callable[[], object], seconds: float) -> None:
        begun = self._clock()
        try:
            value = read()
        except Exception as error:  # noqa: BLE001  it is raised again for each who asked
            kept.fresh_until = self._clock() + seconds
            kept.future.set_exception(error)
        else:
            now = self._clock()
            kept.fresh_until = now + max(seconds, (now - begun) / _SHARE)
            kept.future.set_result(value)
