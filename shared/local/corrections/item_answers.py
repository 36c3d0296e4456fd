"""Answers of DynamoDB with many items, which takes moto 5.2 a millisecond for each, and an update of nothing.

moto looks for every member of every attribute under several names. Items are in the form of the protocol already, so
they are written as they are: a scan of 50,000 items takes seconds instead of most of a minute. UpdateItem without any
change makes the item if there is none; moto answers 500. Source: DynamoDB API reference, UpdateItem (read 2026-11-30).
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.responses import DynamoHandler

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = Callable[[DynamoHandler], ActionResult]
    Update = Callable[[Item, dict[str, Any]], None]

_TYPE = {"Content-Type": "application/x-amz-json-1.0"}


@contextlib.contextmanager
def items_answered_as_they_are() -> Iterator[None]:
    """Have moto write the answers of Scan and Query so, while the block lasts."""
    seams = (
        Seam(DynamoHandler, "scan", _written),
        Seam(DynamoHandler, "query", _written),
        Seam(Item, "update_with_attribute_updates", _or_none),
    )
    with plugged(seams):
        yield


class _Written(ActionResult):
    """A result in the form of the protocol."""

    def execute_result(self, _context: object) -> tuple[int, dict[str, str], str]:
        """Write it."""
        return 200, dict(_TYPE), json.dumps(self.result, default=_binary)


def _binary(value: object) -> str:
    if not isinstance(value, bytes):
        raise TypeError(type(value).__name__)
    return base64.b64encode(value).decode()


def _written(original: Answer) -> Answer:
    @functools.wraps(original)
    def answer(handler: DynamoHandler) -> ActionResult:
        return _Written(original(handler).result)

    return answer


def _or_none(original: Update) -> Update:
    @functools.wraps(original)
    def update(item: Item, attribute_updates: dict[str, Any] | None) -> None:
        original(item, attribute_updates or {})

    return update
