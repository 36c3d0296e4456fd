"""Objects of S3 as readers read them: streamed, unpacked, and decoded piece by piece."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from shared.local.asl.maps.items import ITEM_BYTES, UnreadableError, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer
    from botocore.exceptions import ClientError
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

_CHUNK = 2**18
# By the end of the key, as AWS goes by. Source: Step Functions Developer Guide, "ItemReader (Map)" (read 2026-11-30).
GZIP = (".gz", ".gzip")
ZSTD = (".zst", ".zstd")


class Objects:
    """The objects that one role may read.

    Args:
        client: S3's client with the role's credentials.
    """

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def listed(self, parameters: dict[str, Any]) -> Iterator[ObjectTypeDef]:
        """Yield what ListObjectsV2 tells of each object, page by page."""
        for page in self._client.get_paginator("list_objects_v2").paginate(**parameters):
            yield from page.get("Contents", [])

    def packed(self, parameters: dict[str, Any]) -> BinaryIO:
        """Return the object that GetObject's *parameters* name, as it is stored."""
        body = self._client.get_object(**parameters)["Body"]
        return cast("BinaryIO", io.BufferedReader(_Readable(body), _CHUNK))

    def unpacked(self, parameters: dict[str, Any]) -> BinaryIO:
        """Return the object, unpacked if its key says that it is compressed."""
        stream, key = self.packed(parameters), str(parameters.get("Key", "")).lower()
        if key.endswith(GZIP):
            import gzip  # 4 ms that only a reader of such files needs

            return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
        if key.endswith(ZSTD):
            from backports import zstd

            return cast("BinaryIO", zstd.ZstdFile(stream))
        return stream


class _Body(Protocol):
    """What S3 streams an object as."""

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes."""

    def close(self) -> None:
        """Give the connection back."""


class _Readable(io.RawIOBase):
    """A streaming body as the raw stream that Python's own readers want."""

    def __init__(self, body: _Body) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer)
        chunk = self._body.read(len(room))
        room[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


def texts(stream: BinaryIO) -> Iterator[str]:
    """Yield the text of *stream*, UTF-8 with or without a byte order mark, in pieces of any size."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    while chunk := stream.read(_CHUNK):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def lines(stream: BinaryIO, newline: str) -> Iterator[str]:
    """Yield the lines of *stream* with their ends, of which *newline* tells the kinds, as of :class:`io.TextIOWrapper`.

    Raises:
        UnreadableError: One is larger than an item may be.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline=newline)
    while line := text.readline(ITEM_BYTES + 1):
        if too_large(line, 0, len(line)):
            raise UnreadableError(f"An item is larger than {ITEM_BYTES} bytes.")
        yield line


def refusal(error: ClientError, request: str) -> str:
    """Return S3's refusal as the Java SDK tells it, under the id *request* if S3 gave none."""
    told, metadata = error.response["Error"], error.response.get("ResponseMetadata", {})
    return (
        f"{told.get('Message', '')} (Service: Amazon S3; Status Code: {metadata.get('HTTPStatusCode', 400)}; "
        f"Error Code: {told['Code']}; Request ID: {metadata.get('RequestId') or request}; "
        f"S3 Extended Request ID: {metadata.get('HostId') or request}; Proxy: null)"
    )
