"""A project of a test's own: the real naming rules and settings, one small workflow, and whatever the test writes."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.config.load import load_project
from shared.config.problems import ConfigError

REPOSITORY = Path(__file__).parents[3]

CARD = """\
description: Counts stars.
functions:
  count:
    handler: shared.handlers.stars.count.handler
    memorySize: 256
    environment: {SKY: north}
  add-up:
    handler: shared.handlers.stars.add_up.handler
parameters:
  world_size: {type: integer, default: 4, minimum: 1, maximum: 100, description: Ranks.}
  threshold: {type: number, default: 0.5, minimum: 0, maximum: 1, description: Least brightness.}
  prefix: {type: string, default: sky, minimum: 1, description: Where the images lie.}
  band: {type: string, default: r, choices: [u, g, r], description: Filter.}
  deep: {type: boolean, default: false, description: Long exposures.}
  limit: {type: integer, default: null, minimum: 1, description: At most so many images.}
"""
TEMPLATE = """\
{
  "StartAt": "Count",
  "States": {
    "Count": {
      "Type": "Task",
      "Resource": "${count}",
      "Parameters": {
        "ranks": "${world_size}",
        "deep": "${deep}",
        "limit": "${limit}",
        "where": "s3://${bucket}/${prefix}?n=${world_size}&deep=${deep}",
        "self": ["${state_machine}", "${add-up}"]
      },
      "End": true
    }
  }
}
"""


@dataclass
class Files:
    """A project's folder that a test writes into."""

    root: Path

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def edit(self, path, old, new):
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text
        self.write(path, text.replace(old, new))

    def team(self, slug, text=""):
        self.write(f"teams/{slug}.yaml", f"team: {slug}\nowner: {slug}@example.edu\n{text}")

    def load(self):
        return load_project(self.root)

    def problems(self):
        """Return what is wrong, one line for each problem."""
        with pytest.raises(ConfigError) as caught:
            self.load()
        return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def files(tmp_path):
    shutil.copy(REPOSITORY / "naming.yaml", tmp_path)
    found = Files(tmp_path)
    found.write("shared/settings.yaml", (REPOSITORY / "shared/settings.yaml").read_text(encoding="utf-8"))
    found.write("statemachines/stars.yaml", CARD)
    found.write("statemachines/stars.asl.json", TEMPLATE)
    for module in ("count", "add_up"):
        found.write(f"shared/handlers/stars/{module}.py", "def handler(event, context):\n    return event\n")
    return found


@pytest.fixture(scope="session")
def repository():
    return REPOSITORY
