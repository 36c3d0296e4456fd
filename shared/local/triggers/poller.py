"""The pollers of event source mappings: messages of queues go to functions in batches.

One turn goes round all mappings. Each may take one batch, then the next one, and so on round again, until nobody has a
batch ready or enough functions run. So a full queue does not keep the others waiting. A turn begins where the last one
ended.

Nobody looks at queues now and then. A turn comes when a message was sent, when a batch has ended, when a mapping
changed, and at the next moment that a message becomes visible again or a window ends. Turns that are asked for while
one is to come are that one. Only while a function's role may not read its queue, that is looked at once a minute.

A batch that fails stays taken until its visibility timeout ends, as on AWS. How often that may happen is the queue's
redrive policy.

Locks: one for the counts, held for a few steps; one for the turn, under which queues take theirs.

Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon SQS", "Configuring scaling behavior for SQS event
source mappings" and "Handling errors for an SQS event source" (read 2026-11-30). AWS begins with five batches at a time
and adds more while the queue stays full; here it stays at five.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shared.local.asl.scheduler import Scheduler, Timer
    from shared.values import Json

BATCHES_AT_ONCE = 5
MOST_AT_ONCE = 16  # of all mappings: each is a process of this machine
_LOOK_AGAIN = 60.0  # seconds
_log = logging.getLogger(__name__)


class Message(Protocol):
    """A message that was taken from a queue."""

    @property
    def id(self) -> str:
        """Its id."""


class Source(Protocol):
    """A queue, as pollers see it. Thread-safe."""

    def take(self, most: int) -> Sequence[Message]:
        """Take at most so many messages that are visible; hide them for the queue's visibility timeout."""

    def waiting(self) -> int:
        """Return how many messages are visible."""

    def next_visible(self) -> float | None:
        """Return in how many seconds the next hidden message becomes visible; None if none is hidden."""

    def delete(self, messages: Iterable[Message]) -> None:
        """Delete messages that were taken."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """An event source mapping of a queue that is enabled.

    Attributes:
        uuid: Its id.
        queue: The queue's ARN.
        function: The function's ARN, with the qualifier if it has one.
        batch_size: The most messages of a batch.
        window: Seconds to wait for a batch to fill, from its first message on.
        at_once: How many batches may be with the function at a time.
        reports_failures: Whether the function's answer may say which messages failed.
        wanted: Says whether a filter asks for a message, by what filters see of it. Others are deleted.
    """

    uuid: str
    queue: str
    function: str
    batch_size: int = 10
    window: float = 0.0
    at_once: int = BATCHES_AT_ONCE
    reports_failures: bool = False
    wanted: Callable[[Json], bool] = field(default=lambda _: True, compare=False)


class Poller:
    """Polls for all mappings.

    Args:
        scheduler: Gives time and threads.
        mappings: Tells the mappings as they are now.
        source: Returns the queue of a mapping, or None: it is gone, or may not be read for the function.
        work: Gives a batch to a mapping's function, and returns the ids of the messages that failed.
        most: How many batches may be under way, but for one of each mapping.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        mappings: Callable[[], Sequence[Mapping]],
        source: Callable[[Mapping], Source | None],
        work: Callable[[Mapping, Sequence[Message]], set[str]],
        *,
        most: int = MOST_AT_ONCE,
    ) -> None:
        self._scheduler = scheduler
        self._mappings = mappings
        self._source = source
        self._work = work
        self._most = most
        self._lock = threading.Lock()
        self._turn_lock = threading.Lock()
        self._asked = False
        self._stopped = False
        self._running: dict[str, int] = {}
        self._opened: dict[str, float] = {}  # since when messages wait for their window to end
        self._last = ""
        self._timer: Timer | None = None

    def wake(self) -> None:
        """Look at the queues soon."""
        with self._lock:
            if self._asked or self._stopped:
                return
            self._asked = True
        self._scheduler.submit(self._turn)

    def forget(self, uuid: str) -> None:
        """Forget since when messages wait for the mapping *uuid*, which was deleted."""
        self._opened.pop(uuid, None)

    def stop(self) -> None:
        """Take no more messages. Batches that are under way may end."""
        with self._lock:
            self._stopped = True

    def _turn(self) -> None:
        with self._turn_lock:
            with self._lock:
                self._asked = False
            mappings = self._in_turn()
            ready = list(mappings)
            while ready:
                ready = [mapping for mapping in ready if self._tried(mapping)]
            self._wake_later(mappings)

    def _tried(self, mapping: Mapping) -> bool:
        try:
            return self._begins(mapping)
        except Exception:  # noqa: BLE001  one queue must not keep the others waiting
            _log.exception("no batch of %s for %s could be made", mapping.queue, mapping.function)
            return False

    def _in_turn(self) -> list[Mapping]:
        """Return the mappings, the one that began the last batch at the end."""
        found = list(self._mappings())
        after = next((place for place, each in enumerate(found, 1) if each.uuid == self._last), 0)
        return found[after:] + found[:after]

    def _begins(self, mapping: Mapping) -> bool:
        """Begin a batch of *mapping* if one is ready and may begin; return whether it has."""
        source = self._source(mapping) if self._free(mapping) else None
        if source is None or not self._ripe(mapping, source):
            return False
        messages = source.take(mapping.batch_size)
        if not messages:
            return False
        self._opened.pop(mapping.uuid, None)
        self._last = mapping.uuid
        with self._lock:
            self._running[mapping.uuid] = self._running.get(mapping.uuid, 0) + 1
        self._scheduler.block(partial(self._run, mapping, source, messages), mapping.function)
        return True

    def _free(self, mapping: Mapping) -> bool:
        with self._lock:
            own = self._running.get(mapping.uuid, 0)
            room = own == 0 or sum(self._running.values()) < self._most  # others' slow functions keep nobody waiting
            return room and not self._stopped and own < mapping.at_once

    def _ripe(self, mapping: Mapping, source: Source) -> bool:
        """Whether a batch is full, or has waited for as long as its window."""
        if not mapping.window:
            return True
        waiting = source.waiting()
        if not waiting:
            self._opened.pop(mapping.uuid, None)
            return False
        opened = self._opened.setdefault(mapping.uuid, self._scheduler.now())
        return waiting >= mapping.batch_size or self._scheduler.now() >= opened + mapping.window

    def _wake_later(self, mappings: Sequence[Mapping]) -> None:
        """Wake at the next moment at which something may be ready that is not now."""
        if self._timer is not None:
            self._timer.cancel()
        times = [moment for each in mappings if self._free(each) for moment in self._moments(each)]
        self._timer = self._scheduler.call_later(max(0.0, min(times)), self.wake) if times else None

    def _moments(self, mapping: Mapping) -> list[float]:
        """Return in how many seconds a window ends, and a message becomes visible.

        Of a queue that may not be read, nobody is told when it may be: that is looked at again after a while.
        """
        source = self._source(mapping)
        if source is None:
            return [_LOOK_AGAIN]
        visible = source.next_visible()
        opened = self._opened.get(mapping.uuid)
        window = [] if opened is None else [opened + mapping.window - self._scheduler.now()]
        return window if visible is None else [*window, visible]

    def _run(self, mapping: Mapping, source: Source, messages: Sequence[Message]) -> None:
        try:
            failed = self._work(mapping, messages)
            source.delete([message for message in messages if message.id not in failed])
        except Exception:  # noqa: BLE001  one batch must not end the thread of others; its messages come again
            if not self._stopped:  # else the cloud ends, and its functions end before the batches that are with them
                _log.exception("a batch of %s for %s failed", mapping.queue, mapping.function)
        finally:
            with self._lock:
                self._running[mapping.uuid] -= 1
                if not self._running[mapping.uuid]:
                    del self._running[mapping.uuid]
            self.wake()
