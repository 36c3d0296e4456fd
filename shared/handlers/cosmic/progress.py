"""A rank's progress as log lines, which ``lanes run`` follows live: each is a JSON object on a line of stdout."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 0.25  # seconds between lines: our choice, often enough to look alive, seldom enough to cost nothing


class Progress:
    """Counts the records done, and writes lines: at most four a second, and always one at the start and at the end."""

    def __init__(
        self,
        run_id: str,
        rank: int,
        of: int,
        clock: Callable[[], float] = time.monotonic,
        write: Callable[[str], object] = print,
    ) -> None:
        self._run = {"run_id": run_id, "rank": rank}
        self._of = of
        self._clock = clock
        self._write = write
        self._done = 0
        self._said(clock())

    def advance(self, records: int) -> None:
        """Count *records* more as done."""
        self._done += records
        now = self._clock()
        if self._done >= self._of or now - self._last >= EVERY:
            self._said(now)

    def _said(self, now: float) -> None:
        line = {"progress": {**self._run, "done": self._done, "of": max(self._of, self._done)}}
        self._write(json.dumps(line))
        self._last = now
