"""A project's files as far as they are right: what can be shown of it, and every problem by the team it is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.problems import Problems
from shared.config.team import FOLDER, team_slugs
from shared.run.valid_project import read_valid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.config.load import Project
    from shared.config.problems import Problem

_OF_ALL = ""


@dataclass(frozen=True, slots=True)
class CheckedFiles:
    """What the files say, and what is wrong with them.

    Attributes:
        project: What can be read; None where naming.yaml or the settings are wrong.
        teams: The slugs of all teams that have a file, also of those whose files are wrong.
        problems: What is wrong, by team; under "" what concerns all.
    """

    project: Project | None
    teams: tuple[str, ...]
    problems: Mapping[str, tuple[Problem, ...]]

    @property
    def shared(self) -> tuple[Problem, ...]:
        """What is wrong with the files that all teams share."""
        return self.problems.get(_OF_ALL, ())


def check_files(root: Path) -> CheckedFiles:
    """Read and check all files of the project at *root*, templates too, as ``lanes validate`` does."""
    problems = Problems()
    project = read_valid(root, problems)
    found: dict[str, list[Problem]] = {}
    for problem in sorted(set(problems.found), key=lambda each: (each.file, each.line, each.what)):
        found.setdefault(_team_of(problem), []).append(problem)
    lanes = project.teams if project else ()
    teams = {*team_slugs(root), *lanes, *found} - {_OF_ALL}
    return CheckedFiles(project, tuple(sorted(teams)), {team: tuple(each) for team, each in found.items()})


def _team_of(problem: Problem) -> str:
    """Return the team whose file or folder *problem* is in; "" for what all share."""
    folder, _, rest = problem.file.partition("/")
    if folder != FOLDER:
        return _OF_ALL
    return rest.partition("/")[0].removesuffix(".yaml").removesuffix(".yml")
