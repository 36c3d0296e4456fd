"""What is made of the runs that pages show, kept for as long as the run itself is, and no longer."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary, proxy

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")
T = TypeVar("T")


class PerRun(Generic[R, T]):
    """Keeps one value for each run. It may be used by several threads.

    Args:
        make: Makes the value. It gets the run by a weak reference, so that a value may hold its run: held the usual
            way, each would keep the other for ever.
    """

    def __init__(self, make: Callable[[R], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._kept: WeakKeyDictionary[R, T] = WeakKeyDictionary()

    def of(self, run: R) -> T:
        """Return the value for *run*. Whoever uses it holds the run meanwhile."""
        with self._lock:
            if run not in self._kept:
                self._kept[run] = self._make(proxy(run))
            return self._kept[run]
