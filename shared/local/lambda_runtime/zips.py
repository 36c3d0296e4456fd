"""Lambda's checks of a zip: its size unzipped and with layers, and whether it can be unzipped at all.

A zip's headers may lie. So each member is read to its end once, without keeping it, and compared with its CRC. zipfile
reads no more of a member than its header says, so the sum of the headers is the most that is ever unpacked.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import PurePosixPath

# AWS's guide, "Lambda quotas" (2026-11-29): 250 MB unzipped, layers included; 50 MB zipped for direct upload.
LARGEST_UNZIPPED = 262_144_000
LARGEST_ZIPPED = 52_428_800
# The number in AWS's own message about a whole request (localstack pull 9697, seen 2026-11-29).
LARGEST_REQUEST = 70_167_211

_ENCRYPTED = 0x1
_BLOCK = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class RefusedZip(ValueError):
    """A zip that Lambda does not take. The message is AWS's."""


class Checked:
    """The sizes of zips that were read already, because a lane's functions share one."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def size(self, code: bytes, *, layers: int = 0) -> int:
        """Return the size of *code* unzipped, in bytes.

        Args:
            code: The zip.
            layers: The size of the function's layers, in bytes.

        Raises:
            RefusedZip: Together they are too large, or *code* cannot be unzipped.
        """
        sha256 = hashlib.sha256(code).hexdigest()
        if sha256 not in self._sizes:
            self._sizes[sha256] = _read(code, LARGEST_UNZIPPED - layers)
        size = self._sizes[sha256]
        if size > LARGEST_UNZIPPED - layers:
            raise _too_large(LARGEST_UNZIPPED - layers)
        return size


def _read(code: bytes, most: int) -> int:
    """Return the size of *code* unzipped. If that is at most *most* bytes, all of it is read and checked."""
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if size <= most:
                for member in members:
                    _check(archive, member)
    except _BROKEN as error:
        raise RefusedZip("Could not unzip uploaded file. Please check your file, then try to upload again.") from error
    if all(member.is_dir() for member in members):
        raise RefusedZip("Uploaded file must be a non-empty zip")
    return size


def _check(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read *member* to its end; refuse it if its path leads out, or if it is encrypted."""
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts or member.flag_bits & _ENCRYPTED or "\\" in member.orig_filename:
        raise zipfile.BadZipFile(member.filename)
    with archive.open(member) as content:
        left = member.file_size
        while block := content.read(_BLOCK):
            left -= len(block)
    if left:
        raise zipfile.BadZipFile(member.filename)


def _too_large(most: int) -> RefusedZip:
    return RefusedZip(f"Unzipped size must be smaller than {most} bytes")
