"""Checksums of objects, calculated on the way, and those of many parts from those of each.

Source: Amazon S3 User Guide, "Checking object integrity in Amazon S3" (read 2026-11-30).
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import anycrc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CRCS = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8}
"""Those that are calculated for a whole from those of its parts, with their sizes in bytes."""

ALGORITHMS = (*CRCS, "SHA1", "SHA256")
"""Those that are calculated here."""

LATER = ("SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128")
"""Those that AWS has beside them since 2026."""

USUAL = "CRC64NVME"
"""What S3 calculates of an object that came without a checksum."""

FULL, COMPOSITE = "FULL_OBJECT", "COMPOSITE"
_MODELS = {"CRC32": "CRC32", "CRC32C": "CRC32C", "CRC64NVME": "CRC64-NVME"}


class Sum(Protocol):
    """A checksum that is being calculated."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Add *data*."""

    def digest(self) -> bytes:
        """Return the checksum of what was added."""


class _Crc32:
    """zlib's, which lets other threads run."""

    def __init__(self) -> None:
        self._crc = 0

    def update(self, data: bytes | memoryview) -> None:
        self._crc = zlib.crc32(data, self._crc)

    def digest(self) -> bytes:
        return self._crc.to_bytes(4, "big")


class _Crc:
    def __init__(self, algorithm: str) -> None:
        self._model = _model(algorithm)
        self._size = CRCS[algorithm]
        self._crc = self._model.calc(b"")

    def update(self, data: bytes | memoryview) -> None:
        self._crc = self._model.calc(data, self._crc)

    def digest(self) -> bytes:
        return int(self._crc).to_bytes(self._size, "big")


def begin(algorithm: str) -> Sum:
    """Return a checksum of nothing yet, of one of `ALGORITHMS`."""
    if algorithm == "CRC32":
        return _Crc32()
    if algorithm in CRCS:
        return _Crc(algorithm)
    return hashlib.new(algorithm, usedforsecurity=False)


def of_all(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """Return the CRC of a whole from those of its parts, each with its size in bytes."""
    model, whole = _model(algorithm), None
    for digest, size in parts:
        crc = int.from_bytes(digest, "big")
        whole = crc if whole is None else model.combine(whole, crc, size)
    return int(whole or 0).to_bytes(CRCS[algorithm], "big")


def of_sums(algorithm: str, digests: Sequence[bytes]) -> bytes:
    """Return the COMPOSITE checksum of parts: the checksum of their checksums."""
    whole = begin(algorithm)
    whole.update(b"".join(digests))
    return whole.digest()


def written(digest: bytes) -> str:
    """Return *digest* as headers have it."""
    return base64.b64encode(digest).decode()


def read(text: str) -> bytes:
    """Return the digest that was `written` so."""
    return base64.b64decode(text)


@cache
def _model(algorithm: str) -> Any:
    return anycrc.Model(_MODELS[algorithm])
