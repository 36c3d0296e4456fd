"""Functions that reach for what their roles do not name: refused on the embedded cloud as on AWS, with the way out."""

import json
import os
import subprocess
import sys

import pytest

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.local import daemon
from shared.local.state import STATE_DIR, State

pytestmark = pytest.mark.workflow

CARD = """\
description: One function that reaches for something.
functions:
  reach: {handler: shared.handlers.reaching.reach.handler, memorySize: 256, timeout: 60}
parameters:
  what: {type: string, default: nothing, description: What it reaches for.}
tables:
  totals: {key: word}
"""
TEMPLATE = {
    "StartAt": "Reach",
    "States": {
        "Reach": {
            "Type": "Task",
            "Resource": "${reach}",
            "Parameters": {"what.$": "$.what", "own": "${totals}"},
            "End": True,
        }
    },
}
# What another team has is named by the embedded cloud's own account: nobody hands it to the function.
HANDLER = """\
import os, boto3

def handler(event, context):
    theirs = os.environ["BUCKET"].replace("reacher-", "team2-")
    reach = {
        "nothing": lambda: "done",
        "own bucket": lambda: boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="k", Body=b"x")["ETag"],
        "their bucket": lambda: boto3.client("s3").put_object(Bucket=theirs, Key="forged", Body=b"x"),
        "their list": lambda: boto3.client("s3").list_objects_v2(Bucket=theirs),
        "their secret": lambda: boto3.client("secretsmanager").get_secret_value(SecretId="team2/rendezvous-key"),
        "roles": lambda: boto3.client("iam").list_roles(),
        "table": lambda: boto3.resource("dynamodb").Table(event["own"]).put_item(Item={"word": "a"}),
    }
    return reach[event["what"]]()
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory, copy_project):
    """A project whose one team has the workflow that reaches for things."""
    root = copy_project(tmp_path_factory.mktemp("reaching") / "project")
    for team in (root / "teams").iterdir():
        team.unlink()
    files = {
        "statemachines/reaching.yaml": CARD,
        "statemachines/reaching.asl.json": json.dumps(TEMPLATE),
        "shared/handlers/reaching/__init__.py": "",
        "shared/handlers/reaching/reach.py": HANDLER,
        "teams/reacher.yaml": "team: reacher\nowner: reacher@example.edu\nworkflows: {reaching: {}}\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(scope="module")
def run(root):
    """Run ``lanes`` in the project, against a cloud of its own."""
    state = State(root / STATE_DIR)
    daemon.up(state, daemon.Settings(load_project(root).place, 0))
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "400", "PYTHONPATH": str(root)}

    def lanes(*words):
        command = [sys.executable, "-m", "shared.cli", *words]
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)

    yield lanes
    daemon.down(state)


def test_a_function_does_what_its_role_names(run):
    done = run("run", "reacher", "reaching", "--what", "own bucket")
    assert done.returncode == 0, done.stderr


DENIED = [
    ("their bucket", "AccessDenied", "s3:PutObject", "not one of reacher's own names"),
    ("their list", "AccessDenied", "s3:ListBucket", "not one of reacher's own names"),
    ("their secret", "AccessDeniedException", "secretsmanager:GetSecretValue", "not one of reacher's own names"),
    ("roles", "AccessDenied", "iam:ListRoles", "not one of reacher's own names"),
    ("table", "AccessDeniedException", "dynamodb:PutItem", "no card can grant it: add it to the rights of reacher-"),
]


@pytest.mark.parametrize(("what", "code", "action", "fix"), DENIED)
def test_what_its_role_does_not_name_is_denied_with_the_fix(run, what, code, action, fix):
    done = run("run", "reacher", "reaching", "--what", what)
    logs = run("logs", "reacher", "reaching")
    assert done.returncode == 1
    for shown in (done.stderr, logs.stdout):
        assert f"({code})" in shown
        assert "User: arn:aws:sts::123456789012:assumed-role/reacher-reaching-reach-role-" in shown
        assert f"is not authorized to perform: {action} on resource: " in shown
        assert f"because no identity-based policy allows the {action} action; " in shown
        assert fix in shown


def test_nothing_came_of_it(run, root):
    running = State(root / STATE_DIR).running()
    aws = connect_endpoint(load_project(root).place, running.endpoint, running.key)
    table = next(name for name in aws.client("dynamodb").list_tables()["TableNames"] if name.startswith("reacher-"))
    assert aws.client("dynamodb").scan(TableName=table)["Count"] == 0
