"""What a checkout was when something was deployed from it: its commit, and whether files differed from it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BRANCH = "# branch.oid "
_NONE_YET = "(initial)"
_SECONDS = 20.0  # git may wait for a slow disk; a deploy does not wait for it long


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, and whether files below the project differed from it or were new."""

    commit: str
    changed: bool

    def __str__(self) -> str:
        return self.commit[:10] + ("+" if self.changed else "")


def read_revision(root: Path) -> Revision | None:
    """Return the revision of what lies in *root*; None where git is missing or it is no checkout with a commit."""
    git = shutil.which("git")
    if git is None:
        return None
    # git would write its index anew, and a deploy must not lock it.
    words = [git, "--no-optional-locks", "-C", str(root), "status", "--porcelain=v2", "--branch", "--", "."]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, errors="replace", timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    commit = next((line.removeprefix(_BRANCH) for line in lines if line.startswith(_BRANCH)), _NONE_YET)
    if done.returncode or commit == _NONE_YET:
        return None
    return Revision(commit, changed=any(not line.startswith("#") for line in lines))
