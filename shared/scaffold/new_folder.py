"""A workflow's folder that is to be written, and how it gets to the disk: whole or not at all."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.config.cards import CARD
from shared.config.cards import FOLDER as SHARED
from shared.config.check_card import KEY
from shared.config.team import FOLDER
from shared.errors import LanesError, UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.config.load import Project
    from shared.values import Json

SCHEMA = "# yaml-language-server: $schema=../../../shared/config/card.schema.json\n"
"""The first line of a card, by which an editor knows what a card may say."""


@dataclass(frozen=True, slots=True)
class NewFolder:
    """What is to be written for a new workflow.

    Attributes:
        team: Whose it is.
        key: The workflow's key, and the folder's name.
        files: The text of each file, by its path in the folder.
        notes: What its owner should look at, a line each.
        answers: What its test has answered where a state calls no function of the folder, by the states' names.
    """

    team: str
    key: str
    files: Mapping[str, str]
    notes: tuple[str, ...] = ()
    answers: Mapping[str, Json] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The folder, relative to the project."""
        return f"{FOLDER}/{self.team}/{self.key}"


def check_new(project: Project, team: str, key: str) -> None:
    """Refuse a new workflow that cannot be.

    Raises:
        UsageError: There is no such team, or the key is not one.
        LanesError: There is a workflow of that name already.
    """
    if team not in project.teams:
        error = unknown("team", team, list(project.teams))
        raise UsageError(error.what, fix=f"lanes team new {team}; {error.fix}")
    if not re.fullmatch(KEY, key):
        raise UsageError(f"the workflow's name {key!r} does not match {KEY}", fix="write words with hyphens")
    if key in project.cards.shared:
        where = f"{SHARED}/{key}{CARD}"
        raise LanesError(f"{key!r} is a workflow that all teams share", where=where, fix="choose another name")
    folder = project.root / FOLDER / team / key
    if folder.exists() or folder.is_symlink():
        where = folder.relative_to(project.root).as_posix()
        raise LanesError("it is there already, and was not changed", where=where, fix="choose another name")


def write(root: Path, new: NewFolder) -> None:
    """Write the files of *new* below the project at *root*. The folder appears when all of them are there.

    Raises:
        OSError: The disk refuses. What was written is taken away again.
    """
    folder = root / new.path
    beside = folder.with_name(f"_{new.key}.new")  # a name that begins with _ is no workflow's
    try:
        for name, text in new.files.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        beside.rename(folder)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def take_away(root: Path, new: NewFolder) -> None:
    """Remove the folder of *new* again, which turned out wrong; the team's folder goes too when nothing is left."""
    folder = root / new.path
    shutil.rmtree(folder)
    if not any(folder.parent.iterdir()):
        folder.parent.rmdir()
