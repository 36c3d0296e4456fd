"""Reads a project: naming.yaml, shared/settings.yaml, the workflow cards and teams/*.yaml, into frozen lanes.

Everything is read and checked each time, also for a command about one team, because a team's names must differ from
all others'. Fifty teams take well under a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.cards import read_cards
from shared.config.check import check_slugs, check_starts, check_team, check_together, check_users, chosen
from shared.config.check_chains import check_chains
from shared.config.naming_file import FILE as NAMING_FILE
from shared.config.naming_file import read_naming
from shared.config.problems import ConfigError, Problems
from shared.config.resolve import Resolved, resolve
from shared.config.runtimes import MACHINE
from shared.config.settings import Settings, read_settings
from shared.config.team import FOLDER, Team, read_teams, team_slugs
from shared.config.worlds import check_worlds
from shared.errors import LanesError, unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from shared.config.cards import Card, Cards
    from shared.config.lane import Lane, Place
    from shared.config.naming import Name, Naming
    from shared.config.problems import Problem


@dataclass(frozen=True, slots=True)
class Project:
    """Everything the project's files say, checked.

    ``cards`` are those of all workflows, also of teams' own. ``names`` holds each team's names with their kinds and
    components, in the order of the file.
    """

    root: Path
    settings: Settings
    naming: Naming
    cards: Cards
    teams: Mapping[str, Lane]
    names: Mapping[str, tuple[Name, ...]]

    @property
    def place(self) -> Place:
        """Where all lanes lie."""
        return self.settings.place

    @property
    def runtime(self) -> str:
        """What Lambda runs functions on."""
        return self.settings.defaults.runtime or MACHINE

    def card(self, team: str, workflow: str) -> Card:
        """Return the card of a workflow that *team* has, by its key in the team's lane."""
        owner = self.teams[team].workflows[workflow].owner
        cards = self.cards.of(team).values()
        return next(card for card in cards if card and (card.key, card.owner) == (workflow, owner))

    def lane(self, team: str) -> Lane:
        """Return the lane of *team*.

        Raises:
            UsageError: There is no such team; lists those there are.
        """
        if team not in self.teams:
            raise unknown("team", team, list(self.teams))
        return self.teams[team]


def find_root(start: Path) -> Path:
    """Return the project's folder: *start* or the nearest one above it that holds naming.yaml.

    Raises:
        LanesError: There is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / NAMING_FILE).is_file():
            return folder
    raise LanesError(
        f"no project here: neither {start} nor a folder above it holds {NAMING_FILE}",
        fix="cd into the project's folder",
    )


def load_project(root: Path, teams: Collection[str] = ()) -> Project:
    """Read and check all files of the project at *root*, but for what Step Functions would say of its templates.

    Args:
        root: The project's folder.
        teams: Whom it is about; all teams when there are none. What is wrong in the folders of other teams' own
            workflows is left out, unless these teams run them.

    Raises:
        ConfigError: Lists every problem of every file, with its line.
    """
    problems = Problems()
    return concluded(read_project(root, problems), problems, teams)


def concluded(project: Project | None, problems: Problems, teams: Collection[str]) -> Project:
    """Return *project*, as it was read with these *problems*, for :func:`load_project`'s *teams*.

    Raises:
        ConfigError: There is a problem that concerns these teams.
    """
    lanes = [lane for team, lane in project.teams.items() if team in teams] if project else []
    borrowed = ((each.owner, each.key) for lane in lanes for each in lane.workflows.values() if each.owner)
    folders = {*(f"{FOLDER}/{team}" for team in teams), *(f"{FOLDER}/{owner}/{key}" for owner, key in borrowed)}
    found = [each for each in problems.found if not teams or _concerns(each, teams, folders)]
    if found or not project:  # without a project there are problems of what all teams share
        raise ConfigError(found)
    return project


def _concerns(problem: Problem, teams: Collection[str], folders: Collection[str]) -> bool:
    """Whether *problem* is one of these *teams*, who run the own workflows in these *folders*.

    What stands in no team's folder concerns all, for any name could be meant; but not what another team's file says of
    the workflows that it runs: that can become wrong by an edit of whoever shares them.
    """
    file = problem.file
    folder, _, rest = file.partition("/")
    if folder != FOLDER:
        return True
    if file.endswith((".yaml", ".yml")) and "/" not in rest:
        return not problem.path.startswith("workflows.") or rest.rpartition(".")[0] in teams
    return any(file == each or file.startswith(f"{each}/") for each in folders)


def read_project(root: Path, problems: Problems) -> Project | None:
    """Read and check all files of the project at *root*; what is wrong goes to *problems*.

    Returns:
        What can be read, for checks that tell more of the problems; None where nothing can be resolved.
    """
    naming = read_naming(root, problems)
    settings = read_settings(root, team_slugs(root), problems)
    cards = read_cards(root, settings, problems)
    teams = read_teams(root, problems)
    parameters = [check_team(team, cards.of(team.file.team), naming, settings) for team in teams]
    for team in teams:
        check_starts(team, cards)
        broken = [card for card in cards.broken if card.owner == team.file.team]
        runs = (*chosen(team, cards.of(team.file.team)), *broken)
        check_chains(team.file.team, {card.key: card for card in runs})
    check_slugs(teams)
    slugs = team_slugs(root)
    for team in teams:
        check_users(team, slugs)
    if not naming or not settings:  # there is a problem then
        return None
    resolved: list[tuple[Team, Resolved]] = []
    for team, values in zip(teams, parameters, strict=True):
        own = chosen(team, cards.of(team.file.team))
        resolved.append((team, resolve(team, values, own, settings, naming)))
        check_worlds(team, resolved[-1][1].lane, own)
    check_together(resolved, naming, settings.limits)
    return Project(
        root=root,
        settings=settings,
        naming=naming,
        cards=cards,
        teams={team.file.team: found.lane for team, found in resolved},
        names={team.file.team: tuple(name for name, _ in found.names) for team, found in resolved},
    )
