"""One embedded cloud for all workflow tests, kept by a real ``lanes up``, and the real command line against it."""

import os
import re
from functools import partial
from pathlib import Path

import pytest

from shared.config.load import load_project
from tests.workflows.projects import kept_cloud, leave_one_workflow


@pytest.fixture(scope="session")
def root(tmp_path_factory, copy_project):
    return copy_project(tmp_path_factory.mktemp("workflows") / "project")


CARD = """\
description: Two ranks that count to five, slowly.
functions:
  work: {handler: shared.handlers.probe.work.handler, memorySize: 1024, timeout: 60}
parameters:
  seconds: {type: number, default: 0, minimum: 0, description: How long each record takes.}
  fill: {type: boolean, default: false, description: Fill /tmp before a download.}
"""
TEMPLATE = {
    "StartAt": "Two",
    "States": {
        "Two": {"Type": "Pass", "Result": [0, 1], "ResultPath": "$.ranks", "Next": "Ranks"},
        "Ranks": {
            "Type": "Map",
            "ItemsPath": "$.ranks",
            "ItemSelector": {"run_id.$": "$$.Execution.Name", "rank.$": "$$.Map.Item.Value", "in.$": "$"},
            "ItemProcessor": {
                "StartAt": "Work",
                "States": {"Work": {"Type": "Task", "Resource": "${work}", "End": True}},
            },
            "End": True,
        },
    },
}
HANDLER = """\
import json, os, time
from pathlib import Path
from shared.handlers.s3 import Bucket

def handler(event, context):
    if event["in"]["fill"]:
        free = os.statvfs("/tmp")
        with open("/tmp/filler", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
        Bucket(os.environ["BUCKET"], os.environ["ACCOUNT"]).download("data/large", Path("/tmp/large"))
    for done in range(6):
        print(json.dumps({"progress": {"run_id": event["run_id"], "rank": event["rank"], "done": done, "of": 5}}))
        time.sleep(event["in"]["seconds"])
    return {"rank": event["rank"]}
"""


@pytest.fixture
def probe(tmp_path, copy_project):
    """A project of its own with one more workflow: a card, a template, a handler and a team's file, nothing else."""
    root = copy_project(tmp_path / "project")
    return leave_one_workflow(root, "probe", card=CARD, template=TEMPLATE, handler=HANDLER, team="prober")


@pytest.fixture(scope="session")
def project(root):
    return load_project(root)


@pytest.fixture(scope="session")
def aws(root):
    """Clients of the cloud."""
    with kept_cloud(root) as kept:
        yield kept.aws


@pytest.fixture
def lanes(aws, root, lanes_in):
    """Run a command in the project's folder, whose cloud is there."""
    return partial(lanes_in, root)


@pytest.fixture(scope="session")
def processes_of():
    """Return a function that finds the processes working for the project in a folder (not this one)."""

    def find(folder: Path) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if not re.fullmatch(r"\d+", entry.name) or int(entry.name) == os.getpid():
                continue
            try:
                told = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if str(folder).encode() in told and not zombie:
                found.append(int(entry.name))
        return found

    return find
