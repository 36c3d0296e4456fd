"""The folders of teams' own workflows, ``teams/<team>/<workflow>/``: where they are, and what may not be in them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.problems import Problem
from shared.config.team import FOLDER
from shared.config.template import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.problems import Problems

CARD_NAME = "workflow.yaml"
TEMPLATE_STEM = "workflow"
_TAKEN = ("shared",)  # a module of this name would hide the project's own in the zip


@dataclass(frozen=True, slots=True)
class WorkflowFolder:
    """A folder of a team's own workflow. ``path`` is relative to the project."""

    team: str
    key: str
    path: str


def find_folders(root: Path, problems: Problems) -> Iterator[WorkflowFolder]:
    """Yield the workflow folders of the project; what is no such folder goes to *problems*."""
    for team in _folders(root / FOLDER):
        if not (root / FOLDER / f"{team.name}.yaml").is_file():
            what = f"there is no team {team.name}"
            fix = f"lanes team new {team.name}, or give the folder a team's name"
            problems.add(Problem(f"{FOLDER}/{team.name}", 1, what, fix))
        if team.is_symlink():
            problems.add(Problem(f"{FOLDER}/{team.name}", 1, "the folder is a link", "move the folder here"))
        for folder in _folders(team):
            path = f"{FOLDER}/{team.name}/{folder.name}"
            if any((folder / name).exists() for name in (CARD_NAME, *(TEMPLATE_STEM + each for each in TEMPLATES))):
                yield WorkflowFolder(team.name, folder.name, path)
            else:
                what = f"this is no workflow: it has neither {CARD_NAME} nor {TEMPLATE_STEM}{TEMPLATES[0]}"
                fix = f"lanes workflow new {team.name} {folder.name}; a name that begins with _ is left alone"
                problems.add(Problem(path, 1, what, fix))


def check_folder(root: Path, found: WorkflowFolder, problems: Problems) -> None:
    """Report links that lead out of the folder, and files that would hide the project's own or Python's."""
    folder = root / found.path
    inside = folder.resolve()
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                what = f"a link that leads out of the folder, to {path.readlink()}"
                fix = "copy what it leads to: a workflow is one folder, and others' files change without its plan"
                problems.add(Problem(path.relative_to(root).as_posix(), 1, what, fix))
    if folder.is_symlink():
        problems.add(Problem(found.path, 1, "the folder is a link", "move the folder here"))
    for name in _TAKEN:
        for path in (folder / name, folder / f"{name}.py"):
            if path.exists():
                what = f"{name} is what the project's own code is called in the zip"
                problems.add(Problem(path.relative_to(root).as_posix(), 1, what, "rename it"))
    for path in sorted([*folder.glob("*.py"), *folder.glob("*/__init__.py")]):
        module = path if path.parent == folder else path.parent
        if module.stem in sys.stdlib_module_names:
            what = f"{module.stem} is a module of Python's own, and Lambda's runtime would find one of them only"
            problems.add(Problem(path.relative_to(root).as_posix(), 1, what, "rename it"))


def _folders(parent: Path) -> list[Path]:
    """Return the folders in *parent* that may be a team's or a workflow's, by name."""
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
