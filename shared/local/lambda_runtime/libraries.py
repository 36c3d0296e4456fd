"""The libraries that a function may import besides what its zip and its layers hold: those of Lambda's own Python.

They are a folder of links to what is installed here, with the metadata that ``importlib.metadata`` reads. Nothing else
of this machine can be imported: a worker is started with the
interpreter behind this project's environment, and a ``sitecustomize`` tells that Python, and every Python that it
starts, to leave out the packages of its installation. A program that follows a link on purpose still finds the rest.
"""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What Lambda's Python runtimes have: the SDK with what it needs, and the client of the Runtime API (AWS's guide,
# "Building Lambda functions with Python", "Runtime-included SDK versions"; seen 2026-11-29).
RUNTIME = (
    "awslambdaric", "simplejson", "snapshot-restore-py",
    "boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3",
)  # fmt: skip

# The site module of each Python that finds this runs it. It removes what site added to sys.path and sys.meta_path.
_SITECUSTOMIZE = """\
import os, sys
_kept = {os.path.dirname(os.__file__), *os.environ.get("PYTHONPATH", "").split(os.pathsep)}
sys.path[:] = [p for p in sys.path if p in _kept or p.endswith((".zip", os.sep + "lib-dynload"))]
sys.meta_path[:] = [f for f in sys.meta_path if getattr(f, "__module__", "").startswith("_frozen_importlib")]
"""


class Libraries:
    """Folders of links.

    Args:
        folder: The folder for them, which is made here.

    Attributes:
        site: The first folder of PYTHONPATH.
        runtime: The libraries that Lambda's runtime has.
        programs: The first folder of PATH: the interpreter, under its names on Lambda.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.site, self.programs = folder / "site", folder / "bin"
        self.site.mkdir(parents=True)
        self.programs.mkdir()
        (self.site / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
        for name in ("python", "python3", f"python3.{sys.version_info.minor}"):
            (self.programs / name).symlink_to(interpreter())
        self.runtime = self._linked("runtime", RUNTIME)

    def _linked(self, name: str, distributions: Iterable[str]) -> Path:
        """Make the folder *name* with those of the *distributions* that are installed here."""
        draft, folder = self._folder / f"{name}.part", self._folder / name
        draft.mkdir()
        for each in distributions:
            try:
                found = metadata.distribution(each)
            except metadata.PackageNotFoundError:
                continue  # the function's import fails, and that error names it
            _link(found, draft)
        draft.rename(folder)
        return folder


def interpreter() -> str:
    """Return the Python behind this project's environment, which does not know the environment's packages."""
    return os.path.realpath(sys.executable)


def search_path() -> str:
    """Return this machine's PATH without the programs of the project's environment."""
    hidden = {str(Path(sys.prefix, "bin")), str(Path(sys.executable).parent)}
    shown = sys.prefix != sys.base_prefix  # without an environment this folder is the machine's, such as /usr/bin
    words = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(word for word in words if not (shown and word in hidden))


def _link(distribution: metadata.Distribution, target: Path) -> None:
    """Link what *distribution* installed: whole packages, but only its own part of a namespace that others share."""
    for file in distribution.files or ():
        if file.parts[0] in {"..", "__pycache__"}:
            continue  # a program, or a module's cache
        source, here = Path(str(distribution.locate_file(""))), target
        for part in file.parts:
            source, here = source / part, here / part
            if here.is_symlink():
                break
            if source.is_dir() and not (source / "__init__.py").exists() and ".dist-info" not in part:
                here.mkdir(exist_ok=True)
                continue
            if source.exists():
                here.symlink_to(source)
            break
