"""Each zip and each image unpacked once, read-only, under its hash."""

from __future__ import annotations

import compileall
import io
import os
import shutil
import stat
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.lambda_runtime.unpack_image import TASK, unpack_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.lambda_runtime.function import ImageCode

_READ_ONLY_FILE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_EXECUTE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
_READ_ONLY_FOLDER = _READ_ONLY_FILE | _EXECUTE


class CodeStore:
    """Folders of unpacked code.

    Args:
        root: An existing folder of our own; one folder per hash goes there.
        compile_python: Byte-compile what is unpacked. A worker cannot, its code being read-only, so without this
            every cold start compiles anew (as on AWS, where a zip of vendored packages is not worth our time either).
    """

    def __init__(self, root: Path, *, compile_python: bool) -> None:
        self._root = root
        self._compile = compile_python
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def folder(self, sha256: str, code: bytes) -> Path:
        """Return where the zip *code* lies unpacked.

        Raises:
            InvokeRefusedError: It is no zip.
        """
        return self._made(sha256, lambda folder: _unpack(code, folder))

    def image(self, image: ImageCode) -> Path:
        """Return where /var/task of *image* lies unpacked.

        Raises:
            InvokeRefusedError: It cannot be unpacked: see :func:`unpack_image`.
        """
        name = f"image-{image.digest.removeprefix('sha256:')}"
        return self._made(name, lambda folder: unpack_image(image.layers, folder)) / TASK

    def layers(self, parts: list[tuple[str, bytes]]) -> Path | None:
        """Return one folder with the layers of *parts*, (hash, zip), later ones over earlier ones; None for none."""
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
                if self._compile:
                    compileall.compile_dir(fresh, quiet=2)
                _forbid_writing(fresh)
                fresh.rename(folder)
        return folder


def _unpack(code: bytes, folder: Path) -> None:
    """Extract *code* with the execute bits it records, which zipfile drops."""
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            folder.mkdir(exist_ok=True)
            for info in archive.infolist():
                path = Path(archive.extract(info, folder))
                if path.is_file():
                    path.chmod(stat.S_IWUSR | _READ_ONLY_FILE | (info.external_attr >> 16 & _EXECUTE))
    except zipfile.BadZipFile as error:
        raise InvokeRefusedError(
            "InvalidZipFileException", 502, f"Lambda could not unzip the package: {error}"
        ) from error


def _forbid_writing(folder: Path) -> None:
    for parent, _, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():  # what it leads to is changed in its own place
                path.chmod(stat.S_IMODE(path.stat().st_mode) & (_READ_ONLY_FILE | _EXECUTE))
        Path(parent).chmod(_READ_ONLY_FOLDER)


def remove_tree(folder: Path) -> None:
    """Remove *folder*, its read-only parts too; nothing happens when it is not there."""
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)
