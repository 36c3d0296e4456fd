"""The capacity that a call of DynamoDB took, which moto 5.2 tells without being asked.

Source: DynamoDB API reference, ReturnConsumedCapacity of UpdateItem, BatchGetItem, BatchWriteItem and
TransactWriteItems (read 2026-11-30); answers recorded on AWS.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

from moto.dynamodb.responses import DynamoHandler

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.core.responses import ActionResult

    Answer = Callable[[DynamoHandler], ActionResult]

_ACTIONS = ("update_item", "batch_get_item", "batch_write_item", "transact_write_items")
# What is told, and the parameter that asks for it.
_ASKED_FOR = {"ConsumedCapacity": "ReturnConsumedCapacity", "ItemCollectionMetrics": "ReturnItemCollectionMetrics"}


@contextlib.contextmanager
def capacity_told_when_asked() -> Iterator[None]:
    """Have moto leave out what nobody asked for, while the block lasts."""
    with plugged([Seam(DynamoHandler, name, _less) for name in _ACTIONS]):
        yield


def _less(original: Answer) -> Answer:
    @functools.wraps(original)
    def answer(handler: DynamoHandler) -> ActionResult:
        told = original(handler)
        if isinstance(told.result, dict):
            for member, asking in _ASKED_FOR.items():
                if (handler.body.get(asking) or "NONE") == "NONE":
                    told.result.pop(member, None)
        return told

    return answer
