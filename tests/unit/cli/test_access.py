"""``lanes access``: the file, the trust that a deploy makes of it, and who then becomes the team's deployer."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from shared.cli.where import Where
from shared.cli.wiring import open_cloud
from shared.config.load import load_project
from shared.deploy.lane_deployment import prepare_lane
from shared.isolation.access import take_role_policy
from shared.local import daemon
from shared.local.state import STATE_DIR, State

FILE = "teams/topics.yaml"


@pytest.fixture(scope="module")
def owner(project):
    state = State(project.root / STATE_DIR)
    daemon.up(state, daemon.Settings(project.place, 0))
    with open_cloud(project, Where(), list(project.teams.values())) as aws:
        yield aws
    daemon.down(state)


@pytest.fixture
def file(here):
    """The team's file, which is as before when the test has ended."""
    path = here / FILE
    before = path.read_text()
    yield path
    path.write_text(before)


def deploy(owner, here):
    project = load_project(here)
    lane = project.lane("topics")
    prepare_lane(lane, project, owner).deploy()
    return lane


def takes(owner, lane, arn, key):
    """Say whether who holds *key* becomes the deployer of *lane*."""
    sts = boto3.client(
        "sts",
        region_name=lane.place.region,
        endpoint_url=owner.target.endpoint,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
    )
    try:
        sts.assume_role(RoleArn=arn, RoleSessionName="me")
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def test_a_user_is_let_in_by_the_file_and_the_next_deploy_and_out_again(lanes, owner, here, file):
    lane = deploy(owner, here)
    role = lane.role_arn(lane.deployer)
    for name in ("ann", "bob"):
        owner.iam.create_user(UserName=name)
        policy = json.dumps(take_role_policy(lane).document())
        owner.iam.put_user_policy(UserName=name, PolicyName="deploy", PolicyDocument=policy)
    ann, bob = (owner.iam.create_access_key(UserName=name)["AccessKey"] for name in ("ann", "bob"))
    assert not takes(owner, lane, role, ann)

    code, out, err = lanes("access", "grant", "topics", "--user", "ann")
    assert (code, "+  users: [ann]" in out) == (0, True)
    assert "lanes deploy topics" in err
    assert not takes(owner, lane, role, ann), "the cloud has heard of nothing yet"
    deploy(owner, here)
    assert takes(owner, lane, role, ann)
    assert not takes(owner, lane, role, bob)
    told = json.loads(lanes("isolation", "prove", "--deployed", "--team", "topics", "--json")[1])
    assert told["findings"] == []

    assert lanes("access", "revoke", "topics", "--user", "ann")[0] == 0
    deploy(owner, here)
    assert not takes(owner, lane, role, ann)


def test_a_permission_set_lets_its_own_role_in_and_none_that_begins_alike(lanes, owner, here, file):
    assert lanes("access", "grant", "topics", "--permission-set", "students")[0] == 0
    lane = deploy(owner, here)
    account = f"arn:aws:iam::{lane.place.account}:root"
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": account}, "Action": "*"}]}
    trust["Statement"][0]["Action"] = "sts:AssumeRole"
    mine = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    owner.iam.create_user(UserName="login")
    owner.iam.put_user_policy(
        UserName="login",
        PolicyName="any",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [mine]}),
    )
    login = owner.iam.create_access_key(UserName="login")["AccessKey"]
    sts = boto3.client(
        "sts",
        region_name=lane.place.region,
        endpoint_url=owner.target.endpoint,
        aws_access_key_id=login["AccessKeyId"],
        aws_secret_access_key=login["SecretAccessKey"],
    )
    let_in = {}
    for path, name in (
        ("", "AWSReservedSSO_students_0123456789abcdef"),
        ("eu-west-2/", "AWSReservedSSO_students_fedcba9876543210"),
        ("", "AWSReservedSSO_students_x_0123456789abcdef"),
        ("", "AWSReservedSSO_staff_0123456789abcdef"),
    ):
        made = owner.iam.create_role(
            RoleName=name,
            Path=f"/aws-reserved/sso.amazonaws.com/{path}",
            AssumeRolePolicyDocument=json.dumps(trust),
        )["Role"]
        policy = json.dumps(take_role_policy(lane).document())
        owner.iam.put_role_policy(RoleName=name, PolicyName="deploy", PolicyDocument=policy)
        session = sts.assume_role(RoleArn=made["Arn"], RoleSessionName="student")["Credentials"]
        let_in[path + name] = takes(owner, lane, lane.role_arn(lane.deployer), session)
    assert list(let_in.values()) == [True, True, False, False]


def test_the_trust_of_workflows_is_what_github_documents(lanes, owner, here, file):
    assert lanes("access", "grant", "topics", "--github", "uva/lanes", "--environment", "topics")[0] == 0
    lane = deploy(owner, here)
    trust = owner.iam.get_role(RoleName=lane.deployer)["Role"]["AssumeRolePolicyDocument"]
    (github,) = [each for each in trust["Statement"] if each["Sid"] == "GitHub"]
    assert github == {
        "Sid": "GitHub",
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": "repo:uva/lanes:environment:topics",
            }
        },
    }
    assert lanes("isolation", "prove", "--deployed", "--team", "topics")[0] == 0
    code, out, _ = lanes("access", "topics")
    assert code == 0
    assert "GitHub Actions: uva/lanes, jobs in the environment topics" in out
    assert "Settings, Environments, topics:\n  Deployment branches and tags, Selected, main\n" in out
    assert f"role-to-assume: '{lane.role_arn(lane.deployer)}'" in out


def test_a_dry_run_shows_the_change_and_a_wrong_name_leaves_the_file(lanes, file):
    before = file.read_text()
    code, out, err = lanes("access", "grant", "topics", "--user", "ann", "--dry-run")
    assert (code, "+  users: [ann]" in out, "was not changed" in err) == (0, True, True)
    for wrong in (["--user", "a*"], ["--user", "team1-bob"], ["--github", "uva/lanes"]):
        code, _, err = lanes("access", "grant", "topics", *wrong)
        assert (code, "problem in the project's files" in err) == (1, True)
    assert file.read_text() == before


@pytest.mark.parametrize(
    "words", [[], ["--user", "ann", "--permission-set", "x"], ["--user", "ann", "--branch", "main"]]
)
def test_whom_must_be_said(lanes, words):
    assert lanes("access", "grant", "topics", *words)[0] == 2


def test_without_a_verb_it_shows(lanes):
    shown = lanes("access", "topics", "--json")
    assert shown == lanes("access", "show", "topics", "--json")
    told = json.loads(shown[1])
    assert told["role"].endswith(":role/topics-deployer-0d905a3d")
    assert [each["who"] for each in told["ways"]] == ["IAM users and roles of the team's own, called topics-..."]
