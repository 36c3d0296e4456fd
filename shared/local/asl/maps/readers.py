"""ItemReader: the items of a distributed Map from S3: a listing, CSV, JSON, JSON Lines or an inventory manifest.

Readers run on a pool thread and hand out an iterator: lines are parsed as they are wanted.
"""

from __future__ import annotations

import io
import itertools
import json
from typing import TYPE_CHECKING, Any

from shared.local.asl.dataflow import states
from shared.local.asl.errors import ITEM_READER, StateFailure
from shared.local.asl.number_fields import number_field
from shared.local.asl.payload import compile_jsonata, compile_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.local.asl.engine import Engine
    from shared.local.asl.strand import Strand

_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


class Reader:
    """A compiled ItemReader field."""

    def __init__(self, spec: dict[str, Any], *, jsonata: bool) -> None:
        self.jsonata = jsonata
        self.resource: str = spec["Resource"]
        self.config: dict[str, Any] = spec.get("ReaderConfig", {})
        field = "Arguments" if jsonata else "Parameters"
        given = spec.get(field, {})
        self._arguments = compile_jsonata(given, f"ItemReader/{field}") if jsonata else compile_template(given)
        self._most = number_field(self.config, "MaxItems", jsonata=jsonata, integer=True)

    def arguments(self, strand: Strand, effective: Any) -> tuple[tuple[str, str], dict[str, Any], int | None]:
        """Return the region and the role to read with, where to read, and how many items at most.

        Raises:
            StateFailure: MaxItems is negative.
        """
        most = self._most(strand, effective)
        if most is not None and most < 0:
            raise StateFailure(ITEM_READER, "field MaxItems must be positive")
        given = self._arguments(states(strand, effective) if self.jsonata else effective, strand)
        region = strand.execution.engine.services.region_of(strand.execution.arn)
        return (region, strand.execution.identity.role_arn), given, int(most) if most else None

    def open(self, engine: Engine, arguments: tuple[tuple[str, str], dict[str, Any], int | None]) -> Iterator[Any]:
        """Return an iterator of the items.

        Raises:
            StateFailure: S3 refused, or the object is not what the reader was told.
        """
        (region, role), given, most = arguments
        client = engine.services.client("s3", region, role)
        try:
            listing = self.resource.endswith(":listObjectsV2")
            items = _peeked(_listing(client, given) if listing else self._object(client, given))
        except StateFailure:
            raise
        except Exception as error:
            raise StateFailure(ITEM_READER, str(error)) from error
        return items if most is None else itertools.islice(items, most)

    def _object(self, client: Any, given: dict[str, Any]) -> Iterator[Any]:
        kind = self.config.get("InputType")
        if kind == "MANIFEST":
            return self._manifest(client, given)
        body = client.get_object(**given)["Body"]
        import gzip  # 4 ms that only a reader of files needs

        compressed = str(given.get("Key", "")).endswith(".gz")
        if kind == "JSON":
            return self._json(gzip.decompress(body.read()) if compressed else body.read())
        lines = _lines(gzip.GzipFile(fileobj=body) if compressed else body)
        if kind == "JSONL":
            return (json.loads(line) for line in lines if line.strip())
        return self._csv(lines)

    def _json(self, text: bytes) -> Iterator[Any]:
        found = json.loads(text)
        for key in str(self.config.get("ItemsPointer", "")).split("/")[1:]:
            key = key.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901  RFC 6901
            found = found[int(key)] if isinstance(found, list) else found[key]
        if isinstance(found, dict) and "ItemsPointer" in self.config:
            return iter([{"Key": key, "Value": value} for key, value in found.items()])
        if not isinstance(found, list):
            raise StateFailure(ITEM_READER, "Attempting to map over non-iterable node.")
        return iter(found)

    def _csv(self, lines: Iterable[str]) -> Iterator[Any]:
        import csv

        rows = csv.reader(lines, delimiter=_DELIMITERS[self.config.get("CSVDelimiter", "COMMA")])
        given = self.config.get("CSVHeaderLocation") == "GIVEN"
        headers = list(self.config["CSVHeaders"]) if given else next(rows, [])
        if len(set(headers)) < len(headers):
            raise StateFailure(ITEM_READER, "CSV headers cannot contain duplicates.")
        return (_row(headers, row) for row in rows if row)

    def _manifest(self, client: Any, given: dict[str, Any]) -> Iterator[Any]:
        import csv
        import gzip

        manifest = json.loads(client.get_object(**given)["Body"].read())
        headers = [name.strip() for name in manifest.get("fileSchema", "").split(",")]
        bucket = str(manifest.get("destinationBucket", given["Bucket"])).removeprefix("arn:aws:s3:::")
        for file in manifest["files"]:
            body = client.get_object(Bucket=bucket, Key=file["key"])["Body"]
            packed = file["key"].endswith(".gz")
            for row in csv.reader(_lines(gzip.GzipFile(fileobj=body) if packed else body)):
                yield _row(headers, row)


def _row(headers: list[str], row: list[str]) -> dict[str, str]:
    """Return *row* by *headers*: what is missing is empty, what is too much is left out."""
    return {name: row[place] if place < len(row) else "" for place, name in enumerate(headers)}


def _lines(body: Any) -> Iterator[str]:
    return iter(io.TextIOWrapper(io.BufferedReader(_Readable(body)), encoding="utf-8-sig", newline=""))


class _Readable(io.RawIOBase):
    """A streaming body as the raw stream that TextIOWrapper wants."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._body.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _listing(client: Any, given: dict[str, Any]) -> Iterator[Any]:
    for page in client.get_paginator("list_objects_v2").paginate(**given):
        for entry in page.get("Contents", []):
            yield {
                "Etag": entry["ETag"],
                "Key": entry["Key"],
                "LastModified": int(entry["LastModified"].timestamp()),
                "Size": entry["Size"],
                "StorageClass": entry.get("StorageClass", "STANDARD"),
            }


def _peeked(items: Iterator[Any]) -> Iterator[Any]:
    """Return *items* with the first one read already, so that a reader that cannot begin says so now."""
    first = list(itertools.islice(items, 1))
    return itertools.chain(first, items)
