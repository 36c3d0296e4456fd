"""A small project with workflows that call no function, deployed by whoever runs them, in a cloud in this process."""

import json

import pytest

from shared.config.load import load_project
from tests.helpers.console import cloud_here, console_client, desk_of
from tests.helpers.small_project import SmallProject

PASSES = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})
READS = json.dumps(
    {
        "StartAt": "Read",
        "States": {
            "Read": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:headObject",
                "Parameters": {"Bucket": "${bucket}", "Key.$": "$.key"},
                "ResultPath": None,
                "End": True,
            }
        },
    }
)
WAITS = json.dumps(
    {
        "StartAt": "Long",
        "States": {"Long": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Done"}, "Done": {"Type": "Succeed"}},
    }
)
CARDS = {
    "wait": (
        "parameters:\n  seconds: {type: integer, default: 3600, minimum: 0, maximum: 86400, description: How long.}\n",
        WAITS,
    ),
    "read": ("parameters:\n  key: {type: string, default: nothing, minimum: 1, description: What it reads.}\n", READS),
    "any": ("", PASSES),
    "quick": ("type: express\nparameters:\n  word: {type: string, default: a, description: A word.}\n", PASSES),
    "program": (
        """
parameters:
  script: {type: string, default: null, minimum: 1, upload: scripts, description: The program.}
  size: {type: integer, default: 4, minimum: 1, maximum: 10, description: How many.}
  map: {type: object, default: {}, description: A map.}
  fast: {type: boolean, default: false, description: Or not.}
""",
        PASSES,
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project, of team9."""
    small = SmallProject(tmp_path_factory.mktemp("project"))
    for key, (card, template) in CARDS.items():
        uses = "uses: {bucket: read}\n" if key == "read" else ""
        small.write(f"teams/team9/{key}/workflow.yaml", f"description: It is {key}.\n{uses}{card}")
        small.write(f"teams/team9/{key}/workflow.asl.json", template)
    return load_project(small.root)


@pytest.fixture(scope="module")
def cloud(project, tmp_path_factory):
    """Clients of a cloud in this process."""
    with cloud_here(project, tmp_path_factory.mktemp("cloud")) as aws:
        yield aws


@pytest.fixture
def desk(project, cloud):
    """A desk over both."""
    desk = desk_of(project, cloud)
    yield desk
    desk.launches.close()
    desk.readings.close()


@pytest.fixture
def console(desk):
    """A browser that has come in."""
    client = console_client(desk)
    yield client
    assert client.told == []
