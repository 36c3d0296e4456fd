"""The contents of S3's objects, as files in one folder.

A file gets its name when all of it is written, and never changes after that. So several objects may share it: a copy
is made of the same files, an object of many parts is those of its parts, and a part that is copied from a range of
another object is a slice of its files. A file lasts as long as something in this process refers to it: an object, a
part, or an answer that is still being sent. What an earlier process left behind is removed by :meth:`Contents.sweep`.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
import weakref
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    _Finish = Callable[[Path, int, int], "Content"]  # of a file, its open descriptor and its size

CHUNK = 1 << 20
"""How much of a content is in memory at a time, in bytes."""

_UNFINISHED = "new-"  # begins the name of a file that is still being written

Told = tuple[tuple[str, int, int], ...]
"""A content in plain values: for each piece its file's name, where it begins there, and its size, in bytes."""


class File:
    """A file of contents, by its name in the folder. It is removed when nothing refers to it any more."""

    __slots__ = ("__weakref__", "name")

    def __init__(self, name: str) -> None:
        self.name = name


class Piece(NamedTuple):
    """A part of a file: *size* bytes from *start* on."""

    file: File
    start: int
    size: int


@dataclass(frozen=True)
class Content:
    """What an object holds: its pieces, one after the other."""

    pieces: tuple[Piece, ...] = ()

    @cached_property
    def size(self) -> int:
        """In bytes."""
        return sum(piece.size for piece in self.pieces)

    @property
    def told(self) -> Told:
        """The same in plain values, for who writes it down (:meth:`Contents.named` is the way back)."""
        return tuple((piece.file.name, piece.start, piece.size) for piece in self.pieces)

    def part(self, start: int, size: int) -> Content:
        """Return *size* bytes of it from *start* on, or fewer where it ends."""
        found, end = [], start + size
        for piece in self.pieces:
            first, last = max(start, 0), min(end, piece.size)
            if first < last:
                found.append(Piece(piece.file, piece.start + first, last - first))
            start, end = start - piece.size, end - piece.size
        return Content(tuple(found))


def joined(contents: Iterable[Content]) -> Content:
    """Return *contents* as one, without copying any."""
    return Content(tuple(piece for content in contents for piece in content.pieces))


class Contents:
    """The contents in *folder*, which belongs to them alone. Thread-safe.

    Args:
        folder: It exists.
        durable: Whether a content is on the disk, and not only on its way there, once it is finished.
    """

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._folder = folder
        self._durable = durable
        self._known: weakref.WeakValueDictionary[str, File] = weakref.WeakValueDictionary()
        self._naming = threading.Lock()
        self._unheld: list[str] | None = None
        self._open = True

    def new(self) -> Draft:
        """Return a content that is to be written, as a ``with`` block."""
        return Draft(self._folder / f"{_UNFINISHED}{uuid.uuid4().hex}", self._finish)

    def of(self, data: bytes) -> Content:
        """Return a content of *data*."""
        with self.new() as draft:
            draft.write(data)
            return draft.finish()

    def named(self, told: Told) -> Content:
        """Return the content that once told itself so."""
        return Content(tuple(Piece(self._file(name), start, size) for name, start, size in told))

    def read(self, content: Content) -> Iterator[bytes]:
        """Yield *content* in chunks of up to `CHUNK` bytes. It stays readable until the last one is read."""
        for piece in content.pieces:
            with (self._folder / piece.file.name).open("rb", buffering=0) as file:
                file.seek(piece.start)
                left = piece.size
                while left:
                    data = file.read(min(left, CHUNK))
                    if not data:
                        raise EOFError(f"{piece.file.name} is shorter than it was")
                    left -= len(data)
                    yield data

    def bytes_of(self, content: Content) -> bytes:
        """Return all of *content*, which must fit into memory."""
        return b"".join(self.read(content))

    def hold(self) -> None:
        """Keep the files that nothing refers to any more, from now on, until :meth:`remove` is told their names.

        For who writes down which objects there are: a file may only go when that is written.
        """
        self._unheld = []

    def unheld(self) -> list[str]:
        """Return the names of the files that nothing refers to any more, each once. See :meth:`hold`."""
        found, self._unheld = self._unheld or [], []
        return found

    def remove(self, names: list[str]) -> None:
        """Remove these files, which nothing refers to."""
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove each file that nothing refers to now, and each that was never finished. Nothing may be written now."""
        with os.scandir(self._folder) as found:
            names = [entry.name for entry in found]
        self.remove([name for name in names if name not in self._known])

    def close(self) -> None:
        """Remove nothing more: what refers to files goes with the process, and the files may stay."""
        self._open = False

    def _finish(self, path: Path, descriptor: int, size: int) -> Content:
        """Give the file at *path*, which is written and open, its name."""
        name = path.name.removeprefix(_UNFINISHED)
        if self._durable:
            os.fsync(descriptor)
        path.rename(self._folder / name)
        if self._durable:
            self._sync_folder()
        return Content((Piece(self._file(name), 0, size),))

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _file(self, name: str) -> File:
        with self._naming:
            file = self._known.get(name)
            if file is None:
                file = self._known[name] = File(name)
                # Not when Python ends: what ends with the process is not deleted.
                weakref.finalize(file, partial(self._gone, name)).atexit = False
            return file

    def _gone(self, name: str) -> None:
        """Nothing refers to the file *name* any more. Any thread may be here, at any time: it takes no lock."""
        if not self._open:
            return
        if self._unheld is not None:
            self._unheld.append(name)
        else:
            with contextlib.suppress(OSError):  # nobody is there to be told; the next start removes it
                (self._folder / name).unlink()


class Draft:
    """A content that is being written. It leaves nothing behind unless it is finished.

    Args:
        path: The file, which is made with the first byte.
        finish: Gives it its name.
    """

    def __init__(self, path: Path, finish: _Finish) -> None:
        self._path = path
        self._finish = finish
        self._descriptor = -1
        self.size = 0

    def write(self, data: bytes | memoryview) -> None:
        """Add *data*.

        Raises:
            OSError: The disk is full, or another reason.
        """
        if data and self._descriptor < 0:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]
        self.size += len(data)

    def finish(self) -> Content:
        """Return it as a content. An empty one has no file."""
        if self._descriptor < 0:
            return Content()
        content = self._finish(self._path, self._descriptor, self.size)
        self._close()
        return content

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            self._close()
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1
