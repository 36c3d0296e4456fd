"""Which files a workflow is made of, and how each was when it was looked at last."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shared.config.naming_file import FILE as NAMING
from shared.config.team import FOLDER as TEAMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.lane import Lane
    from shared.packages.package import Package

_SHARED = "shared/"  # how the names of the project's own modules begin in a package
_NOT_OURS = re.compile(r"\..*|.*~|#.*#|4913|.*\.(py[co]|sw[a-p]|tmp|bak|part|orig)|.*___jb_(tmp|old)___|__pycache__")
"""Names that editors, git and Python use for themselves; 4913 is vim's, which tries whether it may write."""
_TESTS = "tests"


class Stamp(NamedTuple):
    """What changes when a file is written, or another one is put in its place."""

    modified_ns: int
    size: int
    inode: int


Stamps: TypeAlias = "Mapping[str, Stamp]"
"""The stamp of each file, by its path."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at: all below *folders*, and *files*, which need not be there."""

    folders: tuple[Path, ...]
    files: tuple[Path, ...]

    def look(self) -> Stamps:
        """Return the stamps of all files that are there."""
        found: dict[str, Stamp] = {}
        for folder in self.folders:
            found |= _below(os.fspath(folder))
        for path in self.files:
            try:
                found[os.fspath(path)] = _stamp(path.stat())
            except OSError:
                continue
        return found


def files_of(root: Path, lane: Lane, workflow: str, package: Package | None, given: Path | None = None) -> Watched:
    """Return what is to be watched of a *workflow* of *lane*.

    Its own folder; or the card, the template and the requirements of a shared one. The team's file, and those that all
    share. The modules of the project that its *package* has. The file of the payload that was *given*.
    """
    own = lane.workflows[workflow]
    modules = sorted(name for name in (package.code if package else ()) if name.startswith(_SHARED))
    files = [
        root / TEAMS / f"{lane.team}.yaml",
        root / NAMING,
        root / "shared" / "settings.yaml",
        *(root / name for name in modules),
        *([given] if given else ()),
    ]
    if own.folder is None:
        files += [own.template, own.template.with_name(f"{workflow}.yaml"), own.requirements]
    return Watched((own.folder,) if own.folder else (), tuple(dict.fromkeys(files)))


def differing(before: Stamps, after: Stamps) -> tuple[str, ...]:
    """Return the paths of the files that were written, put there or removed between two looks."""
    return tuple(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))


def _below(folder: str, above: tuple[tuple[int, int], ...] = ()) -> Iterator[tuple[str, Stamp]]:
    """Yield (path, stamp) of each file of the user's below *folder*, but for its tests, which nothing deploys.

    A link to a folder *above*, which is known by its device and inode, ends.
    """
    try:
        told = Path(folder).stat()
        entries = list(os.scandir(folder))
    except OSError:
        return  # it went while we looked
    here = (told.st_dev, told.st_ino)
    if here in above:
        return
    for entry in entries:
        if _NOT_OURS.fullmatch(entry.name) or (not above and entry.name == _TESTS):
            continue
        try:
            if entry.is_dir():
                yield from _below(entry.path, (*above, here))
            else:
                yield entry.path, _stamp(entry.stat())
        except OSError:
            continue


def _stamp(told: os.stat_result) -> Stamp:
    return Stamp(told.st_mtime_ns, told.st_size, told.st_ino)
