"""What to say of a disk that takes nothing more: it is full, read-only or broken. Standard library only.

The system and SQLite tell such a thing in errors of their own, and an error of a write names no file.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterable

FREE_SPACE = "free space there"
WRITABLE = "make it writable"
_FULL_BELOW = 1 << 16  # bytes: SQLite and others need room for more than the byte that they write
_PRIMARY = 0xFF  # the part of SQLite's extended codes that tells the kind (sqlite.org/rescode.html, read 2026-11-30)
_BY_NUMBER = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), FREE_SPACE),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), WRITABLE),
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.EIO: "check the disk, and free space there",
}
_BY_CODE = {
    sqlite3.SQLITE_FULL: ("the disk is full", FREE_SPACE),
    sqlite3.SQLITE_READONLY: ("it is read-only", WRITABLE),
    sqlite3.SQLITE_IOERR: ("the disk failed", _BY_NUMBER[errno.EIO]),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", f"{FREE_SPACE}, or {WRITABLE}"),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "remove it, or bring a copy back"),
    sqlite3.SQLITE_NOTADB: ("it is damaged", "remove it, or bring a copy back"),
}


class DiskError(LanesError):
    """A disk took nothing more. What was there before is still there."""


def replace_text(path: Path, text: str) -> None:
    """Write *text* to *path*, all of it or nothing."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def disk_error(error: BaseException, folders: Iterable[Path | str] = ()) -> DiskError | None:
    """Return what to say of *error*, the system's or SQLite's; None if it is of no disk.

    Args:
        error: What was raised.
        folders: Where it may have been, for an error that does not tell: the first one that is full is named.
    """
    if isinstance(error, DiskError):
        return error
    if isinstance(error, sqlite3.Error):
        known = _BY_CODE.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY)
        if known is None:
            return None
        what, fix = known
        return DiskError(f"{what} ({error})", where=_full(folders) or _first(folders), fix=fix)
    if not isinstance(error, OSError) or error.errno not in _BY_NUMBER:
        return None
    where = error.filename or _full(folders) or "a file"
    return DiskError(error.strerror or str(error), where=os.fsdecode(where), fix=_BY_NUMBER[error.errno])


def _full(folders: Iterable[Path | str]) -> str:
    """Return the first of *folders*, or the nearest above it, whose disk is full; "" if none is."""
    for folder in folders:
        place = Path(folder).resolve()
        while not place.exists():
            place = place.parent
        if shutil.disk_usage(place).free < _FULL_BELOW:
            return str(place)
    return ""


def _first(folders: Iterable[Path | str]) -> str | None:
    return next((str(folder) for folder in folders), None)
