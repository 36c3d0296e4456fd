"""CODEOWNERS: a team's file and folder belong to the team, all else in the repository to the platform.

The file of a prepaid team is the platform's: it says what the team may spend. GitHub reads CODEOWNERS from the branch
that a pull request goes to, so taking the sum away needs the platform's review as well.

GitHub asks the owners of what a pull request touches for their review. The last line that fits a path decides. Source:
GitHub Docs, "About code owners" (read 2026-11-30).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.config.field_types import CODE_OWNER
from shared.config.problems import Problem
from shared.config.settings import FILE as SETTINGS
from shared.config.team import FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.config.lane import Lane
    from shared.config.load import Project

FILE = ".github/CODEOWNERS"
_HEAD = "# Made by lanes codeowners, of the teams' files and shared/settings.yaml; make check fails when it is stale."


def codeowners(project: Project) -> str:
    """Return the file's text: the platform's line, then each team's, by name."""
    lines: list[tuple[str, Sequence[str]]] = [("*", project.settings.platform)]
    for team, lane in sorted(project.teams.items()):
        owners = owners_of(lane)
        lines.append((f"/{FOLDER}/{team}.yaml", project.settings.platform if lane.prepaid else owners))
        if (project.root / FOLDER / team).is_dir():
            lines.append((f"/{FOLDER}/{team}/", owners))
    width = max(len(path) for path, _ in lines)
    return "\n".join([_HEAD, *(f"{path.ljust(width)} {' '.join(owners)}".rstrip() for path, owners in lines), ""])


def owners_of(lane: Lane) -> Sequence[str]:
    """Return who owns the team's folder, and its file unless it is prepaid: its members, else its owner."""
    return lane.members or (lane.owner,)


def check_owners(project: Project) -> list[Problem]:
    """Return what is missing: somebody for what is no team's, and for each team's own."""
    fix = "add members: GitHub's @name or @organisation/team, or addresses"
    problems = [
        Problem(f"{FOLDER}/{team}.yaml", 1, f"the owner {lane.owner!r} is no address, and nobody else is named", fix)
        for team, lane in project.teams.items()
        if not all(re.fullmatch(CODE_OWNER, each) for each in owners_of(lane))
    ]
    if not project.settings.platform:
        fix = 'add platform: ["@organisation/team"], or addresses'
        problems.append(Problem(SETTINGS, 1, "it names nobody who owns what is no team's", fix))
    return problems
