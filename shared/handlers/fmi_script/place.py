"""Where a program's files lie: in a folder of their own, or below /tmp where payloads of the field name them.

Those programs write /tmp out, so their files must lie there. A function on Lambda has a /tmp of its own, which outlives
a run: an earlier run's files are removed before, and this one's after. A worker whose /tmp is the machine's must not do
that. Its TMPDIR names another folder, or no Lambda runtime serves it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TMP = Path("/tmp")  # noqa: S108  Lambda's own name for it
_MOUNTS = Path("/proc/self/mountinfo")


class NoOwnTmp(LanesError):
    """The program must lie below /tmp, and this worker has none of its own, or needs what is there."""


class Place(NamedTuple):
    """The folder in which a program's files lie by their keys, and its script's own path."""

    root: Path
    script: Path


@contextlib.contextmanager
def own_folder(key: str) -> Iterator[Place]:
    """Give a new folder for the script *key* and the files around it. It is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        yield Place(root, root / key)


@contextlib.contextmanager
def below_tmp(path: str, tmp: Path) -> Iterator[Place]:
    """Give the script's *path* below the function's own *tmp*. Nothing of another run is there, before or afterwards.

    Raises:
        NoOwnTmp: The worker's own files lie there.
    """
    script = tmp / Path(path).relative_to(_TMP)
    first = tmp / script.relative_to(tmp).parts[0]
    held = [mount for mount in _mounts() if mount.is_relative_to(first)]
    if held:
        raise NoOwnTmp(f"the program would take the place of {held[0]}, which this worker needs", fix="rename it")
    _remove(first)
    try:
        yield Place(tmp, script)
    finally:
        _remove(first)


def own_tmp(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the /tmp that no other function sees.

    Raises:
        NoOwnTmp: This worker's is the machine's.
    """
    if "AWS_LAMBDA_RUNTIME_API" in environ and environ.get("TMPDIR", str(_TMP)) == str(_TMP):
        return _TMP
    raise NoOwnTmp(
        "the program must lie below /tmp, and this worker shares /tmp with the whole machine",
        fix="give functions a /tmp of their own (lanes doctor says how), or name the script without /tmp/ and folder",
    )


def _mounts() -> list[Path]:
    """Return where anything is mounted. The kernel writes spaces and the like in octal (proc_pid_mountinfo(5))."""
    fields = [line.split(" ")[4] for line in _MOUNTS.read_text().splitlines()]
    return [Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)) for field in fields]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
