"""Writes the files of new teams: all of them, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.load import load_project
from shared.config.problems import ConfigError
from shared.config.team import FOLDER
from shared.disks import replace_text
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def write_teams(root: Path, files: Mapping[str, str]) -> None:
    """Write a file for each team, its slug -> its text, below *root*; they stay if all files together are right.

    Raises:
        ConfigError: They are not: a name that another team has, too much concurrency, ... No file is left.
        LanesError: A file is there already, and was not changed; no other is left.
    """
    paths = {root / FOLDER / f"{slug}.yaml": text for slug, text in files.items()}
    if there := [path.name for path in paths if path.exists()]:
        what = f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already, and nothing was written"
        raise LanesError(what, where=FOLDER)
    written: list[Path] = []
    try:
        for path, text in paths.items():
            written.append(path)
            replace_text(path, text)
        load_project(root)
    except ConfigError as error:
        mine = {f"{FOLDER}/{path.name}" for path in paths}
        if found := [each for each in error.problems if each.file in mine]:
            _remove(written)
            raise ConfigError(found) from error  # what is wrong with others' files was so before
    except BaseException:
        _remove(written)
        raise


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.new").unlink(missing_ok=True)
