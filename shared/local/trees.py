"""Removing trees of files that functions' code and its unpacking made read-only."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path


def remove_tree(folder: Path) -> None:
    """Remove *folder*, its read-only parts too; nothing happens if it does not exist."""
    if folder.is_dir():
        folder.chmod(stat.S_IRWXU)
    for parent, folders, _ in os.walk(folder):
        for path in (Path(parent, name) for name in folders):
            if not path.is_symlink():
                path.chmod(stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)
