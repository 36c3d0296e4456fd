"""Logs one item of the list."""

from __future__ import annotations

import json
from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Log an item and return it.

    Args:
        event: ``item`` as DynamoDB has it, ``{"S": "Economics"}`` or ``{"M": {"topic": {"S": ...}, ...}}``; ``run_id``
            and ``rank``, its place in the list.
    """
    print(json.dumps({"item": event["item"]}))
    done = {"run_id": event["run_id"], "rank": event["rank"], "done": 1, "of": 1}
    print(json.dumps({"progress": done}))
    item: dict[str, Any] = event["item"]
    return item
