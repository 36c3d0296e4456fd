"""What the tab key offers: teams, their workflows, and the parameters of a workflow's card.

It runs at each press of the key. So it looks at files' names, and reads one file with a plain YAML loader: nothing is
checked, and what cannot be read offers nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def complete_team(incomplete: str) -> list[str]:
    """Return the teams of the project here whose slugs begin with *incomplete*."""
    return _beginning(incomplete, teams_here())


def complete_words(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return what may stand next in ``TEAM WORKFLOW``, of which the command has some words already."""
    words = [word for word in ctx.params.get("words") or () if not word.startswith("-")]
    if not words:
        return complete_team(incomplete)
    return _beginning(incomplete, workflows_here(words[0])) if len(words) == 1 else []


def complete_parameter(words: Sequence[str], incomplete: str) -> list[str]:
    """Return the options of the workflow that *words* name, ``TEAM WORKFLOW``, which begin with *incomplete*."""
    team, workflow, *_ = (*words, "", "")
    return _beginning(incomplete, parameters_here(team, workflow)) if workflow else []


def teams_here() -> list[str]:
    """Return the slugs of the teams that have a file."""
    root = _root()
    return sorted(path.stem for path in (root / "teams").glob("*.yaml")) if root else []


def workflows_here(team: str) -> list[str]:
    """Return the workflows of *team*: those that its file names, and those that have a folder."""
    root = _root()
    if root is None:
        return []
    named = _mapping(_mapping(_read(root / "teams" / f"{team}.yaml")).get("workflows"))
    own = (path.parent.name for path in (root / "teams" / team).glob("*/workflow.yaml"))
    return sorted({*(str(key).rpartition("/")[2] for key in named), *own})


def parameters_here(team: str, workflow: str) -> list[str]:
    """Return the options of a workflow of *team*, by its card."""
    root = _root()
    if root is None:
        return []
    places = (root / "teams" / team / workflow / "workflow.yaml", root / "statemachines" / f"{workflow}.yaml")
    card = next((path for path in places if path.is_file()), None)
    names = _mapping(_mapping(_read(card)).get("parameters")) if card else {}
    return [f"--{str(name).replace('_', '-')}" for name in names]


def _root() -> Path | None:
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "naming.yaml").is_file()), None)


def _read(path: Path) -> object:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _mapping(value: object) -> dict[object, object]:
    return value if isinstance(value, dict) else {}


def _beginning(incomplete: str, known: Iterable[str]) -> list[str]:
    return [each for each in known if each.startswith(incomplete)]
