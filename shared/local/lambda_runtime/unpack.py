"""Unpacks each zip and each image once, read-only, into a folder named by its hash."""

from __future__ import annotations

import compileall
import io
import os
import stat
import threading
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.lambda_runtime.unpack_image import TASK, check_links, unpack_image
from shared.local.trees import remove_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.lambda_runtime.function import ImageCode

_COMPILED = 16 << 20  # bytes: a package up to this size is compiled
_READ_ONLY_FILE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_EXECUTE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
_READ_ONLY_FOLDER = _READ_ONLY_FILE | _EXECUTE


class CodeStore:
    """Folders of unpacked code. Thread-safe.

    Small packages are byte-compiled here. A worker cannot keep what it compiles, because its code is read-only, so each
    cold start would compile it again, as on AWS. For packages with whole libraries that would take too long.

    Args:
        root: An existing folder for this store alone. It gets one folder for each hash.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def folder(self, sha256: str, code: bytes) -> Path:
        """Return the folder of the unpacked zip *code*.

        Raises:
            InvokeRefusedError: It is not a zip.
        """
        return self._made(sha256, lambda folder: _unpack(code, folder))

    def image(self, image: ImageCode) -> Path:
        """Return the folder of the unpacked /var/task of *image*.

        Raises:
            InvokeRefusedError: It cannot be unpacked: see :func:`unpack_image`.
        """
        name = f"image-{image.digest.removeprefix('sha256:')}"
        return self._made(name, lambda folder: unpack_image(image.layers, folder)) / TASK

    def layers(self, parts: list[tuple[str, bytes]]) -> Path | None:
        """Return one folder with the layers *parts* (hash, zip), later ones over earlier ones; None for no layers."""
        if not parts:
            return None

        def fill(folder: Path) -> None:
            for _, code in parts:
                _unpack(code, folder)

        return self._made("opt-" + "-".join(sha[:16] for sha, _ in parts), fill)

    def _made(self, name: str, fill: Callable[[Path], None]) -> Path:
        folder = self._root / name
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if not folder.exists():
                fresh = self._root / f"{name}.part"
                remove_tree(fresh)
                fill(fresh)
                if _size(fresh) <= _COMPILED:
                    compileall.compile_dir(fresh, quiet=2)
                _forbid_writing(fresh)
                fresh.rename(folder)
        return folder


def _unpack(code: bytes, folder: Path) -> None:
    """Extract *code* with its links and execute bits, which zipfile drops."""
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            folder.mkdir(exist_ok=True)
            links = [info for info in archive.infolist() if _is_link(info)]
            for info in archive.infolist():
                if _is_link(info):
                    continue
                path = Path(archive.extract(info, folder))
                if path.is_file():
                    path.chmod(stat.S_IWUSR | _READ_ONLY_FILE | (info.external_attr >> 16 & _EXECUTE))
            for info in links:  # last, so that nothing is written through a link
                path = folder / info.filename
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(archive.read(info).decode())
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError) as error:
        raise InvokeRefusedError(
            "InvalidZipFileException", 502, f"Lambda could not unzip the package: {error}"
        ) from error
    check_links(folder, "package")


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _size(folder: Path) -> int:
    """Return the size of the files below *folder* in bytes. Links are not followed."""
    return sum(Path(parent, name).lstat().st_size for parent, _, files in os.walk(folder) for name in files)


def _forbid_writing(folder: Path) -> None:
    for parent, _, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():  # its target is changed where it lies
                path.chmod(stat.S_IMODE(path.stat().st_mode) & (_READ_ONLY_FILE | _EXECUTE))
        Path(parent).chmod(_READ_ONLY_FOLDER)
