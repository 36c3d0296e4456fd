"""``--as``: a command's calls go out with credentials of a role, on the embedded cloud and, where one is let, AWS."""

import json
from types import SimpleNamespace

import boto3
import pytest

from shared.aws.client import Aws
from shared.aws.take_role import role_called, take_on_aws
from shared.aws.target import aws_target
from shared.cli.where import Where
from shared.cli.wiring import open_cloud
from shared.deploy.caller import is_deployer
from shared.deploy.lane_deployment import prepare_lane
from shared.errors import LanesError, UsageError
from shared.local import daemon
from shared.local.state import STATE_DIR, State

ACCOUNT = "arn:aws:sts::123456789012:assumed-role"


@pytest.fixture(scope="module")
def lane(project):
    return project.lane("topics")


@pytest.fixture(scope="module")
def running(project, lane):
    state = State(project.root / STATE_DIR)
    yield daemon.up(state, daemon.Settings(project.place, 0))
    daemon.down(state)


@pytest.fixture(scope="module")
def deployed(project, lane, running):
    with open_cloud(project, Where(), [lane]) as owner:
        prepare_lane(lane, project, owner).deploy()
        yield owner


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("deployer", "topics-deployer-0d905a3d"),
        ("function/item-map-log", "topics-item-map-log-role-0d905a3d"),
        ("role/topics-item-map-stepfunctions-role-0d905a3d", "topics-item-map-stepfunctions-role-0d905a3d"),
        ("platform", "platform-admin"),
    ],
)
@pytest.mark.usefixtures("deployed")
def test_the_cloud_knows_who_calls(project, lane, role, name):
    with open_cloud(project, Where(role=role), [lane]) as aws:
        told = aws.client("sts").get_caller_identity()
    assert told["Arn"] == aws.caller == f"{ACCOUNT}/{name}/lanes"
    assert is_deployer(lane, aws) == (role == "deployer")
    assert aws.owner.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"


def test_a_command_about_all_lanes_takes_a_role_by_its_own_name(project):
    lanes = list(project.teams.values())
    for lane in lanes:
        assert role_called(f"role/{lane.deployer}", lanes) == lane.deployer
    with pytest.raises(UsageError, match="is of one team, and this is about") as told:
        role_called("deployer", lanes)
    assert told.value.fix == f"name one team at a time, or the role itself: --as role/{lanes[0].deployer}"
    with pytest.raises(UsageError) as told:
        role_called("role/none", lanes)
    assert told.value.fix == "known: platform, role/NAME"


def test_the_platforms_role_is_made_once_with_what_isolation_platform_prints(project, deployed, lanes):
    for _ in range(2):
        assert lanes("runs", "topics", "--as", "platform")[0] == 0
    attached = deployed.iam.list_attached_role_policies(RoleName="platform-admin")["AttachedPolicies"]
    documents = []
    for policy in attached:
        version = deployed.iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId="v1")["PolicyVersion"]
        documents.append(version["Document"])
    printed = [
        json.loads(lanes("isolation", "platform", *words)[1]) for words in ((), ("--rendezvous",), ("--resources",))
    ]
    assert documents == printed


def test_a_team_deploys_as_its_people_what_is_deployed_already(deployed, lanes):
    code, _, err = lanes("deploy", "topics", "--as", "deployer")
    assert code == 0, err
    assert err.endswith(
        f"as {ACCOUNT}/topics-deployer-0d905a3d/lanes\ntopics: nothing to do (13 resources are as they should be)\n"
    )


def test_its_people_make_no_roles(deployed, lanes):
    code, _, err = lanes("deploy", "team1", "--as", "deployer")
    assert code == 1
    assert "there is no role team1-deployer-df1f2928 in this cloud\n  fix: lanes up, then lanes deploy TEAM" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("runs", "topics", "--as", "nobody"), "unknown role 'nobody'\n  fix: known: deployer, function/item-map-log"),
        (("runs", "topics", "--as", "function/item-map-lag"), "did you mean 'function/item-map-log'"),
        (("plan", "topics", "team1", "--as", "deployer"), "--as deployer is of one team, and this is about topics, te"),
        (("rendezvous", "status", "--as", "deployer"), "unknown role 'deployer'"),
    ],
)
def test_an_unknown_role_is_told_the_known_ones(running, lanes, words, said):
    code, _, err = lanes(*words)
    assert code == 2
    assert said in err


@pytest.fixture
def on_aws(project):
    """AWS, as far as STS goes: it answers as ``answer`` says, and remembers what it was asked."""
    session = boto3.Session("AKIAEXAMPLE", "example", region_name="us-east-1")
    sts = SimpleNamespace(asked=[], answer=None)

    def reply(params, **_):
        sts.asked.append(params["body"])
        return SimpleNamespace(status_code=200 if "Error" not in sts.answer else 403, headers={}), sts.answer

    session.events.register("before-call.sts.AssumeRole", reply)
    return Aws(session, aws_target(project.place), "arn:aws:iam::123456789012:user/topics-ann"), sts


def test_on_aws_a_teams_people_take_its_deployer(lane, on_aws):
    aws, sts = on_aws
    keys = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "example", "SessionToken": "a token"}
    user = {"Arn": f"{ACCOUNT}/topics-deployer-0d905a3d/lanes", "AssumedRoleId": "AROA:lanes"}
    sts.answer = {"Credentials": keys, "AssumedRoleUser": user}
    taken = take_on_aws(aws, "deployer", [lane])
    assert sts.asked[0]["RoleArn"] == "arn:aws:iam::123456789012:role/topics-deployer-0d905a3d"
    held = taken.session.get_credentials()
    assert (held.access_key, held.secret_key, held.token) == ("ASIAEXAMPLE", "example", "a token")
    assert (taken.caller, taken.target) == (user["Arn"], aws.target)


def test_on_aws_who_the_trust_does_not_let_in_is_told_whom_it_does(lane, on_aws):
    aws, sts = on_aws
    sts.answer = {"Error": {"Code": "AccessDenied", "Message": "not authorized to perform: sts:AssumeRole"}}
    with pytest.raises(LanesError, match="user/topics-ann may not take it") as error:
        take_on_aws(aws, "deployer", [lane])
    assert "called topics-..." in error.value.fix


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("platform", "has the name that an administrator gave it there"),
        ("function/item-map-log", "topics-item-map-log-role-0d905a3d trusts a service of AWS's alone"),
        ("role/topics-item-map-stepfunctions-role-0d905a3d", "trusts a service of AWS's alone"),
    ],
)
def test_on_aws_the_others_are_refused_with_the_reason_and_without_a_call(lane, on_aws, role, said):
    aws, sts = on_aws
    with pytest.raises(LanesError, match=said):
        take_on_aws(aws, role, [lane])
    assert sts.asked == []


def test_a_command_without_a_team_knows_the_platform_alone(lane):
    assert role_called("platform", []) == role_called("platform", [lane, lane]) == "platform-admin"
    with pytest.raises(UsageError, match="unknown role 'deployer'\n  fix: known: platform"):
        role_called("deployer", [])
