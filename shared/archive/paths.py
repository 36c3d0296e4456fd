"""Where in an archive the keys of a bucket, or the streams of a log, go: where their own names say, if a file can."""

from __future__ import annotations

import hashlib

from shared.visible import visible

ODD = "other-names"
"""The folder of what no file can be called. The manifest says what each of its files is of."""
_LONGEST_NAME = 240  # bytes; file systems take 255, and a suffix may follow
_LONGEST_PATH = 800  # bytes; S3's keys have 1,024, and the archive's own prefix goes before


def places(sort: str, inside: str, name: str, suffix: str = "") -> tuple[str, ...]:
    """Return the paths that the file of *name* may have in an archive, the best first.

    The last one is always free: ``a/b`` cannot be where its name says while ``a`` is a file there.

    Args:
        sort: The archive's folder for things of this sort.
        inside: The folder in it for these names.
        name: What the cloud calls it.
        suffix: What its file's name ends with.
    """
    odd = f"{sort}/{ODD}/{hashlib.sha256(f'{inside}/{name}'.encode()).hexdigest()}{suffix}"
    return (f"{sort}/{inside}/{name}{suffix}", odd) if _fits(name) else (odd,)


def _fits(name: str) -> bool:
    """Whether a file can have this name on any system that lanes runs on, and shows it as it is."""
    parts = name.split("/")
    return (
        len(name.encode()) <= _LONGEST_PATH
        and visible(name) == name
        and "\t" not in name
        and "\n" not in name
        and all(part not in ("", ".", "..") and len(part.encode()) <= _LONGEST_NAME for part in parts)
    )
