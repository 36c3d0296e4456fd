"""Reads many things one after another in the background, so many a second at most, and keeps them.

AWS answers an account so many questions a second, for all teams together. What is read here is dear and does not
change, as what is told of a run that has ended.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from botocore.exceptions import ClientError

from shared.aws.pace import Bucket
from shared.run.map_total import is_throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

T = TypeVar("T")

_MOST = 20_000
_AGAIN = 30.0  # seconds after which what could not be read is tried again
_PAUSE = 5.0  # seconds in which nothing is read where AWS is asked too often


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why something could not be read, and when that was."""

    error: Exception
    at: float


class Paced(Generic[T]):
    """Reads by key.

    Args:
        burst: So many at once, as fast as they come.
        rate: So many a second after that.
        clock: Seconds, from any start.
        sleep: Waits so many seconds.
        begin: Carries out the reading beside its caller.
    """

    def __init__(
        self,
        burst: int,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        begin: Callable[[Callable[[], None]], None] = lambda work: Thread(target=work, daemon=True).start(),
    ) -> None:
        self._clock, self._sleep, self._begin = clock, sleep, begin
        self._bucket = Bucket(burst, rate, clock, sleep)
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, T | _Unread] = OrderedDict()
        self._wanted: dict[Hashable, Callable[[], T]] = {}
        self._works = False

    def get(self, key: Hashable) -> T | None:
        """Return what was read for *key*; None where it was not, or not yet."""
        kept = self._kept.get(key)
        return None if isinstance(kept, _Unread) else kept

    def why_not(self, key: Hashable) -> Exception | None:
        """Return why *key* could not be read."""
        kept = self._kept.get(key)
        return kept.error if isinstance(kept, _Unread) else None

    def awaits(self, keys: Iterable[Hashable]) -> int:
        """Return how many of *keys* are still to be read."""
        return sum(key in self._wanted for key in keys)

    def want(self, reads: Iterable[tuple[Hashable, Callable[[], T]]]) -> None:
        """Have those of *reads*, keys and how to read them, read that are not known. They go before earlier ones."""
        with self._lock:
            first = {key: read for key, read in reads if self._is_open(key)}
            self._wanted = first | {key: read for key, read in self._wanted.items() if key not in first}
            starts = bool(self._wanted) and not self._works
            self._works = self._works or starts
        if starts:
            self._begin(self._read_all)

    def _is_open(self, key: Hashable) -> bool:
        kept = self._kept.get(key)
        return kept is None or (isinstance(kept, _Unread) and self._clock() >= kept.at + _AGAIN)

    def _read_all(self) -> None:
        while True:
            with self._lock:
                key, read = next(iter(self._wanted.items()), (None, None))
                if read is None:
                    self._works = False
                    return
            self._bucket.take()
            kept: T | _Unread
            try:
                kept = read()
            except Exception as error:  # noqa: BLE001  whoever asks for it is told
                kept = _Unread(error, self._clock())
                if isinstance(error, ClientError) and is_throttled(error):
                    self._sleep(_PAUSE)
            with self._lock:
                self._wanted.pop(key, None)
                self._kept[key] = kept
                while len(self._kept) > _MOST:
                    self._kept.popitem(last=False)
