"""What reading a cloud back asks of AWS: the platform may ask all of it, and a team's people see their own."""

import json
from dataclasses import replace

import pytest

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.readback.account import read_account
from shared.deploy.readback.lanes import deployed_documents
from shared.deploy.readback.orphans import find_orphans
from shared.deploy.readback.sight import Sight
from shared.isolation.roles.deployer import deployer_boundary, deployer_policy
from shared.isolation.roles.platform_role import platform_policy
from shared.isolation.roles.policy import Policy
from shared.isolation.roles.resources_role import resources_policy
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight
from tests.helpers.project import hollow

# lab1 is there to be another team.
TEAM = "team: {slug}\nowner: {slug}@example.edu\nworkflows:\n{workflows}"
WORKFLOWS = {
    "lab": "  cosmic:\n  item-map:\n  random-mean:\n",
    "lab1": "  item-map:\n",
}  # lab1 is there to be another team


@pytest.fixture(scope="module")
def project(tmp_path_factory, copy_project):
    root = hollow(copy_project(tmp_path_factory.mktemp("reads") / "project"))
    for slug, workflows in WORKFLOWS.items():
        (root / "teams" / f"{slug}.yaml").write_text(TEAM.format(slug=slug, workflows=workflows), encoding="utf-8")
    return load_project(root)


@pytest.fixture(scope="module")
def connect(project, tmp_path_factory):
    """Return what makes one more connection to a cloud of two teams, a version, an alias and an orphan."""
    with EmbeddedCloud(project.place, tmp_path_factory.mktemp("cloud")) as cloud:

        def connect():
            return go_straight(connect_endpoint(project.place, cloud.endpoint, cloud.key), cloud.application)

        aws = connect()
        for slug in ("lab", "lab1"):
            prepare_lane(project.lane(slug), project, aws).deploy()
        function = next(iter(project.lane("lab").functions.values())).name
        version = aws.lambda_.publish_version(FunctionName=function)["Version"]
        aws.lambda_.create_alias(FunctionName=function, Name="live", FunctionVersion=version)
        whose = [{"Key": key, "Value": value} for key, value in (("managed-by", "teamlanes"), ("stage", "dev"))]
        aws.s3.create_bucket(Bucket="gone-data-0a1b2c3d")
        aws.s3.put_bucket_tagging(
            Bucket="gone-data-0a1b2c3d", Tagging={"TagSet": [*whose, {"Key": "team", "Value": "gone"}]}
        )
        yield connect


def read(project, aws, *teams):
    """Read everything back, as ``lanes isolation prove --deployed`` does."""
    lanes, sight = [project.lane(team) for team in teams], Sight()
    documents = {(document.kind, document.name) for lane in lanes for document in deployed_documents(lane, aws, sight)}
    account, orphans = read_account(lanes, aws, sight), find_orphans(project, aws, sight)
    return documents, account, orphans, sight.unseen


def test_the_platform_may_read_all_of_it(project, connect, recorder, refused, unknown):
    aws = connect()
    calls = recorder(aws, project.lane("lab"))
    _, account, orphans, unseen = read(project, aws, "lab", "lab1")
    asked = calls.take()
    made_of = (platform_policy(project.place), resources_policy(project.place))
    assert refused(Policy(tuple(each for policy in made_of for each in policy.statements)), asked) == []
    assert unknown(asked) == []
    assert {"iam:GetAccountAuthorizationDetails", "events:ListRules", "tag:GetResources", "lambda:ListAliases"} <= {
        each.action for each in asked
    }
    assert (unseen, [each.name for each in orphans]) == ((), ["gone-data-0a1b2c3d"])
    assert len(account.links) > 2


def test_a_teams_people_see_their_own_and_are_told_what_they_do_not(project, connect, hold):
    everything, _, _, _ = read(project, connect(), "lab")
    aws = connect()
    hold(aws, project.lane("lab"), deployer_policy(project.lane("lab")))
    documents, account, orphans, unseen = read(project, aws, "lab")
    assert documents == everything
    assert (account.principals, orphans) == ((), [])
    assert {each.arn.rpartition(":")[2] for each in account.links} >= {
        workflow.name for workflow in project.lane("lab").workflows.values()
    }
    assert {each.call for each in unseen} == {
        "DescribeBudgets",
        "DescribeRepositories",
        "DescribeStateMachine",
        "GetAccountAuthorizationDetails",
        "GetResources",
        "ListBuckets",
        "ListEventBuses",
        "ListQueues",
        "ListFunctions",
        "ListLayers",
        "ListPolicies",
        "ListRoles",
        "ListSecrets",
        "ListTables",
        "ListTopics",
    }


def test_a_teams_people_see_nothing_of_another_team(project, connect, hold):
    aws = connect()
    hold(aws, project.lane("lab"), deployer_policy(project.lane("lab")))
    documents, account, _, unseen = read(project, aws, "lab1")
    assert documents == set()
    assert not any("lab1-" in each.arn for each in account.links)
    assert any(each.what.startswith("policies of role lab1-") for each in unseen)


def test_the_rights_fit_a_managed_policy(project):
    """A managed policy, and so a boundary and the platform's, has 6,144 characters. Source: IAM and STS quotas."""
    place, long = project.place, replace(project.lane("lab"), team="abcdefghijkl")
    for policy in (platform_policy(place), resources_policy(place), deployer_boundary(long)):
        assert len(json.dumps(policy.document(), separators=(",", ":"))) <= 6144
