"""ItemReader: the items of a distributed Map from S3.

A reader is a generator that runs on a pool thread. It reads as its items are asked for, so it takes the memory of one
item, not of the object. Whatever is wrong with an item comes when that item is read, as States.ItemReaderFailed.

==================  ==============  ===============================================================================
Resource            what it reads   how
==================  ==============  ===============================================================================
s3:listObjectsV2    the listing     an item for each object, all pages; with LOAD_AND_FLATTEN the items in each object
s3:getObject        one object      by InputType: CSV, JSON, JSONL, PARQUET
                    a manifest      S3 inventory (CSV), or the data files of an Athena UNLOAD (CSV, JSONL, PARQUET)
==================  ==============  ===============================================================================
"""

from __future__ import annotations

import itertools
import json
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.local.asl.dataflow import states
from shared.local.asl.errors import ITEM_READER, StateFailure
from shared.local.asl.maps.delimited import DELIMITERS, records, rows
from shared.local.asl.maps.items import ITEM_BYTES, Found, UnreadableError
from shared.local.asl.maps.json_stream import elements
from shared.local.asl.maps.objects import Objects, lines, refusal, texts
from shared.local.asl.maps.parquet import parquet_rows
from shared.local.asl.number_fields import number_field
from shared.local.asl.payload import compile_field
from shared.local.asl.reading import members, part, text, text_or_none
from shared.local.asl.reading import texts as array_of_texts
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from shared.local.asl.engine import Engine
    from shared.local.asl.reading import Spec
    from shared.local.asl.strand import Strand
    from shared.values import Json


class Source(NamedTuple):
    """Where a reader reads.

    Attributes:
        region: The region of the bucket's API.
        role: The ARN of the role to read with.
        account: The account that owns the buckets.
        parameters: The API's parameters: bucket and key or prefix.
        most: How many items at most, None for all.
    """

    region: str
    role: str
    account: str
    parameters: dict[str, Any]
    most: int | None


class Reader:
    """A compiled ItemReader field."""

    def __init__(self, spec: Spec, *, jsonata: bool) -> None:
        self.jsonata = jsonata
        self.listing = text(spec, "Resource").endswith(":listObjectsV2")
        self.config = config = part(spec, "ReaderConfig")
        self.kind = text_or_none(config, "InputType")
        self.manifest = text_or_none(config, "ManifestType") or ("S3_INVENTORY" if self.kind == "MANIFEST" else None)
        self.flattens = config.get("Transformation") == "LOAD_AND_FLATTEN"
        self.delimiter = DELIMITERS[text_or_none(config, "CSVDelimiter") or "COMMA"]
        self.headers = array_of_texts(config, "CSVHeaders") if config.get("CSVHeaderLocation") == "GIVEN" else None
        self._arguments = compile_field(
            spec, "Arguments" if jsonata else "Parameters", jsonata=jsonata, within="ItemReader"
        )
        self._most = number_field(config, "MaxItems", jsonata=jsonata, integer=True)

    def source(self, strand: Strand, effective: Json) -> Source:
        """Return where to read for the state's *effective* input.

        Raises:
            StateFailure: MaxItems is negative, or the arguments are no object or name nothing to read.
        """
        most = self._most(strand, effective)
        if most is not None and most < 0:
            raise StateFailure(ITEM_READER, "field MaxItems must be positive")
        given: Json = None
        if self._arguments is not None:
            given = self._arguments(states(strand, effective) if self.jsonata else effective, strand)
        parameters = members(given, ITEM_READER)
        for name in ("Bucket",) if self.listing else ("Bucket", "Key"):
            if not isinstance(parameters.get(name), str) or not parameters[name]:
                raise StateFailure(ITEM_READER, f"The field '{name}' of ItemReader must be a string that is not empty.")
        identity = strand.execution.identity
        region, account = identity.arn.split(":")[3:5]
        return Source(region, identity.role_arn, account, parameters, int(most) if most else None)

    def open(self, engine: Engine, source: Source) -> Generator[Found, None, None]:
        """Return a generator of the items; the first one is read already, so a reader that cannot begin raises now.

        Raises:
            StateFailure: S3 refused, or the object is not what the reader was told. Going on raises it, too.
        """
        objects = Objects(engine.services.client("s3", source.region, source.role))
        items = _failing(self._items(objects, source), engine)
        first = list(itertools.islice(items, 1))
        return _resumed(first, items)

    def _items(self, objects: Objects, source: Source) -> Iterator[Found]:
        owner = source.parameters.get("ExpectedBucketOwner")
        if owner is not None and owner != source.account:
            raise UnreadableError("Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)")
        yield from itertools.islice(self._all(objects, source.parameters), source.most)

    def _all(self, objects: Objects, parameters: dict[str, Any]) -> Iterator[Found]:
        if self.listing:
            return self._flattened(objects, parameters) if self.flattens else _listing(objects, parameters)
        if self.manifest == "S3_INVENTORY":
            return self._inventory(objects, parameters)
        if self.manifest == "ATHENA_DATA":
            return self._athena(objects, parameters)
        return self._object(objects, parameters)

    def _flattened(self, objects: Objects, parameters: dict[str, Any]) -> Iterator[Found]:
        for entry in objects.listed(parameters):
            yield from self._object(objects, {"Bucket": parameters["Bucket"], "Key": entry["Key"]})

    def _athena(self, objects: Objects, parameters: dict[str, Any]) -> Iterator[Found]:
        """Yield the items of the data files that an Athena manifest lists, one URI a line."""
        with closing(objects.unpacked(parameters)) as stream:
            for (uri, *_), _size in records(lines(stream, ""), ","):
                bucket, slash, key = uri.strip().removeprefix("s3://").partition("/")
                if not uri.strip().startswith("s3://") or not slash or not key:
                    raise UnreadableError(f"The manifest names what is no object of S3: {uri}")
                yield from self._object(objects, {"Bucket": bucket, "Key": key})

    def _inventory(self, objects: Objects, parameters: dict[str, Any]) -> Iterator[Found]:
        """Yield an item for each object in an S3 inventory, by the columns that its manifest names."""
        with closing(objects.unpacked(parameters)) as stream:
            body = stream.read(ITEM_BYTES + 1)
        bucket, headers, keys = _manifest(body, str(parameters["Bucket"]))
        for key in keys:
            yield from self._rows(objects, {"Bucket": bucket, "Key": key}, self.headers or headers)

    def _object(self, objects: Objects, parameters: dict[str, Any]) -> Iterator[Found]:
        if self.kind == "CSV":
            yield from self._rows(objects, parameters, self.headers)
            return
        where = _uri(parameters)
        if self.kind == "PARQUET":
            with closing(objects.packed(parameters)) as stream:
                for row, size in parquet_rows(stream):
                    yield Found(row, source=where, size=size)
            return
        with closing(objects.unpacked(parameters)) as stream:
            if self.kind == "JSON":
                for key, value, size in elements(texts(stream), text_or_none(self.config, "ItemsPointer")):
                    yield Found(value, key, where, size)
                return
            for number, line in enumerate(lines(stream, "\n"), 1):
                if line.strip():
                    yield Found(_line(line, number), source=where, size=len(line))

    def _rows(self, objects: Objects, parameters: dict[str, Any], headers: tuple[str, ...] | None) -> Iterator[Found]:
        where = _uri(parameters)
        with closing(objects.unpacked(parameters)) as stream:
            for row, size in rows(records(lines(stream, ""), self.delimiter), headers):
                yield Found({**row}, source=where, size=size)


def _resumed(first: list[Found], rest: Generator[Found, None, None]) -> Generator[Found, None, None]:
    with closing(rest):
        yield from first
        yield from rest


def _failing(items: Iterator[Found], engine: Engine) -> Generator[Found, None, None]:
    """Yield *items*; what goes wrong while one is read fails the state, in words of the user's world."""
    from backports.zstd import ZstdError
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield from items
    except UnreadableError as error:
        raise StateFailure(ITEM_READER, str(error)) from error
    except UnicodeError as error:
        raise StateFailure(ITEM_READER, "The object is not valid UTF-8.") from error
    except ClientError as error:
        raise StateFailure(ITEM_READER, refusal(error, engine.uuid())) from error
    except BotoCoreError as error:
        raise StateFailure(ITEM_READER, f"The object could not be read to its end: {error}") from error
    except (OSError, EOFError, zlib.error, ZstdError) as error:
        raise StateFailure(ITEM_READER, "The object could not be unpacked: it is cut off or damaged.") from error


def _uri(parameters: dict[str, Any]) -> str:
    """Return what AWS calls the source of an item: with a large S, as it documents it."""
    return f"S3://{parameters['Bucket']}/{parameters['Key']}"


def _line(line: str, number: int) -> Json:
    try:
        return read_strict(line)
    except ValueError:
        raise UnreadableError(f"Line {number} of the object is not valid JSON.") from None


def _manifest(body: bytes, bucket: str) -> tuple[str, tuple[str, ...], list[str]]:
    """Return an inventory's bucket, columns and keys of files, as its manifest, in *bucket*, tells them."""
    try:
        manifest = json.loads(body)
        if (form := manifest.get("fileFormat", "CSV")) != "CSV":
            raise UnreadableError(f"The inventory's fileFormat must be CSV but is {form}.")
        headers = tuple(name.strip() for name in manifest["fileSchema"].split(","))
        keys = [str(file["key"]) for file in manifest["files"]]
        destination = str(manifest.get("destinationBucket", bucket)).rpartition(":::")[2]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        raise UnreadableError("The object is not a manifest of an S3 inventory.") from None
    return destination, headers, keys


def _listing(objects: Objects, parameters: dict[str, Any]) -> Iterator[Found]:
    where = f"S3://{parameters['Bucket']}"
    for entry in objects.listed(parameters):
        shown: dict[str, Json] = {
            "Etag": entry["ETag"],
            "Key": entry["Key"],
            "LastModified": int(entry["LastModified"].timestamp()),
            "Size": entry["Size"],
            "StorageClass": entry.get("StorageClass", "STANDARD"),
        }
        yield Found(shown, source=where, size=len(entry["Key"]))
