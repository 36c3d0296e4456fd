"""The ranks of the runs that pages show: one reader for each run, kept for as long as the run itself is kept."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from shared.run.run_ranks import RunRanks

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.run.live import LiveRun


class RankReaders:
    """Keeps them. *clock* gives seconds from any start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._readers: WeakKeyDictionary[LiveRun, RunRanks] = WeakKeyDictionary()

    def of(self, live: LiveRun) -> RunRanks:
        """Return the ranks of *live*."""
        with self._lock:
            if live not in self._readers:
                self._readers[live] = RunRanks(live, self._clock)
            return self._readers[live]
