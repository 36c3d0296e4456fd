"""What git says of a change: the paths that differ from a commit, and that commit's files, laid beside."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shared.deploy.code import CACHE
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")  # nothing of the repository's is run


def base_of(root: Path, ref: str) -> str:
    """Return the commit at which what lies in *root* left *ref*: a branch, a tag or a commit.

    Raises:
        UsageError: There is no such ref, or nothing in common with it.
        LanesError: *root* is in no repository, or git is missing.
    """
    _git(root, "rev-parse", "--is-inside-work-tree")
    try:
        tip = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
        return _git(root, "merge-base", "HEAD", tip).strip()
    except LanesError as error:
        fix = "git fetch origin, then --base origin/main; a shallow clone needs its history (fetch-depth: 0)"
        raise UsageError(f"git knows no commit {ref!r} that this one goes back to", where="--base", fix=fix) from error


def changed_paths(root: Path, base: str) -> list[str]:
    """Return the paths below *root* that differ from the commit *base*: what is committed, and what is not yet."""
    tracked = _git(root, "diff", "--name-only", "--no-renames", "--relative", "-z", base, "--", ".")
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    return sorted({path for told in (tracked, untracked) for path in told.split("\0") if path})


@contextlib.contextmanager
def laid_beside(root: Path, base: str) -> Iterator[Path]:
    """Give the folder with what *root* held at the commit *base*. It is removed afterwards.

    Libraries that were fetched for *root* serve there too.
    """
    inside = _git(root, "rev-parse", "--show-prefix").strip()
    with tempfile.TemporaryDirectory(prefix="lanes-review-") as folder:
        tree = Path(folder) / "base"
        _git(root, *_NO_HOOKS, "worktree", "add", "--quiet", "--detach", str(tree), base)
        try:
            there = tree / inside
            (root / CACHE).mkdir(parents=True, exist_ok=True)
            _clear((there / CACHE).parent)  # what a commit holds there is no cache, and may lead elsewhere
            (there / CACHE).symlink_to(root.resolve() / CACHE)
            yield there
        finally:
            _git(root, "worktree", "remove", "--force", str(tree))


def _clear(folder: Path) -> None:
    """Make *folder* an empty one, whatever is in its place."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)
    folder.mkdir(parents=True)


def _git(root: Path, *words: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise LanesError("git is not installed", fix="install git")
    done = subprocess.run([git, "-C", str(root), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines()
        raise LanesError(f"git {words[0]}: {told[-1] if told else 'it failed'}", where=str(root))
    return done.stdout
