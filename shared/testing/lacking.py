"""Which libraries of a workflow's requirements.txt are not installed here: its tests cannot run then."""

from __future__ import annotations

import re
from importlib import metadata
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

if TYPE_CHECKING:
    from pathlib import Path


def lacking(folder: Path) -> list[str]:
    """Return the lines of the requirements.txt in *folder* that are not installed in a version that they take."""
    path = folder / "requirements.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [line for line in (re.sub(r"(^|\s)#.*", "", each).strip() for each in lines) if line and not _is_here(line)]


def _is_here(line: str) -> bool:
    try:
        wanted = Requirement(line.split(" --hash", maxsplit=1)[0])
        outside = wanted.marker is not None and not wanted.marker.evaluate()
        return outside or wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except (InvalidRequirement, metadata.PackageNotFoundError):  # options and links are deployment's business
        return line.startswith("-")
