"""moto's queues: safe for many threads, and the view of one that pollers have.

moto 5.2 changes a queue's list of messages without a lock. A message that is sent while another one is deleted can be
lost, and two that receive at once can get the same one. While installed, each change is made under the queue's own
lock, and whoever polls is told when a message may have become visible. moto's own delivery to functions, inside of
SendMessage, is switched off.

Source: SQS Developer Guide, "Amazon SQS visibility timeout" and "Using dead-letter queues" (read 2026-11-30,
in the copy that AWS published until 2023).
"""

from __future__ import annotations

import contextlib
import functools
import json
import time
import uuid
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends

from shared.local.arns import ACCOUNT, REGION, RESOURCE, SERVICE
from shared.local.changing import changing
from shared.local.lambda_runtime.lineage import current
from shared.local.seams import Seam, plugged, then
from shared.local.triggers.batches import LARGEST_EVENT, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from threading import Condition

_MS = 1000
_REMEMBERED = 2000  # receipt handles of deleted messages, of each queue: who deletes twice does it soon


def find_queue(arn: str) -> Queue | None:
    """Return moto's queue of *arn*, or None."""
    parts = arn.split(":")
    if len(parts) <= RESOURCE or parts[SERVICE] != "sqs":
        return None
    return sqs_backends[parts[ACCOUNT]][parts[REGION]].queues.get(parts[RESOURCE])


def send(queue: Queue, body: str, attributes: Mapping[str, str] | None = None) -> None:
    """Write a message with text *attributes* into *queue*, which is no FIFO queue, for a service that it lets in.

    moto's own way counts all messages of the queue each time.
    """
    message = Message(str(uuid.uuid4()), body)
    message.message_attributes = {
        name: {"DataType": "String", "StringValue": text} for name, text in (attributes or {}).items()
    }
    message.mark_sent(queue.delay_seconds)
    queue.add_message(message)


@contextlib.contextmanager
def install(wake: Callable[[], None]) -> Iterator[None]:
    """Have moto's queues change under their locks, and call *wake* after what may make a message visible."""
    seams = [
        Seam(Queue, "__init__", _remembering_few),
        Seam(Queue, "add_message", functools.partial(_adding, wake)),
        Seam(Queue, "delete_message", _locked),
        Seam(SQSBackend, "receive_message", _dropping_old),
        *(Seam(SQSBackend, name, _locked_by_name) for name in ("receive_message", "purge_queue")),
        Seam(SQSBackend, "change_message_visibility", lambda original: then(wake, _locked_by_name(original))),
        Seam(SQSBackend, "create_queue", functools.partial(then, wake)),
        Seam(SQSBackend, "set_queue_attributes", functools.partial(then, wake)),
    ]
    with plugged(seams):
        yield


def _adding(wake: Callable[[], None], original: Callable[[Queue, Message], None]) -> Callable[[Queue, Message], None]:
    @functools.wraps(original)
    def add_message(self: Queue, message: Message) -> None:
        with _lock(self):
            self.lambda_event_source_mappings.clear()  # moto would call their functions now
            _drop_old(self)
            vars(message).setdefault("lineage", current())  # a dead letter has its own
            original(self, message)
        wake()

    return add_message


class Recent(dict[str, None]):
    """The receipt handles of the messages that were deleted last, as moto uses a set of them."""

    def update(self, handles: Iterable[str | None]) -> None:  # type: ignore[override]
        """Remember *handles*, and forget the oldest."""
        for handle in filter(None, handles):  # moto's messages have one that is None
            self[handle] = None
        while len(self) > _REMEMBERED:
            del self[next(iter(self))]


def _remembering_few(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def create(self: Queue, *args: object, **named: object) -> None:
        original(self, *args, **named)
        self.deleted_messages = Recent()

    return create


def _dropping_old(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def receive_message(self: SQSBackend, queue_name: str, *args: object, **named: object) -> object:
        queue = self.get_queue(queue_name)
        with _lock(queue):
            _drop_old(queue)
        return original(self, queue_name, *args, **named)

    return receive_message


def _drop_old(queue: Queue) -> None:
    """Drop the messages that are older than *queue* keeps them. The oldest lie first, but for dead letters."""
    held, kept_from = _messages(queue), (time.time() - queue.message_retention_period) * _MS
    while held and held[0].sent_timestamp <= kept_from:
        queue.pending_messages.discard(held.pop(0))


def _locked(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def change(self: Queue, *args: object, **named: object) -> object:
        with _lock(self):
            return original(self, *args, **named)

    return change


def _locked_by_name(original: Callable[..., object]) -> Callable[..., object]:
    """Wrap a method of the backend. One that waits for messages waits on the queue's Condition, which frees it."""

    @functools.wraps(original)
    def change(self: SQSBackend, queue_name: str, *args: object, **named: object) -> object:
        with _lock(self.get_queue(queue_name)):
            return original(self, queue_name, *args, **named)

    return change


@contextlib.contextmanager
def _change(queue: Queue) -> Iterator[None]:
    """Change *queue*, outside of a request."""
    with changing():
        sqs_backends[queue.account_id][queue.region]  # who keeps the cloud sees by this what is changed
        yield


def _lock(queue: Queue) -> Condition:
    lock: Condition = queue._messages_lock  # noqa: SLF001  over an RLock: its holder may take it again
    return lock


def _messages(queue: Queue) -> list[Message]:
    held: list[Message] = queue._messages  # noqa: SLF001  the public list leaves out what is hidden
    return held


class PolledQueue:
    """One of moto's queues, for pollers.

    Args:
        queue: The queue.
        clock: Seconds since the epoch; moto's messages keep milliseconds of it.
    """

    def __init__(self, queue: Queue, clock: Callable[[], float] = time.time) -> None:
        self._queue = queue
        self._clock = clock

    def take(self, most: int) -> list[Message]:
        """Take at most so many visible messages, of which Lambda's event holds the records.

        Those that were received too often go to the dead-letter queue; those that are too old go for good.
        """
        with _change(self._queue):
            return self._take(most)

    def _take(self, most: int) -> list[Message]:
        queue = self._queue
        taken: list[Message] = []
        dead: list[Message] = []
        room = LARGEST_EVENT
        with _lock(queue):
            for message in self._visible():
                if self._too_old(message):
                    self._drop(message)
                elif self._too_often(message):
                    self._drop(message)
                    dead.append(message)
                else:
                    room -= len(json.dumps(record(message, queue.queue_arn, queue.region)))
                    if taken and room < 0:
                        break
                    queue.pending_messages.add(message)
                    message.mark_received(visibility_timeout=queue.visibility_timeout)
                    taken.append(deepcopy(message))
                    if len(taken) == most:
                        break
        for message in dead:  # without our lock: two queues may be each other's
            queue.dead_letter_queue.add_message(message)
        return taken

    def waiting(self) -> int:
        """Return how many messages are visible."""
        with _lock(self._queue):
            return len(self._visible())

    def next_visible(self) -> float | None:
        """Return in how many seconds the next hidden message becomes visible, or None."""
        now = self._clock() * _MS
        with _lock(self._queue):
            moments = [max(each.visible_at, each.delayed_until) for each in _messages(self._queue)]
        later = [moment for moment in moments if moment >= now]
        return (min(later) - now + 1) / _MS if later else None  # moto's comparison is strict

    def delete(self, messages: Iterable[Message]) -> None:
        """Delete *messages*, unless somebody has received them again since."""
        handles = {each.receipt_handle for each in messages}
        with _change(self._queue), _lock(self._queue):
            for message in [each for each in _messages(self._queue) if each.receipt_handle in handles]:
                self._drop(message)
                self._queue.deleted_messages.update(message.all_receipt_handles)

    def _visible(self) -> list[Message]:
        now = self._clock() * _MS
        return [each for each in _messages(self._queue) if each.visible_at < now and each.delayed_until <= now]

    def _drop(self, message: Message) -> None:
        _messages(self._queue).remove(message)
        self._queue.pending_messages.discard(message)

    def _too_old(self, message: Message) -> bool:
        return bool(self._clock() * _MS >= message.sent_timestamp + self._queue.message_retention_period * _MS)

    def _too_often(self, message: Message) -> bool:
        queue: Any = self._queue
        limit = (queue.redrive_policy or {}).get("maxReceiveCount") if queue.dead_letter_queue else None
        return limit is not None and message.approximate_receive_count >= limit
