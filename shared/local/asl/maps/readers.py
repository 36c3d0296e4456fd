"""ItemReader: the items of a distributed Map from S3: a listing, CSV, JSON, JSON Lines or an inventory manifest.

Readers run on a pool thread and return an iterator: each line is parsed when it is asked for.
"""

from __future__ import annotations

import io
import itertools
import json
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from shared.local.asl.dataflow import states
from shared.local.asl.errors import ITEM_READER, StateFailure
from shared.local.asl.number_fields import number_field
from shared.local.asl.payload import compile_field
from shared.local.asl.reading import members, part, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed import WriteableBuffer
    from mypy_boto3_s3.client import S3Client

    from shared.local.asl.engine import Engine
    from shared.local.asl.reading import Spec
    from shared.local.asl.strand import Strand
    from shared.values import Json

_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


class Source(NamedTuple):
    """Where a reader reads.

    Attributes:
        region: The region of the bucket's API.
        role: The ARN of the role to read with.
        parameters: The API's parameters: bucket and key or prefix.
        most: How many items at most, None for all.
    """

    region: str
    role: str
    parameters: dict[str, Any]
    most: int | None


class Reader:
    """A compiled ItemReader field."""

    def __init__(self, spec: Spec, *, jsonata: bool) -> None:
        self.jsonata = jsonata
        self.resource = text(spec, "Resource")
        self.config = part(spec, "ReaderConfig")
        self._arguments = compile_field(
            spec, "Arguments" if jsonata else "Parameters", jsonata=jsonata, within="ItemReader"
        )
        self._most = number_field(self.config, "MaxItems", jsonata=jsonata, integer=True)

    def source(self, strand: Strand, effective: Json) -> Source:
        """Return where to read for the state's *effective* input.

        Raises:
            StateFailure: MaxItems is negative, or the arguments are no object.
        """
        most = self._most(strand, effective)
        if most is not None and most < 0:
            raise StateFailure(ITEM_READER, "field MaxItems must be positive")
        given: Json = None
        if self._arguments is not None:
            given = self._arguments(states(strand, effective) if self.jsonata else effective, strand)
        region = strand.execution.engine.services.region_of(strand.execution.arn)
        return Source(
            region, strand.execution.identity.role_arn, members(given, ITEM_READER), int(most) if most else None
        )

    def open(self, engine: Engine, source: Source) -> Iterator[Json]:
        """Return an iterator of the items.

        Raises:
            StateFailure: S3 refused, or the object is not what the reader was told.
        """
        client: S3Client = engine.services.client("s3", source.region, source.role)
        try:
            listing = self.resource.endswith(":listObjectsV2")
            read = _listing if listing else self._object
            items = _peeked(read(client, source))
        except StateFailure:
            raise
        except Exception as error:
            raise StateFailure(ITEM_READER, str(error)) from error
        return items if source.most is None else itertools.islice(items, source.most)

    def _object(self, client: S3Client, source: Source) -> Iterator[Json]:
        kind = self.config.get("InputType")
        if kind == "MANIFEST":
            return self._manifest(client, source)
        body = client.get_object(**source.parameters)["Body"]
        import gzip  # 4 ms that only a reader of files needs

        compressed = str(source.parameters.get("Key", "")).endswith(".gz")
        if kind == "JSON":
            return self._json(gzip.decompress(body.read()) if compressed else body.read())
        lines = _lines(gzip.GzipFile(fileobj=body) if compressed else body)
        if kind == "JSONL":
            return (json.loads(line) for line in lines if line.strip())
        return self._csv(lines)

    def _json(self, body: bytes) -> Iterator[Json]:
        found = json.loads(body)
        for escaped in str(self.config.get("ItemsPointer", "")).split("/")[1:]:
            key = escaped.replace("~1", "/").replace("~0", "~")  # RFC 6901
            found = found[int(key)] if isinstance(found, list) else found[key]
        if isinstance(found, dict) and "ItemsPointer" in self.config:
            return iter([{"Key": key, "Value": value} for key, value in found.items()])
        if not isinstance(found, list):
            raise StateFailure(ITEM_READER, "Attempting to map over non-iterable node.")
        return iter(found)

    def _csv(self, lines: Iterable[str]) -> Iterator[Json]:
        import csv

        rows = csv.reader(lines, delimiter=_DELIMITERS[str(self.config.get("CSVDelimiter", "COMMA"))])
        given = self.config.get("CSVHeaderLocation") == "GIVEN"
        headers = list(texts(self.config, "CSVHeaders")) if given else next(rows, [])
        if len(set(headers)) < len(headers):
            raise StateFailure(ITEM_READER, "CSV headers cannot contain duplicates.")
        return (_row(headers, row) for row in rows if row)

    @staticmethod
    def _manifest(client: S3Client, source: Source) -> Iterator[Json]:
        import csv
        import gzip

        manifest = json.loads(client.get_object(**source.parameters)["Body"].read())
        headers = [name.strip() for name in manifest.get("fileSchema", "").split(",")]
        bucket = str(manifest.get("destinationBucket", source.parameters["Bucket"])).removeprefix("arn:aws:s3:::")
        for file in manifest["files"]:
            body = client.get_object(Bucket=bucket, Key=file["key"])["Body"]
            packed = file["key"].endswith(".gz")
            for row in csv.reader(_lines(gzip.GzipFile(fileobj=body) if packed else body)):
                yield _row(headers, row)


def _row(headers: list[str], row: list[str]) -> dict[str, str]:
    """Return *row* by *headers*: a missing field is empty, a field too many is left out."""
    return {name: row[place] if place < len(row) else "" for place, name in enumerate(headers)}


class _Body(Protocol):
    """What S3 streams an object as, or what unpacks it."""

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes."""


def _lines(body: _Body) -> Iterator[str]:
    return iter(io.TextIOWrapper(io.BufferedReader(_Readable(body)), encoding="utf-8-sig", newline=""))


class _Readable(io.RawIOBase):
    """A streaming body as the raw stream that TextIOWrapper wants."""

    def __init__(self, body: _Body) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer)
        chunk = self._body.read(len(room))
        room[: len(chunk)] = chunk
        return len(chunk)


def _listing(client: S3Client, source: Source) -> Iterator[Json]:
    for page in client.get_paginator("list_objects_v2").paginate(**source.parameters):
        for entry in page.get("Contents", []):
            yield {
                "Etag": entry["ETag"],
                "Key": entry["Key"],
                "LastModified": int(entry["LastModified"].timestamp()),
                "Size": entry["Size"],
                "StorageClass": entry.get("StorageClass", "STANDARD"),
            }


def _peeked(items: Iterator[Json]) -> Iterator[Json]:
    """Return *items* with the first one read already: a reader that cannot begin raises now."""
    first = list(itertools.islice(items, 1))
    return itertools.chain(first, items)
