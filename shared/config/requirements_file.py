"""The file of a workflow's libraries: ``requirements.txt`` in a team's own folder, else ``<key>.requirements.txt``.

Of pip's format only names with versions, conditions and hashes are taken: what is elsewhere than in an index, another
file or another index would not be the same for everybody. What is refused is not printed whole, for an address may hold
a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from shared.config.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.config.problems import Problems

_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"--hash=[a-z0-9]+:[0-9a-f]+")
_PATH = re.compile(r"[./~]|[^\s=<>]*(://|\\)|\S+\.(whl|zip|tar\.gz)$|\S*/")
_HOW = "write one requirement a line, such as pandas>=2"


@dataclass(frozen=True, slots=True)
class Line:
    """A requirement of a file.

    Attributes:
        number: Its first line in the file.
        text: What it says, in one line without a comment.
        needs: What it requires.
    """

    number: int
    text: str
    needs: Requirement


def requirements_name(workflow: str, *, own: bool) -> str:
    """Return what the file of *workflow*'s libraries is called; *own* says that it is a team's own."""
    return "requirements.txt" if own else f"{workflow}.requirements.txt"


def check_requirements(root: Path, path: Path, problems: Problems) -> None:
    """Report each line of the file at *path* that is not taken, or is there twice. The file need not be there."""
    if not path.is_file():
        return
    file = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        problems.add(Problem(file, 1, f"it cannot be read: {error}"))
        return
    first: dict[tuple[str, str], int] = {}
    for line in read_lines(text, file, problems):
        same = (canonicalize_name(line.needs.name), str(line.needs.marker))
        if first.setdefault(same, line.number) != line.number:
            what = f"{line.needs.name} is required twice, first on line {first[same]}"
            problems.add(Problem(file, line.number, what, "keep one"))


def read_lines(text: str, file: str, problems: Problems) -> tuple[Line, ...]:
    """Return the requirements in the *text* of *file*; lines that are not taken go to *problems*."""
    found: list[Line] = []
    for number, told in _logical_lines(text):
        try:
            found.append(Line(number, told, _requirement(told)))
        except ValueError as error:
            problems.add(Problem(file, number, *error.args))
    return tuple(found)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, those that a backslash continues as one, each with its number from 1."""
    begun, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        start = start or number
        plain = _COMMENT.sub("", line).rstrip()
        if plain.endswith("\\"):
            begun += plain[:-1] + " "
            continue
        if whole := " ".join((begun + plain).split()):
            yield start, whole
        begun, start = "", 0
    if whole := " ".join(begun.split()):
        yield start, whole


def _requirement(told: str) -> Requirement:
    """Return the requirement that a line is.

    Raises:
        ValueError: It is none that is taken: what it is, and the fix.
    """
    pieces = [piece for piece in told.split() if not _HASH.fullmatch(piece)]
    option = next((piece.partition("=")[0] for piece in pieces if piece.startswith("-")), "")
    if option or not pieces:
        fix = "write NAME or NAME==VERSION; which index is asked is your own setting (pip's, or UV_DEFAULT_INDEX)"
        raise ValueError(f"the option {option or '--hash'} is not taken in a workflow's requirements", fix)
    text = " ".join(pieces)
    elsewhere = "a library from a path or an address is not the same for everybody"
    fix = "publish it as a wheel and write NAME==VERSION, or copy its modules into the workflow's folder"
    if _PATH.match(text):
        raise ValueError(f"{elsewhere}: {pieces[0].partition('://')[0]}", fix)
    try:
        needs = Requirement(text)
    except InvalidRequirement as error:
        raise ValueError(f"this is no requirement: {str(error).splitlines()[0]}", _HOW) from error
    if needs.url:
        raise ValueError(f"{elsewhere}: {needs.name}", fix)
    return needs
