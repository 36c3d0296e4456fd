"""Where an archive lies: a folder of this machine, or a prefix of a bucket. Both hold files by paths with slashes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, Protocol

from botocore.exceptions import ClientError

from shared.disks import disk_error
from shared.errors import LanesError, code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

    from shared.aws.client import Aws

CHUNK = 1 << 20
UNFINISHED = ".unfinished"
"""The folder of what is needed only until an archive is complete."""
_IN_MEMORY = 8 << 20  # bytes of a file on its way to a bucket; more goes through a file of this machine
_GONE = {"404", "NoSuchKey", "NotFound"}
_NO_PLACE = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.ENAMETOOLONG)
_LONGEST_NAME, _LONGEST_PATH = 255, 1024  # bytes, of what file systems and S3 take
_SHA256 = "sha256"  # the key of an object's metadata


class NoPlaceError(LanesError):
    """A store can have no file of that path."""


class Stored(NamedTuple):
    """What was written: how many bytes, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Store(Protocol):
    """Holds the files of an archive. Several threads may use it."""

    def write(self, path: str, chunks: Iterable[bytes]) -> Stored:
        """Write the file *path*, all of it or nothing.

        Raises:
            NoPlaceError: There can be no file of that path beside those that are there.
        """

    def read(self, path: str) -> Iterator[bytes] | None:
        """Return what the file *path* holds, or None when there is none."""

    def holds(self, path: str, stored: Stored) -> bool:
        """Whether the file *path* is as it was *stored*."""

    def paths(self, folder: str = "") -> Iterator[str]:
        """Yield the paths of all files below *folder*."""

    def move(self, path: str, to: str) -> None:
        """Call the file *path* something else."""

    def remove(self, path: str) -> None:
        """Remove the file *path*."""


def digest(chunks: Iterable[bytes], into: IO[bytes] | None = None) -> Stored:
    """Return what *chunks* are, and write them *into* a file if one is given."""
    sha256, size = hashlib.sha256(), 0
    for chunk in chunks:
        sha256.update(chunk)
        size += len(chunk)
        if into:
            into.write(chunk)
    return Stored(size, sha256.hexdigest())


class FolderStore:
    """A folder, which only its owner may read. A file is written beside the others, then moved to its place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder)

    def write(self, path: str, chunks: Iterable[bytes]) -> Stored:
        """Write the file *path*, all of it or nothing.

        Raises:
            DiskError: The disk is full, or takes nothing.
            NoPlaceError: A part of the path is a file, all of it is a folder, or it is too long.
        """
        place = self._place(path)
        try:
            _make_folder(place.parent, self._folder)
            _make_folder(self._folder / UNFINISHED, self._folder)
            number, name = tempfile.mkstemp(prefix="writing-", dir=self._folder / UNFINISHED)
            try:
                with os.fdopen(number, "wb") as file:
                    stored = digest(chunks, file)
                Path(name).replace(place)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:  # that of a write names no file
            if error.errno in _NO_PLACE:
                raise NoPlaceError(f"there can be no file {path!r}", where=str(self._folder)) from error
            raise disk_error(error, [self._folder]) or error from error
        return stored

    def read(self, path: str) -> Iterator[bytes] | None:
        """Return what the file *path* holds, or None when there is none."""
        place = self._place(path)
        return _chunks_of(place) if place.is_file() else None

    def holds(self, path: str, stored: Stored) -> bool:
        """Whether the file *path* is as it was *stored*: it is read."""
        place = self._place(path)
        return place.is_file() and place.stat().st_size == stored.size and digest(_chunks_of(place)) == stored

    def paths(self, folder: str = "") -> Iterator[str]:
        """Yield the paths of all files below *folder*."""
        for where, _, names in os.walk(self._folder / folder):
            yield from ((Path(where) / name).relative_to(self._folder).as_posix() for name in names)

    def move(self, path: str, to: str) -> None:
        """Call the file *path* something else."""
        _make_folder(self._place(to).parent, self._folder)
        self._place(path).replace(self._place(to))

    def remove(self, path: str) -> None:
        """Remove the file *path*, and the folder of unfinished things with the last in it."""
        place = self._place(path)
        place.unlink(missing_ok=True)
        if place.parent == self._folder / UNFINISHED:
            with contextlib.suppress(OSError):  # there are others
                place.parent.rmdir()

    def _place(self, path: str) -> Path:
        """Return where the file *path* lies. A link may lie there in an archive that somebody else had in hand.

        Raises:
            LanesError: It, or a folder that it is in, is a link: what is written would go elsewhere.
        """
        place = self._folder
        for part in PurePosixPath(checked(path)).parts:
            place /= part
            if place.is_symlink():
                raise LanesError("an archive has no links in it", where=str(place), fix="delete the link")
        return place


class BucketStore:
    """A prefix of a bucket, in the account of the lanes. Each object carries its SHA-256 as metadata."""

    def __init__(self, aws: Aws, bucket: str, prefix: str) -> None:
        self._s3 = aws.client("s3")
        self._on = {"Bucket": bucket, "ExpectedBucketOwner": aws.place.account}
        self._owner = aws.place.account
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def __str__(self) -> str:
        return f"s3://{self._on['Bucket']}/{self._prefix}"

    def write(self, path: str, chunks: Iterable[bytes]) -> Stored:
        """Write the file *path*, all of it or nothing. A large one goes through a file of this machine."""
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            stored = digest(chunks, file)
            file.seek(0)
            extra = {"Metadata": {_SHA256: stored.sha256}, "ExpectedBucketOwner": self._owner}
            self._s3.upload_fileobj(file, self._on["Bucket"], self._key(path), ExtraArgs=extra)
        return stored

    def read(self, path: str) -> Iterator[bytes] | None:
        """Return what the file *path* holds, or None when there is none."""
        try:
            answer = self._s3.get_object(**self._on, Key=self._key(path))
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise
            return None
        chunks: Iterator[bytes] = answer["Body"].iter_chunks(CHUNK)
        return chunks

    def holds(self, path: str, stored: Stored) -> bool:
        """Whether the file *path* is as it was *stored*, by what S3 says of it."""
        try:
            head = self._s3.head_object(**self._on, Key=self._key(path))
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise
            return False
        return (head["ContentLength"], head["Metadata"].get(_SHA256)) == stored

    def paths(self, folder: str = "") -> Iterator[str]:
        """Yield the paths of all files below *folder*."""
        start = self._prefix + (f"{folder}/" if folder else "")
        for page in self._s3.get_paginator("list_objects_v2").paginate(**self._on, Prefix=start):
            yield from (each["Key"].removeprefix(self._prefix) for each in page.get("Contents", ()))

    def move(self, path: str, to: str) -> None:
        """Call the file *path* something else. S3 has no such call: there are two for a moment."""
        chunks = self.read(path)
        if chunks is not None:
            self.write(to, chunks)
        self.remove(path)

    def remove(self, path: str) -> None:
        """Remove the file *path*."""
        self._s3.delete_object(**self._on, Key=self._key(path))

    def _key(self, path: str) -> str:
        return self._prefix + checked(path)


def checked(path: str) -> str:
    """Return *path*, which must stay inside the archive: a manifest is a file that others may have written.

    Raises:
        LanesError: It leads out of it.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise LanesError(f"the archive's manifest names {path!r}, which leads out of it", fix="take another copy of it")
    if any(len(os.fsencode(part)) > _LONGEST_NAME for part in parts) or len(os.fsencode(path)) > _LONGEST_PATH:
        raise LanesError(
            f"the archive's manifest names {path[:50]!r}..., which is too long for a file",
            fix="take another copy of it",
        )
    return path


def _make_folder(folder: Path, top: Path) -> None:
    """Make *folder*, and those above it up to *top*, which only their owner may read."""
    if not folder.is_dir():
        if folder != top:
            _make_folder(folder.parent, top)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _chunks_of(place: Path) -> Iterator[bytes]:
    with place.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
