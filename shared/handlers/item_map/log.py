"""Logs one item of the list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping


class Item(TypedDict):
    """The event: an item as DynamoDB has it, the run, and the item's place in the list.

    An item is ``{"S": "Economics"}`` or ``{"M": {"topic": {"S": ...}, ...}}``.
    """

    item: Mapping[str, object]
    run_id: str
    rank: int


def handler(event: Item, _context: object) -> Mapping[str, object]:
    """Log an item and return it."""
    print(json.dumps({"item": event["item"]}))
    done = {"run_id": event["run_id"], "rank": event["rank"], "done": 1, "of": 1}
    print(json.dumps({"progress": done}))
    return event["item"]
