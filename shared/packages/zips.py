"""Zips that are the same bytes for the same files, and the cache that they lie in."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold; when a file was written must not matter
_UNPACKED = 8  # unpacked zips that are kept, old ones too
_MODE = 0o100644 << 16  # a checkout's umask must not matter either


def write_zip(path: Path, files: Mapping[str, Path | bytes], base: Path | None = None) -> None:
    """Write a zip of *files*, by their names in it, after those of the zip *base*, which are not compressed again.

    It is written under another name, then renamed, so that nobody reads half of it.
    """
    draft = path.with_suffix(".part")
    if base:
        shutil.copyfile(base, draft)
    with zipfile.ZipFile(draft, "a" if base else "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = _MODE
            target.writestr(info, content if isinstance(content, bytes) else content.read_bytes())
    draft.replace(path)


def unzipped_size(path: Path) -> int:
    """Return the size of all files in the zip at *path*, in bytes."""
    with zipfile.ZipFile(path) as archive:
        return sum(info.file_size for info in archive.infolist())


def unpacked(path: Path, cache: Path) -> Path:
    """Return the folder in *cache* with what is in the zip at *path*; it is unpacked if it is not there."""
    folder = cache / path.stem
    if not folder.exists():
        draft = folder.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(draft)
        draft.rename(folder)
        forget(cache, "*", _UNPACKED)
    return folder


def forget(cache: Path, pattern: str, kept: int) -> None:
    """Remove what *pattern* finds in *cache*, but for the newest few: another deploy may still read those."""
    made = sorted(cache.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in made[kept:]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()
