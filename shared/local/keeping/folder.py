"""The folder of what a cloud keeps: it must be ours alone, since some of what is in it runs code when it is read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.local.state import private_folder

if TYPE_CHECKING:
    from pathlib import Path

_OLD = "current"  # the file by which earlier versions found one pickle of all


def own(folder: Path, data: Path) -> None:
    """Make the private *folder*, with *data* in it, or refuse what did not come from ``lanes up`` of this user here.

    What comes with a copy of a project, as from a repository, is not in folders that only their owner may enter.

    Raises:
        LanesError: Others may have written what is there, or an earlier version did.
    """
    if not os.path.lexists(folder):
        private_folder(folder)
    if (folder / _OLD).exists():
        raise LanesError(
            "an earlier version of teamlanes kept this, as one file that this version does not read",
            where=str(folder),
            fix="remove that folder, and begin anew; or go on with that version",
        )
    for path, kind in ((folder, stat.S_ISDIR), (data, stat.S_ISDIR), (data / "tables.db", stat.S_ISREG)):
        if os.path.lexists(path):
            _check(path, kind(path.lstat().st_mode))


def _check(path: Path, is_of_its_kind: bool) -> None:  # noqa: FBT001  what lstat says
    found = path.lstat()
    private = stat.S_IMODE(found.st_mode) == stat.S_IRWXU or not stat.S_ISDIR(found.st_mode)
    if not (is_of_its_kind and found.st_uid == os.geteuid() and private):
        raise LanesError(
            "lanes up --persist goes on only with what it kept itself, in folders that nobody else may enter",
            where=str(path),
            fix="remove it, and begin anew",
        )
