"""Functions that reach for what their roles do not name: refused on the embedded cloud as on AWS, with the way out."""

import pytest

from tests.workflows.projects import kept_cloud, leave_one_workflow

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
    return leave_one_workflow(root, "reaching", card=CARD, template=TEMPLATE, handler=HANDLER, team="reacher")


@pytest.fixture(scope="module")
def aws(root):
    with kept_cloud(root) as kept:
        yield kept.aws


def test_a_function_does_what_its_role_names(lanes):
    done = lanes("run", "reacher", "reaching", "--what", "own bucket")
    assert done.code == 0, done.err


DENIED = [
    ("their bucket", "AccessDenied", "s3:PutObject", "not one of reacher's own names"),
    ("their list", "AccessDenied", "s3:ListBucket", "not one of reacher's own names"),
    ("their secret", "AccessDeniedException", "secretsmanager:GetSecretValue", "not one of reacher's own names"),
    ("roles", "AccessDenied", "iam:ListRoles", "no card can grant iam:ListRoles"),
    (
        "table",
        "AccessDeniedException",
        "dynamodb:PutItem",
        "under uses of what calls it: tables: {KEY: read, write or readwrite}",
    ),
]


@pytest.mark.parametrize(("what", "code", "action", "fix"), DENIED)
def test_what_its_role_does_not_name_is_denied_with_the_fix(lanes, what, code, action, fix):
    done = lanes("run", "reacher", "reaching", "--what", what)
    logs = lanes("logs", "reacher", "reaching")
    assert done.code == 1
    for shown in (done.err, logs.out):
        assert f"({code})" in shown
        assert "User: arn:aws:sts::123456789012:assumed-role/reacher-reaching-reach-role-" in shown
        assert f"is not authorized to perform: {action} on resource: " in shown
        assert f"because no identity-based policy allows the {action} action; " in shown
        assert fix in shown


def test_nothing_came_of_it(aws):
    table = next(name for name in aws.client("dynamodb").list_tables()["TableNames"] if name.startswith("reacher-"))
    assert aws.client("dynamodb").scan(TableName=table)["Count"] == 0
