"""DynamoDB of the embedded cloud: reads by key cost what they return, and writes come one after the other.

moto 5.2 looks through a whole table for each page, and sorts it. ``order`` keeps the items of a table and of each index
in order, ``tables`` keeps that beside moto's own tables with a lock for each, ``reads`` and ``writes`` use it behind
moto's API. What it costs: some 100 bytes for each item in each order, and a search by halves for each write.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from shared.local.dynamodb import reads, writes
from shared.local.dynamodb.tables import ItemKey, watch
from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ItemKey", "install", "watch"]

_READ_AND_WRITE = ("put_item", "update_item", "delete_item", "transact_get_items", "transact_write_items")


@contextlib.contextmanager
def install() -> Iterator[None]:
    """Have moto read and write tables so, while the block lasts."""
    seams = (
        replacing(Table, "query", reads.query),
        replacing(Table, "scan", reads.scan),
        replacing(Table, "get_item", reads.get),
        Seam(Table, "put_item", writes.putting),
        Seam(Table, "delete_item", writes.deleting),
        Seam(Table, "__deepcopy__", writes.deepcopying),
        Seam(DynamoDBBackend, "update_item", writes.updating),
        Seam(DynamoDBBackend, "update_table", writes.reindexing),
        Seam(DynamoDBBackend, "transact_write_items", writes.transacting),
        Seam(DynamoDBBackend, "restore_table_from_backup", writes.restoring),
        Seam(DynamoDBBackend, "restore_table_to_point_in_time", writes.restoring),
        Seam(DynamoDBBackend, "execute_statement", writes.of_its_tables),
        Seam(DynamoHandler, "call_action", writes.without_nulls),
        *(Seam(DynamoHandler, name, writes.undivided) for name in _READ_AND_WRITE),
        *(Seam(DynamoHandler, name, reads.selecting) for name in ("query", "scan")),
    )
    with plugged(seams):
        yield
