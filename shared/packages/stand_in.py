"""Names in the place of libraries: a zip for the embedded cloud holds them where one for AWS has the wheels.

To fetch and upload 48 MB of wheels would take ten times as long as the rehearsal itself. The names keep the rehearsal
true. The embedded cloud lets a function import the libraries that its requirements name, and what those need, as far as
they are installed here. Any other import fails, as it would on AWS.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAND_IN = "libraries-of-this-machine.txt"
"""The file in the zip: a distribution's name in each line."""


def library_names(requirements: Path) -> list[str]:
    """Return the distributions that pip would put into the zip for *requirements*, as far as they are installed here.

    Raises:
        LanesError: A line is no requirement.
    """
    found: dict[str, None] = {}
    waiting = [(each, frozenset({""})) for each in _lines(requirements)]
    while waiting:
        requirement, extras = waiting.pop(0)
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = canonicalize_name(requirement.name)
        if name in found and not requirement.extras:
            continue
        found[name] = None
        wanted = frozenset({"", *requirement.extras})
        waiting += [(Requirement(line), wanted) for line in _needs(name)]
    return sorted(found)


def _lines(requirements: Path) -> Iterator[Requirement]:
    text = requirements.read_text(encoding="utf-8").replace("\\\n", " ") if requirements.is_file() else ""
    for number, line in enumerate(text.splitlines(), 1):
        told = line.partition(" #")[0].partition(" --hash")[0].strip()
        if not told or told.startswith("#"):
            continue
        try:
            yield Requirement(told)
        except InvalidRequirement as error:
            raise LanesError(
                f"this is no requirement that a rehearsal can read: {told!r}",
                where=f"{requirements}:{number}",
                fix="write NAME==VERSION, or add --packaged: then pip reads it",
            ) from error


def _needs(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
