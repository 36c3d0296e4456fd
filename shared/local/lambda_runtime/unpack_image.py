"""Unpacks what a function needs of a container image's layers: the files below /var/task.

Nothing else of the image is unpacked: this machine's Python, programs and libraries are used instead. Nothing is ever
written or removed through a link. Anything that is not a file, a folder or a link is refused.
"""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from shared.local.lambda_runtime.function import InvokeRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    _Entry = tuple[PurePosixPath, tarfile.TarInfo]

TASK = PurePosixPath("var/task")
LARGEST = 10 << 30  # bytes of all layers together, unpacked: Lambda's limit
_WHITEOUT = ".wh."  # image-spec: before a name, it hides that name in the layers below
_OPAQUE = ".wh..wh..opq"  # image-spec: it hides all that the layers below have in its folder


def unpack_image(layers: Sequence[Path], folder: Path, largest: int = LARGEST) -> None:
    """Unpack /var/task of *layers*, lowest first, into *folder*.

    Raises:
        InvokeRefusedError: A layer is gone or damaged, the image is too large or has no /var/task, or one of its names
            or links leads out of it.
    """
    folder.mkdir()
    left = largest
    for layer in layers:
        try:
            with tarfile.open(layer) as archive:
                entries = _entries(archive, left)
                left -= sum(member.size for _, member in entries)
                _hide(entries, folder)
                _place(archive, entries, folder)
        except FileNotFoundError as error:
            raise _refused("the image is no longer in its repository") from error
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _refused(f"the layer {layer.name} is damaged: {error}") from error
    if not (folder / TASK).is_dir():
        raise _refused(f"the image has no folder /{TASK}")
    check_links(folder, "image")


def _entries(archive: tarfile.TarFile, left: int) -> list[_Entry]:
    """Return the members of *archive* with their paths in the image; refuse more than *left* bytes."""
    entries = []
    for member in archive:
        left -= member.size
        if left < 0:
            raise _refused(f"the image has more than {LARGEST >> 30} GB unpacked")
        entries.append((_path(member.name), member))
    return entries


def _path(name: str) -> PurePosixPath:
    path = PurePosixPath(name.lstrip("/"))
    if ".." in path.parts:
        raise _refused(f"the name {name!r} leads out of the image")
    return path


def _hide(entries: Iterable[_Entry], folder: Path) -> None:
    """Remove what the layers below have and this one removes or replaces."""
    for path, member in entries:
        if path.name == _OPAQUE:
            gone = path.parent
        elif path.name.startswith(_WHITEOUT):
            gone = path.with_name(path.name.removeprefix(_WHITEOUT))
        elif not member.isdir():
            gone = path
        else:
            continue
        if TASK.is_relative_to(gone):
            _remove(folder / TASK)
        elif gone.is_relative_to(TASK) and all(_is_folder(folder / parent) for parent in gone.parents):
            _remove(folder / gone)
        if path.name == _OPAQUE and gone.is_relative_to(TASK):
            _make_folder(folder, gone)


def _place(archive: tarfile.TarFile, entries: Iterable[_Entry], folder: Path) -> None:
    """Unpack what lies below the task's folder."""
    files: dict[PurePosixPath, tarfile.TarInfo] = {}
    for path, member in entries:
        content = files.get(_path(member.linkname)) if member.islnk() else member
        if content and content.isfile():
            files[path] = content
        if not path.is_relative_to(TASK) or path.name.startswith(_WHITEOUT):
            continue
        if member.isdir():
            _make_folder(folder, path)
            continue
        _make_folder(folder, path.parent)
        _remove(folder / path)
        if member.issym():
            (folder / path).symlink_to(member.linkname)
        elif path in files:
            _copy(archive, files[path], folder / path)
        else:
            raise _refused(f"/{path} is not a file, a folder or a link to one")


def _copy(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = archive.extractfile(member)
    if source is None:
        raise _refused(f"{path.name} has no content")
    with source, path.open("xb") as file:
        shutil.copyfileobj(source, file)
        os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR | member.mode & 0o555)


def _make_folder(root: Path, path: PurePosixPath) -> None:
    """Make a folder, and those above it. Anything else in its place is removed, links too."""
    for each in (*reversed(path.parents), path):
        here = root / each
        if not _is_folder(here):
            _remove(here)
            here.mkdir()


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove(path: Path) -> None:
    if _is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def check_links(folder: Path, what: str) -> None:
    """Refuse links out of the unpacked *folder*: they would lead to files of this machine.

    Raises:
        InvokeRefusedError: It names the link, and *what* was unpacked.
    """
    root = folder.resolve()
    for parent, folders, files in os.walk(root):
        for path in (Path(parent, name) for name in (*folders, *files)):
            # Not path.resolve(): before Python 3.13 it raises for links in a circle, which do no harm.
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                raise _refused(f"the link /{path.relative_to(root)} leads out of the {what}")


def _refused(message: str) -> InvokeRefusedError:
    return InvokeRefusedError("InvalidCodeException", 502, message)
