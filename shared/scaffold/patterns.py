"""The patterns that a new workflow can be like. Each is a whole folder that runs, in ``like/<pattern>/``.

The files are as they get written, but for two words: ``__TEAM__`` and ``__NAME__`` become the team and the workflow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from shared.scaffold.new_folder import NewFolder

Pattern = Literal["one-step", "map-reduce", "fmi", "choice"]
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
_FOLDER = Path(__file__).with_name("like")


def new_like(pattern: Pattern, team: str, key: str) -> NewFolder:
    """Return the folder of a workflow called *key* that is like *pattern*."""
    home = _FOLDER / pattern
    paths = sorted(path for path in home.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return NewFolder(team, key, {path.relative_to(home).as_posix(): _filled(path, team, key) for path in paths})


def _filled(path: Path, team: str, key: str) -> str:
    return path.read_text(encoding="utf-8").replace("__TEAM__", team).replace("__NAME__", key)
