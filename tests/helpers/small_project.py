"""A small project with one team and no shared workflow, for tests of what users' own tests do."""

import shutil
from pathlib import Path

from tests.helpers.project import REPOSITORY


class SmallProject:
    """A project in *root* with the team ``team9``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(REPOSITORY / "naming.yaml", root)
        self.write("shared/settings.yaml", (REPOSITORY / "shared/settings.yaml").read_text())
        self.write("pytest.ini", "[pytest]\naddopts = --import-mode=importlib\npythonpath = .\n")
        self.write("teams/team9.yaml", "team: team9\nowner: a@example.edu\nsuffix: 0badcafe\nnames: {bucket: work}\n")
        (root / "statemachines").mkdir()

    def write(self, path, text):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
