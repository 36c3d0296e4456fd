"""A lane with a bucket, a table and logs on an embedded cloud of the test's own process, and stores for its archive."""

import time

import pytest

from shared.archive.stores import BucketStore, FolderStore
from shared.archive.subject import Subject
from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.deploy.apply import apply
from shared.deploy.plan import plan_changes
from shared.deploy.resources import wanted_resources
from shared.deploy.sources import read_sources
from shared.deploy.watch import Watch
from shared.local.corrections.corrected import moto_corrected
from shared.local.server import MotoServer
from tests.helpers.in_process import go_straight
from tests.helpers.small_project import SmallProject

CARD = """
description: Counts words.
functions:
  count: {handler: count.handler}
tables:
  words: {key: word}
"""
MACHINE = """{"StartAt": "Count", "States": {"Count": {
  "Type": "Task", "Resource": "${count}", "End": true}}}"""


@pytest.fixture(scope="module")
def server():
    with moto_corrected(), MotoServer() as server:
        server.start()
        yield server


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    small = SmallProject(root)
    small.write("teams/team9/words/workflow.asl.json", MACHINE)
    small.write("teams/team9/words/workflow.yaml", CARD)
    small.write("teams/team9/words/count.py", "def handler(event, context):\n    return event\n")
    return load_project(root)


@pytest.fixture
def aws(server, project):
    from moto.core.base_backend import BackendDict

    BackendDict.reset()
    key = AccessKey("id", "secret")
    return go_straight(connect_endpoint(project.place, server.endpoint, key), server.application)


@pytest.fixture
def subject(project, aws):
    """The lane, made but for its code, with two objects, two items and a line of a log."""
    lane = project.lane("team9")
    apply(plan_changes(lane, wanted_resources(read_sources(lane)), aws), aws, Watch(sleep=lambda _: None))
    aws.s3.put_object(Bucket=lane.bucket, Key="results/a.txt", Body=b"one", ContentType="text/plain")
    aws.s3.put_object(Bucket=lane.bucket, Key="results/a.txt/b", Body=b"two", Metadata={"who": "ann"})
    (table,) = lane.tables
    for word in ("star", "moon"):
        item = {"word": {"S": word}, "seen": {"N": "7"}, "raw": {"B": b"\xff"}}
        aws.client("dynamodb").put_item(TableName=table.name, Item=item)
    group = next(iter(lane.functions.values())).log_group
    aws.logs.create_log_stream(logGroupName=group, logStreamName="2026/12/01/[$LATEST]one")
    log(aws, lane, 1, "START\x1b[31m")
    return Subject(project, lane, aws)


def log(aws, lane, at, message):
    group = next(iter(lane.functions.values())).log_group
    stream = {"logGroupName": group, "logStreamName": "2026/12/01/[$LATEST]one"}
    now = int(time.time() * 1000)  # CloudWatch takes nothing that is older than the group keeps
    aws.logs.put_log_events(**stream, logEvents=[{"timestamp": now + at, "message": message}])


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path, aws):
    """Somewhere to archive to: each kind there is."""
    if request.param == "folder":
        return FolderStore(tmp_path / "archive")
    aws.s3.create_bucket(Bucket="course-archive")
    return BucketStore(aws, "course-archive", "2026/team9")
