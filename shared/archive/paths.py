"""Where in an archive the keys of a bucket, or the streams of a log, go: where their own names say, if a file can."""

from __future__ import annotations

import hashlib

from shared.visible import visible

ODD = "other-names"
"""The folder of what no file can be called. The manifest says what each of its files is of."""
_LONGEST_NAME = 240  # bytes; file systems take 255, and a suffix may follow
_LONGEST_PATH = 800  # bytes; S3's keys have 1,024, and the archive's own prefix goes before


class Paths:
    """The paths of names in one folder. They are asked for in the order of their bytes, as S3 lists keys.

    A name that goes through another (``a/b`` beside ``a``) would need a folder where there is a file.

    Args:
        folder: The archive's folder for things of this sort.
        inside: The folder in it for these names, as far as a file can have them.
    """

    def __init__(self, folder: str, inside: str) -> None:
        self._folder = folder
        self._inside = inside
        self._open: list[str] = []  # the names so far that the next one begins with

    def of(self, name: str, suffix: str = "") -> str:
        """Return the path of *name*, with *suffix* at its end."""
        while self._open and not name.startswith(self._open[-1]):
            self._open.pop()
        through = any(name.startswith(f"{each}{suffix}/") for each in self._open)
        self._open.append(name)
        if through or not _fits(name):
            return f"{self._folder}/{ODD}/{hashlib.sha256(f'{self._inside}/{name}'.encode()).hexdigest()}{suffix}"
        return f"{self._folder}/{self._inside}/{name}{suffix}"


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
