"""What is known to be as the project's files say, so that a rehearsal need not look again: ``.lanes/compared.json``.

A rehearsal compares a lane with the cloud before each run, so that what a hand changed is mended first. Where nothing
has changed since the last time that nothing was found to do, neither a file nor anything in the cloud, the same
comparison would find nothing again. Files are told by their inodes, sizes and times, as git does; the embedded cloud
counts what may change a resource (:attr:`shared.local.trail.Trail.changes`). The file is a note and no truth: without
it, or where anything in it is another, all is compared.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import shared
from shared.disks import replace_text
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shared.values import Json

FILE = "compared.json"
_READ = ("naming.yaml", "shared", "statemachines", "teams", "chalice_app", "requirements")
_UNREAD = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
_SETTLED = 1_000_000_000  # ns; a file that changed later than this before it was looked at could change unseen


class Compared:
    """What was found with the files of the project at *root* as they are now. *folder* is its ``.lanes``.

    Nothing is kept where that folder is not there, or cannot be written.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self._file = folder / FILE
        newest, self._files = _digest(root)
        self._settled = newest < time.time_ns() - _SETTLED

    def is_valid(self, teams: Collection[str]) -> bool:
        """Whether the templates of *teams* were found valid."""
        valid = self._kept("valid")
        return bool(teams) and all(team in valid for team in teams)

    def keep_valid(self, teams: Collection[str]) -> None:
        """Keep that the templates of *teams* are valid."""
        self._keep("valid", dict.fromkeys(teams, True))

    def is_deployed(self, team: str, changes: str) -> bool:
        """Whether nothing was to do for *team* when the cloud's count was at *changes*."""
        return self._kept("deployed").get(team) == changes

    def keep_deployed(self, team: str, changes: str) -> None:
        """Keep that nothing is to do for *team* while the cloud's count stays at *changes*."""
        self._keep("deployed", {team: changes})

    def _kept(self, part: str) -> Mapping[str, Json]:
        """Return a *part* of what is kept of these files, by team; nothing where it is of others, or unreadable."""
        with suppress(OSError, ValueError, TypeError):
            kept = as_mapping(json.loads(self._file.read_text(encoding="utf-8")))
            return as_mapping(kept[part]) if kept.get("files") == self._files and part in kept else {}
        return {}

    def _keep(self, part: str, known: Mapping[str, Json]) -> None:
        if self._settled and self._file.parent.is_dir():
            parts = {name: {**self._kept(name)} for name in ("valid", "deployed")}
            parts[part] |= known
            with suppress(OSError):
                replace_text(self._file, json.dumps({**parts, "files": self._files}))


def _digest(root: Path) -> tuple[int, str]:
    """Return when the newest of the files changed, in ns, and a digest of all that a plan is made of but the cloud."""
    here = Path(shared.__file__).parent
    digest = hashlib.sha256(repr((sys.version, platform.machine(), datetime.now(UTC).date())).encode())
    newest = 0
    for top in dict.fromkeys([*(root / name for name in _READ), here]):
        for path, found in _files(top):
            newest = max(newest, found.st_ctime_ns)
            told = (path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode)
            digest.update(repr(told).encode())
    return newest, digest.hexdigest()


def _files(top: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield each file at or below *top*, always in the same order."""
    if not top.is_dir():
        with suppress(OSError):
            yield str(top), top.stat()
        return
    for folder, below, names in os.walk(top, followlinks=True):
        below[:] = sorted(set(below) - _UNREAD)
        for name in sorted(names):
            path = os.path.join(folder, name)  # noqa: PTH118  a thousand paths, at each start of a command
            with suppress(OSError):
                yield path, os.stat(path)  # noqa: PTH116
