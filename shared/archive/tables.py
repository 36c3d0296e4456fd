"""The items of a table as a part of an archive: lines as DynamoDB's own export has them, which its import takes."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from shared.archive.part import Content, Part, as_line, of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.aws.client import Aws


def table_part(aws: Aws, table: str) -> Part:
    """Return the part with all items of *table*. Nothing tells whether they changed, so they are read each time."""
    path = f"tables/{table}/items.jsonl"
    return Part((path,), of("items", table=table), partial(_read, aws, table), settled=False)


def _read(aws: Aws, table: str) -> Content:
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return Content(as_line({"Item": item}) for page in pages for item in page["Items"])


def same_items(one: Iterable[bytes], other: Iterable[bytes]) -> bool:
    """Whether two files have the same items, in any order: DynamoDB promises none."""
    return _sum(one) == _sum(other)


def _sum(chunks: Iterable[bytes]) -> tuple[int, int]:
    """Return how many lines there are, and the sum of their digests, which no order changes."""
    count = total = 0
    for line in _lines(chunks):
        count += 1
        total += int.from_bytes(hashlib.sha256(line).digest(), "big")
    return count, total


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest
