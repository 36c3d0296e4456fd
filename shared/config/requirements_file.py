"""The file of a workflow's libraries: ``requirements.txt`` in a team's own folder, else ``<key>.requirements.txt``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from shared.config.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.config.problems import Problems

_COMMENT = re.compile(r"(^|\s)#.*$")
_HASHES = re.compile(r"(\s+--hash=\S+)+\s*$")
_HOW = "write one requirement a line, such as pandas>=2"


def requirements_name(workflow: str, *, own: bool) -> str:
    """Return what the file of *workflow*'s libraries is called; *own* says that it is a team's own."""
    return "requirements.txt" if own else f"{workflow}.requirements.txt"


def check_requirements(root: Path, path: Path, problems: Problems) -> None:
    """Report each line of the file at *path* that is no requirement. The file need not be there."""
    if not path.is_file():
        return
    file = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        problems.add(Problem(file, 1, f"it cannot be read: {error}"))
        return
    first: dict[tuple[str, str], int] = {}
    for line, wanted in _logical_lines(text):
        if wanted.startswith("-"):
            problems.add(Problem(file, line, f"pip's option {wanted.split()[0]!r} is not read here", _HOW))
            continue
        try:
            known = Requirement(_HASHES.sub("", wanted))
        except InvalidRequirement as error:
            why = str(error).partition("\n")[0]
            problems.add(Problem(file, line, f"{wanted!r} is no requirement: {why}", _HOW))
            continue
        same = (re.sub(r"[-_.]+", "-", known.name).lower(), str(known.marker))
        if first.setdefault(same, line) != line:
            what = f"{known.name} is required twice, first on line {first[same]}"
            problems.add(Problem(file, line, what, "keep one"))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, those that a backslash continues as one, each with its number from 1."""
    begun, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        start = start or number
        plain = _COMMENT.sub("", line).rstrip()
        if plain.endswith("\\"):
            begun += plain[:-1] + " "
            continue
        if whole := (begun + plain).strip():
            yield start, whole
        begun, start = "", 0
