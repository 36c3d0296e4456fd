"""A workflow's libraries as its ``requirements.txt`` names them, and the lock beside it that says which versions.

uv gets both as we read them (:mod:`shared.config.requirements_file`), never the files: what uv alone would take for an
option or an address does not reach it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from shared.config.problems import Problems
from shared.config.requirements_file import read_lines
from shared.packages.uv import Unsolvable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packaging.requirements import Requirement

    from shared.config.requirements_file import Line
    from shared.packages.target import Target

_MARK = "# The libraries of "


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a file of requirements says.

    Attributes:
        path: The file, which need not be there.
        shown: Its name, relative to the project.
        text: What is in it.
        lines: Its requirements.
        locks: Which versions are found for it is kept in a file beside it.
    """

    path: Path
    shown: str
    text: str
    lines: tuple[Line, ...]
    locks: bool = True

    @property
    def lock(self) -> Path:
        """Where the versions stand that were found for it."""
        return self.path.with_suffix(".lock")

    def wanted(self, target: Target) -> tuple[Line, ...]:
        """Return the lines that hold for *target*."""
        markers = dict(target.markers, extra="")
        return tuple(line for line in self.lines if not line.needs.marker or line.needs.marker.evaluate(markers))

    def pins(self, target: Target) -> set[tuple[str, str]]:
        """Return the names and versions that the file itself fixes for *target*."""
        return {pin for line in self.wanted(target) if (pin := _pin(line.needs))}

    def line_of(self, text: str) -> int:
        """Return the first line with a library that *text* names; 1 where it names none."""
        words = set(map(canonicalize_name, re.findall(r"[A-Za-z0-9][A-Za-z0-9._-]*", text.replace("==", " "))))
        named = (line.number for line in self.lines if canonicalize_name(line.needs.name) in words)
        return next(named, 1)


def read_requirements(path: Path, root: Path, problems: Problems, *, locks: bool = True) -> Requirements:
    """Return what the file at *path* says, nothing where there is none; lines that are not taken go to *problems*.

    Args:
        path: The file.
        root: The project's folder.
        problems: Where problems go.
        locks: Keep the versions that are found in a file beside it.
    """
    shown = path.relative_to(root).as_posix()
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return Requirements(path, shown, text, read_lines(text, shown, problems), locks)


def read_pins(lock: str) -> set[tuple[str, str]]:
    """Return the names and versions in the text of a *lock*."""
    lines = (line.partition("\\")[0].partition(";")[0].strip() for line in lock.splitlines())
    pairs = (line.split("==") for line in lines if "==" in line and not line.startswith(("#", "-")))
    return {(canonicalize_name(name), version) for name, version in pairs}


def lock_header(requirements: Requirements, target: Target) -> str:
    """Return the first lines of the lock of *requirements* for *target*: it fits as long as it begins so."""
    digest = hashlib.sha256(requirements.text.encode()).hexdigest()
    return (
        f"{_MARK}{requirements.path.name} for {target}, found by lanes. Commit this file.\n"
        f"# It is made anew when {requirements.path.name} is another than sha256:{digest}\n"
    )


def read_own_lock(requirements: Requirements) -> str:
    """Return the text of the lock beside *requirements*, which is there and is to be made anew.

    Raises:
        Unsolvable: Somebody else wrote that file.
    """
    text = requirements.lock.read_text(encoding="utf-8")
    if not text.startswith(_MARK):
        raise Unsolvable(f"{requirements.lock.name} is not of lanes, which would write it", "rename it")
    return text


def fitting_lock(requirements: Requirements, target: Target) -> str:
    """Return the text of the lock beside *requirements* if it is of the same requirements and *target*; else ""."""
    there = requirements.locks and requirements.lock.is_file()
    text = requirements.lock.read_text(encoding="utf-8") if there else ""
    return text if text.startswith(lock_header(requirements, target)) else ""


def plain(lines: Iterable[Line]) -> str:
    """Return *lines* as a file with nothing else in it."""
    return "".join(f"{line.text}\n" for line in lines)


def plain_lock(text: str, name: str) -> str:
    """Return the versions and hashes in the *text* of the lock called *name*, and nothing else.

    Raises:
        Unsolvable: Something else is in it.
    """
    problems = Problems()
    lines = read_lines(text, name, problems)
    wrong = [f"line {each.line}: {each.what}" for each in problems.found]
    wrong += [f"line {each.number}: no version with its hashes" for each in lines if not _whole(each)]
    if wrong:
        raise Unsolvable(f"{name} is not as lanes wrote it: {wrong[0]}", "delete it, and it is made anew")
    return plain(lines)


def _whole(line: Line) -> bool:
    """Whether a *line* of a lock names one version and the hashes of its files."""
    return _pin(line.needs) is not None and "--hash=" in line.text


def _pin(needs: Requirement) -> tuple[str, str] | None:
    specifiers = list(needs.specifier)
    if len(specifiers) == 1 and specifiers[0].operator == "==" and not specifiers[0].version.endswith("*"):
        return canonicalize_name(needs.name), specifiers[0].version
    return None
