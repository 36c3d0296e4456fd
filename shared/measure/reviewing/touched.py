"""Whose lanes a change of files may change. It is pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.team import FOLDER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_EVERYBODYS = ("naming.yaml", "shared/", "statemachines/", "chalice_app/", "requirements/", "pyproject.toml")
"""What lanes are made of that is no team's: a path of it touches all teams."""
_NOT_LANES = ("statemachines/tests/", "statemachines/samples/")


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom a change touches.

    Attributes:
        teams: Each team that is there now, by name, and the first path that touches it.
        gone: Teams that a path speaks of and that are not there any more.
    """

    teams: Mapping[str, str]
    gone: tuple[str, ...]


def touched(paths: Iterable[str], teams: Collection[str], lent: Mapping[str, Collection[str]]) -> Touched:
    """Return whom *paths* touch.

    Args:
        paths: What changed, from the project's root.
        teams: The slugs of the teams that there are.
        lent: The teams that run a workflow of another team's, by its folder: ``teams/words/count``.
    """
    found: dict[str, str] = {}
    gone: dict[str, None] = {}
    for path in sorted(paths):
        if path.startswith(_EVERYBODYS) and not path.startswith(_NOT_LANES):
            for team in teams:
                found.setdefault(team, path)
            continue
        team = _team_of(path)
        if team in teams:
            found.setdefault(team, path)
        elif team:
            gone[team] = None
        for folder, borrowers in lent.items():
            if path.startswith(f"{folder}/"):
                for borrower in borrowers:
                    found.setdefault(borrower, path)
    return Touched(dict(sorted(found.items())), tuple(gone))


def _team_of(path: str) -> str:
    """Return the team whose file or folder *path* is, or lies in; "" for none."""
    first, _, rest = path.partition("/")
    if first != FOLDER or not rest:
        return ""
    name, _, inside = rest.partition("/")
    return name if inside else name.removesuffix(".yaml") if name.endswith(".yaml") else ""
