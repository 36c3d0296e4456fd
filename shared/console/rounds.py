"""Goes round many things that are dear to read: one after another, in the background, each when its time has come.

A plan of a lane takes a second, and there may be twenty lanes. Read each by itself in the background, they would
take twenty times the share of the machine that one may take, and all at once. A round reads one at a time. All of its
things together take no more than a small share of the time, so the more there are, the less often each is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from shared.measure.status import Told, not_known

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

T = TypeVar("T")
Start: TypeAlias = Callable[[Callable[[], None]], None]

_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """What is to be read.

    Attributes:
        read: Reads it.
        seconds: How old it may become; it becomes older where reading all takes more than the share.
        mark: What it depends on. What was read by another mark is not shown any more.
    """

    read: Callable[[], T]
    seconds: float
    mark: Hashable = None


@dataclass(slots=True)
class _Held(Generic[T]):
    told: Told[T]
    mark: Hashable
    read_at: float
    took: float


def _beside(held: _Held[T] | None, mark: Hashable, told: Told[T]) -> Told[T]:
    """Return what was *told*; where that is why it could not be read, beside what was read before."""
    if held is None or held.mark != mark or told.value is not None or held.told.value is None:
        return told
    return replace(held.told, why=told.why, fix=told.fix)


def in_background(work: Callable[[], None]) -> None:
    """Do *work* in a thread of its own, which ends with the process."""
    Thread(target=work, name="round", daemon=True).start()


class Rounds(Generic[T]):
    """Keeps what was read, by name.

    Args:
        share: The part of the time that reading all again and again may take, waiting for the cloud included.
        clock: Seconds from any start.
        now: The time of day.
        start: Has work done in the background.
    """

    def __init__(
        self,
        share: float = _SHARE,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        start: Start = in_background,
    ) -> None:
        self._share = share
        self._clock = clock
        self._now = now
        self._start = start
        self._lock = Lock()
        self._held: dict[str, _Held[T]] = {}
        self._goes = False
        self._forgotten = 0  # how often

    def ask(self, asked: Mapping[str, Ask[T]]) -> dict[str, Told[T]]:
        """Return what is known of what is *asked*, by name, and have read what is due; what is unknown comes first."""
        with self._lock:
            moment = self._clock()
            waits = {name: self._due_at(name, ask) for name, ask in asked.items()}
            due = sorted((name for name in asked if waits[name] <= moment), key=lambda name: waits[name])
            begins = bool(due) and not self._goes
            self._goes = self._goes or begins
        if begins:
            self._start(lambda: self._go({name: asked[name] for name in due}))
        with self._lock:
            return {name: self._told(name, ask) for name, ask in asked.items()}

    def known(self) -> dict[str, Told[T]]:
        """Return what was read last, by name; nothing is read for it."""
        with self._lock:
            return {name: each.told for name, each in self._held.items()}

    def forget(self) -> None:
        """Have all read again when it is asked for next, also what is being read now; until then that is shown."""
        with self._lock:
            self._forgotten += 1
            for each in self._held.values():
                each.read_at = float("-inf")

    def _told(self, name: str, ask: Ask[T]) -> Told[T]:
        held = self._held.get(name)
        return held.told if held and held.mark == ask.mark else Told()

    def _due_at(self, name: str, ask: Ask[T]) -> float:
        """Return from when on *name* is to be read again; what is not known comes before all else."""
        held = self._held.get(name)
        if held is None or held.mark != ask.mark:
            return float("-inf")
        return held.read_at + max(ask.seconds, held.took * len(self._held) / self._share)

    def _go(self, due: Mapping[str, Ask[T]]) -> None:
        try:
            for name, ask in due.items():
                begun, forgotten = self._clock(), self._forgotten
                told = self._read(ask)
                with self._lock:
                    ended = self._clock()
                    read_at = ended if forgotten == self._forgotten else float("-inf")
                    told = _beside(self._held.get(name), ask.mark, told)
                    self._held[name] = _Held(told, ask.mark, read_at, ended - begun)
        finally:
            with self._lock:
                self._goes = False

    def _read(self, ask: Ask[T]) -> Told[T]:
        try:
            return Told(ask.read(), at=self._now())
        except Exception as error:  # noqa: BLE001  it is shown in the place of what it hides
            return not_known(error)
