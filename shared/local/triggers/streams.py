"""The pollers of event source mappings of streams: records of each shard go to functions in batches, in order.

Of a mapping and a shard, one batch is with the function at a time, and the next one begins where it ended. A batch that
fails is tried again until it succeeds, or is given up by the mapping's limits: then a record of it goes to the
mapping's destination, and the shard goes on. A function's answer may say where a batch failed; what came before is done
then. Records that no filter asks for count as done.

Nobody looks at streams now and then: a turn comes when a record was written, a batch has ended, a window ends, or a
try is due. AWS does not document how long it waits between tries; here it is a second, then twice as long each time, up
to a minute.

Locks: one for what is known of shards, held for a few steps, never while a function runs.

Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB" and "Using AWS Lambda with Amazon Kinesis",
their parts on batches, partial batch responses and discarded records (in mind, not read again).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.local.ledger import NoLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.local.asl.scheduler import Scheduler, Timer
    from shared.local.ledger import Ledger
    from shared.values import Json

_FIRST_DELAY, _LONGEST_DELAY = 1.0, 60.0  # seconds
_LANE = "streams"
_LOOK_AGAIN = 60.0  # seconds until a stream that may not be read is looked at again
_log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """A record of a shard.

    Attributes:
        number: Its place: larger than that of each one before.
        time: When it came, in seconds since the epoch.
        record: What the function gets of it.
        filtered: What filters see of it.
    """

    number: int
    time: float
    record: Json
    filtered: Json


class Shard(Protocol):
    """A shard of a stream. Thread-safe."""

    @property
    def id(self) -> str:
        """Its id."""

    def after(self, number: int, most: int) -> Sequence[Entry]:
        """Return at most so many records that come after *number*, in order."""

    def last(self) -> int:
        """Return the number of its last record; the one before its first if it has none."""


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """An event source mapping of a stream that is enabled.

    Attributes:
        uuid: Its id.
        stream: The stream's ARN.
        function: The function's ARN, with the qualifier if it has one.
        batch_size: The most records of a batch.
        window: Seconds to wait for a batch to fill, from when its first record was seen.
        start: TRIM_HORIZON, LATEST or AT_TIMESTAMP.
        start_time: For AT_TIMESTAMP: records of before this count as done.
        reports_failures: Whether the function's answer may say where a batch failed.
        bisects: Whether a batch that failed is cut in two.
        max_retries: How many tries may follow the first; -1 for any number.
        max_age: Seconds after which a record is given up; -1 for never.
        destination: The ARN of the queue or topic that is told of what is given up; empty if none.
        wanted: Says whether a filter asks for what :attr:`Entry.filtered` is.
    """

    uuid: str
    stream: str
    function: str
    batch_size: int = 100
    window: float = 0.0
    start: str = "TRIM_HORIZON"
    start_time: float = 0.0
    reports_failures: bool = False
    bisects: bool = False
    max_retries: int = -1
    max_age: int = -1
    destination: str = ""
    wanted: Callable[[Json], bool] = field(default=lambda _: True, compare=False)


class Tried(NamedTuple):
    """What became of a batch.

    Attributes:
        failed: The place in the batch of the first record that failed; None if none did.
        request_id: The id of the invocation; empty if the function was not started.
        error: The function's error, such as ``Unhandled``; empty if it answered.
        version: The version that ran.
    """

    failed: int | None
    request_id: str = ""
    error: str = ""
    version: str = ""


class Abandoned(NamedTuple):
    """A batch that was given up.

    Attributes:
        mapping: Whose.
        shard: The id of the shard.
        batch: Its records.
        tried: The last try.
        condition: AWS's word for why.
        tries: How many there were.
    """

    mapping: StreamMapping
    shard: str
    batch: Sequence[Entry]
    tried: Tried
    condition: str
    tries: int


@dataclass(slots=True)
class _Place:
    """How far a mapping is in a shard."""

    done: int
    busy: bool = False
    opened: float | None = None  # since when records wait for a window to end
    tries: int = 0
    due: float = 0.0  # when it may be tried again
    most: int | None = None  # how many records the next batch may have, after a cut


class StreamPoller:
    """Polls streams for all mappings.

    Args:
        scheduler: Gives time and threads.
        mappings: Tells the mappings as they are now.
        shards: Returns the shards of a mapping's stream; None if it is gone, or may not be read for the function.
        work: Gives records to a mapping's function, and returns what became of it.
        abandon: Is told of each batch that is given up.
        ledger: Notes how far each mapping is in each shard.
    """

    def __init__(  # noqa: PLR0913  what it needs of the rest of the cloud
        self,
        scheduler: Scheduler,
        mappings: Callable[[], Sequence[StreamMapping]],
        shards: Callable[[StreamMapping], Sequence[Shard] | None],
        work: Callable[[StreamMapping, Sequence[Entry]], Tried],
        abandon: Callable[[Abandoned], None],
        *,
        ledger: Ledger | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._mappings = mappings
        self._shards = shards
        self._work = work
        self._abandon = abandon
        self._ledger = ledger or NoLedger()
        self._lock = threading.Lock()
        self._places: dict[tuple[str, str], _Place] = {}
        self._asked = False
        self._stopped = False
        self._timer: Timer | None = None

    def wake(self) -> None:
        """Look at the streams soon."""
        with self._lock:
            if self._asked or self._stopped:
                return
            self._asked = True
        self._scheduler.submit(self._turn, _LANE)

    def begin(self, mapping: StreamMapping) -> None:
        """Note where *mapping*, which is new, begins in each shard that there is now."""
        for shard in self._shards(mapping) or ():
            with self._lock:
                self._place(mapping, shard)

    def forget(self, uuid: str) -> None:
        """Forget how far the mapping *uuid*, which was deleted, is."""
        with self._lock:
            for key in [key for key in self._places if key[0] == uuid]:
                del self._places[key]
                self._ledger.drop(_noted(*key))

    def stop(self) -> None:
        """Begin no more batches. Those that are under way may end."""
        with self._lock:
            self._stopped = True

    def go_on(self) -> None:
        """Go on where an earlier cloud ended."""
        with self._lock:
            self._places = {key: _Place(done) for key, done in self._ledger.all().values()}

    def _turn(self) -> None:
        with self._lock:
            self._asked = False
        waits = [wait for mapping in self._mappings() for wait in self._look(mapping)]
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._scheduler.call_later(max(0.0, min(waits)), self.wake, _LANE) if waits else None

    def _look(self, mapping: StreamMapping) -> list[float]:
        """Begin the batches of *mapping* that are ready; return in how many seconds others may be."""
        try:
            shards = self._shards(mapping)
            if shards is None:
                return [_LOOK_AGAIN]
            return [wait for shard in shards if (wait := self._begin(mapping, shard)) is not None]
        except Exception:  # noqa: BLE001  one stream must not keep the others waiting
            _log.exception("no batch of %s for %s could be made", mapping.stream, mapping.function)
            return [_LOOK_AGAIN]

    def _begin(self, mapping: StreamMapping, shard: Shard) -> float | None:
        """Begin a batch if one is ready; else return in how many seconds one may be, None if nobody knows."""
        with self._lock:
            now = self._scheduler.now()
            place = self._place(mapping, shard)
            if place.busy or self._stopped:
                return None
            if place.due > now:
                return place.due - now
            batch = self._batch(mapping, shard, place)
            if not batch:
                place.opened = None
                return None
            if mapping.window and len(batch) < mapping.batch_size and not place.tries:
                place.opened = now if place.opened is None else place.opened
                if now < place.opened + mapping.window:
                    return place.opened + mapping.window - now
            place.opened, place.busy = None, True
        self._scheduler.block(partial(self._run, mapping, shard.id, place, batch), mapping.function)
        return None

    def _place(self, mapping: StreamMapping, shard: Shard) -> _Place:
        place = self._places.get((mapping.uuid, shard.id))
        if place is None:
            place = self._places[mapping.uuid, shard.id] = _Place(shard.last() if mapping.start == "LATEST" else -1)
            self._note(mapping, shard.id, place)
        return place

    def _note(self, mapping: StreamMapping, shard: str, place: _Place) -> None:
        if self._places.get((mapping.uuid, shard)) is place:  # else the mapping is gone
            self._ledger.put(_noted(mapping.uuid, shard), ((mapping.uuid, shard), place.done))

    @staticmethod
    def _batch(mapping: StreamMapping, shard: Shard, place: _Place) -> list[Entry]:
        """Return the next records that are asked for. Those before the first of them count as done."""
        most = place.most or mapping.batch_size
        while entries := shard.after(place.done, mapping.batch_size):
            wanted = [entry for entry in entries if entry.time >= mapping.start_time and mapping.wanted(entry.filtered)]
            if wanted:
                return wanted[:most]
            place.done = entries[-1].number
        return []

    def _run(self, mapping: StreamMapping, shard: str, place: _Place, batch: Sequence[Entry]) -> None:
        try:
            tried = self._work(mapping, batch)
        except Exception:  # noqa: BLE001  one batch must not end the thread of others; it comes again
            if not self._stopped:
                _log.exception("a batch of %s for %s failed", mapping.stream, mapping.function)
            tried = Tried(0)
        gone = self._after(mapping, place, batch, tried)
        if gone:
            condition, rest, tries = gone
            self._abandon(Abandoned(mapping, shard, rest, tried, condition, tries))
        with self._lock:
            place.busy = False
            self._note(mapping, shard, place)
        self.wake()

    def _after(
        self, mapping: StreamMapping, place: _Place, batch: Sequence[Entry], tried: Tried
    ) -> tuple[str, Sequence[Entry], int] | None:
        """Note what became of *batch*; return why its rest is given up, the rest, and how often it was tried."""
        with self._lock:
            if tried.failed is None:
                place.done, place.tries, place.due, place.most = batch[-1].number, 0, 0.0, None
                return None
            rest = batch[tried.failed :]
            if tried.failed:
                place.done = batch[tried.failed - 1].number
            now = self._scheduler.now()
            place.tries += 1
            why = self._too_much(mapping, place, rest, now)
            if why:
                tries = place.tries
                place.done, place.tries, place.due, place.most = rest[-1].number, 0, 0.0, None
                return why, rest, tries
            if mapping.bisects and len(rest) > 1:
                place.most, place.tries = (len(rest) + 1) // 2, place.tries - 1  # a cut counts as no try
            place.due = now + min(_FIRST_DELAY * 2 ** min(max(place.tries - 1, 0), 16), _LONGEST_DELAY)
            return None

    @staticmethod
    def _too_much(mapping: StreamMapping, place: _Place, rest: Sequence[Entry], now: float) -> str:
        cut = mapping.bisects and len(rest) > 1
        if 0 <= mapping.max_retries < place.tries and not cut:
            return "RetryAttemptsExhausted"
        if 0 <= mapping.max_age < now - rest[0].time:
            return "RecordAgeExceeded"
        return ""


def _noted(uuid: str, shard: str) -> str:
    return f"{uuid} {shard}"
