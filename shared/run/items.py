"""Lists of items in a lane's tables. A list is read from JSON, and one item of the table holds all of it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from shared.errors import LanesError, UsageError, code_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.cards import Card
    from shared.config.lane import Workflow
    from shared.config.resources import Table

Item: TypeAlias = "str | Mapping[str, object]"
"""One item of a list. Its numbers are Decimals, as DynamoDB has them."""

LIST = "list"  # the key that the list is found by
MOST_BYTES = 240 * 1024  # of the 256 KB that Step Functions passes between states
MOST_ITEMS = 2_000  # a Map writes 11 events for each item, and an execution may have 25,000; the rest is for retries
_SHOWN = 5


def read_items(path: Path) -> list[Item]:
    """Return the items in a JSON file that holds a list of texts and objects.

    Raises:
        UsageError: The file cannot be read, holds no such list, or an empty one. The message names the wrong items.
    """
    where = str(path)
    try:
        items = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise UsageError(f"{error.strerror}", where=where, fix="give a file that holds a JSON list") from error
    except ValueError as error:
        raise UsageError(f"this is not JSON: {error}", where=where, fix='write ["one", "two"]') from error
    if not isinstance(items, list):
        kinds = {dict: "an object", str: "a text", bool: "true or false", type(None): "null"}
        what = kinds.get(type(items), "a number")
        raise UsageError(f"this is {what}, not a list", where=where, fix='write ["one", "two"]')
    if not items:
        raise UsageError("the list is empty", where=where, fix='write at least one item: ["one"]')
    wrong = [
        f"item {place} is {json.dumps(item, default=str)[:60]}" for place, item in enumerate(items) if not _fits(item)
    ]
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise UsageError(
            f"{'; '.join(wrong[:_SHOWN])}{more}, neither a text nor an object", where=where, fix="put it into quotes"
        )
    return items


def _fits(item: object) -> bool:
    return isinstance(item, str | dict)


def load_items(aws: Aws, table: Table, items: Sequence[Item]) -> None:
    """Put *items* into *table* in place of the list that was there. A reader sees either the old list or the new one.

    Raises:
        LanesError: The table is not deployed, or the list is more than a state can pass on.
    """
    if len(items) > MOST_ITEMS:
        raise LanesError(
            f"the list has {len(items)} items; the history of one execution has room for {MOST_ITEMS}",
            where=f"table {table.name}",
            fix="split it, and run the workflow for each part",
        )
    entry = TypeSerializer().serialize(list(items))
    size = len(json.dumps(entry))
    if size > MOST_BYTES:
        raise LanesError(
            f"the list takes {size} bytes as DynamoDB writes it; a state passes on 256 KB",
            where=f"table {table.name}",
            fix="split it, and run the workflow for each part",
        )
    dynamodb = aws.client("dynamodb")
    try:
        dynamodb.put_item(TableName=table.name, Item={table.key.name: {"S": LIST}, "items": entry})
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        raise LanesError(f"table {table.name} is not deployed", fix="lanes deploy TEAM, or lanes up first") from error


def place_sample_items(card: Card, workflow: Workflow, aws: Aws) -> list[str]:
    """Put the samples of the workflow's *card* into its tables that are empty; return lines that tell the user so."""
    return [
        f"put the sample list {entry.sample} into table {workflow.tables[name].name}"
        for name, entry in card.file.tables.items()
        if entry.sample and _fill(aws, workflow.tables[name], card.beside / entry.sample)
    ]


def _fill(aws: Aws, table: Table, sample: Path) -> bool:
    if aws.client("dynamodb").scan(TableName=table.name, Limit=1)["Count"]:
        return False
    load_items(aws, table, read_items(sample))
    return True
