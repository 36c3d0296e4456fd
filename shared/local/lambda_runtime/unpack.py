"""Unpacks each zip and each image once, read-only, into a folder named by its hash.

A file that a zip has in common with an earlier one is not unpacked again, nor compiled: an edit of a function's code
leaves its libraries as they are, and these are most of it. The new folder has the same file by another name.

Folders that were not asked for lately are removed when others are made, unless a worker runs in them; and then files
that no folder has. A function that is called again after that has its code unpacked again.
"""

from __future__ import annotations

import compileall
import hashlib
import io
import os
import stat
import threading
import time
import weakref
import zipfile
import zlib
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from shared.disks import disk_error
from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.lambda_runtime.unpack_image import TASK, check_links, unpack_image
from shared.local.trees import remove_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.lambda_runtime.function import ImageCode

_KEPT = 128  # folders, beside those that are in use
_IDLE = 600.0  # seconds since a folder was asked for, after which nobody is about to start a worker in it
_COMPILED = 16 << 20  # bytes of Python: a package with more is not compiled, which would take as long as an init phase
_LOCAL_HEADER = 30  # bytes before the name; 26 to 30 say how long the name and what follows it are (APPNOTE, 4.3.7)
_READ_ONLY_FILE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_EXECUTE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
_READ_ONLY_FOLDER = _READ_ONLY_FILE | _EXECUTE


class CodeStore:
    """Folders of unpacked code. Thread-safe.

    Packages are byte-compiled here. A worker cannot keep what it compiles, because its code is read-only, so each cold
    start would compile it again, as on AWS. To compile pandas takes as long as one such start.

    Args:
        root: An existing folder for this store alone. It gets one folder for each hash.
        in_use: Tells the folders that workers run in.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        root: Path,
        in_use: Callable[[], set[Path]] = set,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root
        self._in_use = in_use
        self._clock = clock
        self._files = _Files(root / "files")
        self._guard = threading.Lock()
        self._locks: weakref.WeakValueDictionary[str, _Lock] = weakref.WeakValueDictionary()
        self._asked: dict[str, float] = {}  # when each folder was asked for last, in that order

    def folder(self, sha256: str, code: bytes) -> Path:
        """Return the folder of the unpacked zip *code*.

        Raises:
            InvokeRefusedError: It is not a zip.
        """
        return self._made(sha256, lambda folder: _unpack(code, folder, self._files))

    def image(self, image: ImageCode) -> Path:
        """Return the folder of the unpacked /var/task of *image*.

        Raises:
            InvokeRefusedError: It cannot be unpacked: see :func:`unpack_image`.
        """
        name = f"image-{image.digest.removeprefix('sha256:')}"

        def fill(folder: Path) -> dict[Path, str]:
            unpack_image(image.layers, folder)
            return {}

        return self._made(name, fill) / TASK

    def layers(self, parts: list[tuple[str, bytes]]) -> Path | None:
        """Return one folder with the layers *parts* (hash, zip), later ones over earlier ones; None for no layers."""
        if not parts:
            return None

        def fill(folder: Path) -> dict[Path, str]:
            for _, code in parts:  # a later one may write over files of an earlier one, so these must be its own
                _unpack(code, folder)
            return {}

        return self._made("opt-" + "-".join(sha[:16] for sha, _ in parts), fill)

    def _made(self, name: str, fill: Callable[[Path], dict[Path, str]]) -> Path:
        folder = self._root / name
        with self._guard:
            lock = self._locks.setdefault(name, _Lock())
            self._asked.pop(name, None)
            self._asked[name] = self._clock()
        with lock.held:
            if not folder.exists():
                self._remove_old()
                fresh = self._root / f"{name}.part"
                remove_tree(fresh)
                files = fill(fresh)
                if _python(fresh) <= _COMPILED:
                    compileall.compile_dir(fresh, quiet=2)
                    self._files.keep_compiled(files)
                _forbid_writing(fresh)
                fresh.rename(folder)
        return folder

    def _remove_old(self) -> None:
        """Remove folders that are too many, those that nobody asked for the longest first."""
        with self._guard:
            used = {path.relative_to(self._root).parts[0] for path in self._in_use()}
            long_ago = self._clock() - _IDLE
            idle = [name for name, asked in self._asked.items() if name not in used and asked <= long_ago]
            gone = idle[: max(0, len(self._asked) - len(used) - _KEPT)]
            for name in gone:
                del self._asked[name]
                with suppress(FileNotFoundError):  # it could not be unpacked
                    (self._root / name).rename(self._root / f"{name}.gone")
        for name in gone:
            remove_tree(self._root / f"{name}.gone")
        if gone:
            self._files.remove_unused()


class _Lock:
    """A lock that goes when nobody waits for it."""

    def __init__(self) -> None:
        self.held = threading.Lock()


class _Files:
    """Files as they were unpacked from a zip, by the hash of what they were there. Thread-safe.

    Args:
        root: The folder that holds them; made here.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(exist_ok=True)

    def take(self, key: str, path: Path) -> bool:
        """Put the file of *key* at *path*, with what was compiled of it; return whether there is one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.hardlink_to(self._root / key)
        except OSError:
            return False  # there is none; or this file system has no more links for it
        if path.suffix == ".py":
            compiled = Path(cache_from_source(path))
            compiled.parent.mkdir(exist_ok=True)
            with suppress(OSError):
                compiled.hardlink_to(self._root / f"{key}.pyc")
        return True

    def keep(self, key: str, path: Path) -> None:
        """Keep the file at *path*, which was unpacked from what *key* is the hash of."""
        with suppress(OSError):  # another thread was quicker
            (self._root / key).hardlink_to(path)

    def remove_unused(self) -> None:
        """Remove the files that no folder has any more."""
        for path in self._root.iterdir():
            with suppress(OSError):
                if path.stat().st_nlink == 1:
                    path.unlink()

    def keep_compiled(self, files: dict[Path, str]) -> None:
        """Keep what was compiled of *files*, whose keys are told."""
        for path, key in files.items():
            if path.suffix == ".py":
                with suppress(OSError):
                    (self._root / f"{key}.pyc").hardlink_to(cache_from_source(path))


def _unpack(code: bytes, folder: Path, kept: _Files | None = None) -> dict[Path, str]:
    """Extract *code* with its links and execute bits, which zipfile drops.

    Returns:
        The key in *kept* of each file that is shared with it.
    """
    shared: dict[Path, str] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            folder.mkdir(exist_ok=True)
            links = [info for info in archive.infolist() if _is_link(info)]
            for info in archive.infolist():
                if _is_link(info):
                    continue
                path = folder.joinpath(*(part for part in info.filename.split("/") if part not in {"", ".", ".."}))
                if not info.is_dir():
                    path.unlink(missing_ok=True)  # of the same name in this zip, and maybe shared
                key = _key(code, info) if kept and not info.is_dir() else ""
                if kept and key and kept.take(key, path):
                    shared[path] = key
                    continue
                path = Path(archive.extract(info, folder))
                if path.is_file():
                    path.chmod(stat.S_IWUSR | _READ_ONLY_FILE | (info.external_attr >> 16 & _EXECUTE))
                    if kept and key:
                        kept.keep(key, path)
                        shared[path] = key
            for info in links:  # last, so that nothing is written through a link
                path = folder / info.filename
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(archive.read(info).decode())
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError) as error:
        if full := disk_error(error, [folder]):  # no fault of the zip; Step Functions and boto3 try it again
            what = f"the embedded cloud cannot unpack the code: {full.where}: {full.what}; {full.fix}"
            raise InvokeRefusedError("ServiceException", 500, what) from error
        raise InvokeRefusedError(
            "InvalidZipFileException", 502, f"Lambda could not unzip the package: {error}"
        ) from error
    check_links(folder, "package")
    return shared


def _key(code: bytes, info: zipfile.ZipInfo) -> str:
    """Return the hash of all that says what the file of *info* becomes: its bytes in the zip, and how to read them."""
    begin = info.header_offset + _LOCAL_HEADER
    begin += sum(int.from_bytes(code[begin - ends : begin - ends + 2], "little") for ends in (4, 2))
    told = (info.compress_type, info.flag_bits, info.CRC, info.file_size, info.external_attr >> 16 & _EXECUTE)
    digest = hashlib.sha256(repr(told).encode())
    digest.update(memoryview(code)[begin : begin + info.compress_size])
    return digest.hexdigest()


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _python(folder: Path) -> int:
    """Return the size of the Python code below *folder* in bytes. Links are not followed."""
    files = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names if name.endswith(".py"))
    return sum(path.lstat().st_size for path in files)


def _forbid_writing(folder: Path) -> None:
    for parent, _, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():  # its target is changed where it lies
                path.chmod(stat.S_IMODE(path.stat().st_mode) & (_READ_ONLY_FILE | _EXECUTE))
        Path(parent).chmod(_READ_ONLY_FOLDER)
