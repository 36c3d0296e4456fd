"""Deploys on a cloud that enforces IAM, with the rights of those who deploy on AWS: the platform, a team's people."""

import json

import pytest
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.isolation.roles.platform_role import platform_policy
from shared.isolation.roles.resources_role import resources_policy
from shared.local.cloud import EmbeddedCloud
from shared.local.door.sessions import Issuer
from tests.helpers.in_process import go_straight

pytestmark = pytest.mark.workflow

OWNS = """\
queues: {work: {maxReceives: 5}}
topics: {done: {notify: [ann@example.edu]}}
buckets: {raw: }
secrets: {key: {description: of a service}}
settings: {limit: {value: "3"}}
"""
TOTALS = """\
  totals:
    key: word
    sortKey: day:number
    ttl: until
    indexes: {by-day: {key: day:number}}
"""
USES = """\
    async: {retries: 1, onFailure: {queue: work}, onSuccess: {topic: done}}
    uses:
      bucket: readwrite
      buckets: {raw: read}
      tables: {totals: readwrite, items: read}
      queues: {work: sendreceive}
      topics: [done]
      secrets: [key]
      settings: [limit]
      services: [rekognition:DetectLabels, bedrock:InvokeModel]
"""


@pytest.fixture(scope="module")
def project(copy_project, tmp_path_factory):
    """The sample project, with a card that owns and uses one of each kind."""
    root = copy_project(tmp_path_factory.mktemp("enforced") / "project")
    card = root / "statemachines" / "item-map.yaml"
    text = card.read_text(encoding="utf-8")
    text = text.replace("tables:\n", f"{OWNS}tables:\n{TOTALS}").replace(
        "    timeout: 30\n", f"    timeout: 30\n{USES}", 1
    )
    card.write_text(text, encoding="utf-8")
    return load_project(root)


@pytest.fixture(scope="module")
def cloud(project, tmp_path_factory):
    with EmbeddedCloud(project.place, tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def root(project, cloud):
    return go_straight(connect_endpoint(project.place, cloud.endpoint, cloud.key), cloud.application)


@pytest.fixture(scope="module")
def acting(project, cloud):
    """Return a function that connects with the credentials of a role, and knows whose they are, as with ``--aws``."""

    def connect(role):
        aws = connect_endpoint(project.place, cloud.endpoint, Issuer(cloud.key).of_role(role, "me"))
        aws.caller = aws.client("sts").get_caller_identity()["Arn"]
        return aws

    return connect


@pytest.fixture(scope="module")
def platform(project, root, acting):
    """The platform's role, with the policies that ``lanes isolation platform`` prints and nothing else."""
    trust = {"Effect": "Allow", "Principal": {"AWS": project.place.account}, "Action": "sts:AssumeRole"}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = root.iam.create_role(RoleName="lab-platform", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    for name, policy in {"lanes": platform_policy, "resources": resources_policy}.items():
        granted = json.dumps(policy(project.place).document())
        root.iam.put_role_policy(RoleName="lab-platform", PolicyName=name, PolicyDocument=granted)
    return acting(role)


@pytest.fixture(scope="module")
def lane(project, platform):
    """A lane that the platform has deployed, twice."""
    lane = project.lane("topics")
    prepare_lane(lane, project, platform).deploy()
    assert prepare_lane(lane, project, platform).plan().changes == ()
    return lane


@pytest.fixture(scope="module")
def deployer(lane, acting):
    return acting(lane.role_arn(lane.deployer))


def test_a_deployer_mends_functions_and_machines(lane, project, root, deployer):
    name = next(iter(lane.functions.values())).name
    root.lambda_.update_function_configuration(FunctionName=name, Timeout=7)
    machine = lane.state_machine_arn("item-map")
    root.states.untag_resource(resourceArn=machine, tagKeys=["owner"])
    prepare_lane(lane, project, deployer).deploy()
    assert root.lambda_.get_function_configuration(FunctionName=name)["Timeout"] != 7
    assert "owner" in {tag["key"] for tag in root.states.list_tags_for_resource(resourceArn=machine)["tags"]}


def test_a_deployer_sets_the_values_of_declared_secrets_and_reads_none(lane, root, deployer):
    (name,) = lane.secrets
    manager = root.client("secretsmanager")
    if not any(each["Name"] == name for each in manager.list_secrets()["SecretList"]):
        manager.create_secret(Name=name)
    deployer.client("secretsmanager").put_secret_value(SecretId=name, SecretString="s3same")
    with pytest.raises(ClientError, match="not authorized to perform: secretsmanager:GetSecretValue"):
        deployer.client("secretsmanager").get_secret_value(SecretId=name)


DENIED = {
    "make a role": lambda aws, _: aws.iam.create_role(RoleName="topics-mine", AssumeRolePolicyDocument="{}"),
    "widen its own": lambda aws, lane: aws.iam.put_role_policy(
        RoleName=lane.deployer, PolicyName="x", PolicyDocument="{}"
    ),
    "read another's bucket": lambda aws, _: aws.s3.list_objects_v2(Bucket="team2-cosmical-0d905a3d"),
    "invoke another's function": lambda aws, _: aws.lambda_.invoke(FunctionName="team2-cosmic-init-0d905a3d"),
    "hand a role to another service": lambda aws, lane: aws.states.create_state_machine(
        name="topics-mine",
        definition='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
        roleArn=lane.role_arn(next(iter(lane.functions.values())).role),
    ),
    "hand over a foreign role": lambda aws, lane: aws.lambda_.update_function_configuration(
        FunctionName=next(iter(lane.functions.values())).name, Role=lane.place.arn("iam", "role/lab-platform")
    ),
}


@pytest.mark.parametrize("act", DENIED)
def test_a_deployer_does_nothing_else(lane, deployer, act):
    with pytest.raises(ClientError) as refused:
        DENIED[act](deployer, lane)
    assert refused.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}
    assert (
        f"User: arn:aws:sts::{lane.place.account}:assumed-role/{lane.deployer}/me is not authorized to perform: "
        in str(refused.value)
    )


def test_the_platform_takes_the_lane_away(lane, project, platform, root):
    destroy(lane, platform)
    assert [role["RoleName"] for role in root.iam.list_roles()["Roles"]] == ["lab-platform"]
