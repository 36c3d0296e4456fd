"""What somebody made by hand under a lane's names is taken into it: data untouched, and never what is another's."""

from __future__ import annotations

import dataclasses
import json

import pytest
from moto.core.base_backend import BackendDict

from shared.aws.client import connect_endpoint
from shared.config.lane import Budget
from shared.deploy.adoption import AdoptionError, check_as_shown, plan_adoption, take_in
from shared.deploy.apply import ApplyError
from shared.deploy.guard import OwnershipError, claimed_by, is_ours, lane_tags
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.model import Resource
from shared.deploy.resources import KINDS
from shared.deploy.resources.function_left import check_left
from shared.deploy.watch import Watch
from shared.errors import LanesError
from shared.local.cloud import EmbeddedCloud
from tests.helpers import by_hand
from tests.helpers.in_process import go_straight
from tests.helpers.owned import owned, owning
from tests.unit.deploy.conftest import PLACE

AT_ONCE = Watch(sleep=lambda _: None)
OTHER = {"team": "team1", "owner": "team1@example.edu", "stage": "dev", "managed-by": "teamlanes"}


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud")) as cloud:
        yield go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application)


@pytest.fixture
def aws(clients):
    BackendDict.reset()
    return clients


@pytest.fixture
def lane(lane):
    return owned(lane, owning(lane.workflows["cosmic"]))


@pytest.fixture
def deployment(lane, project, aws):
    return prepare_lane(lane, project, aws)


@pytest.fixture
def adopt(lane, deployment, aws):
    """Return a function that plans the adoption, and carries it out."""

    def carry_out():
        adoption = plan_adoption(lane, deployment.wanted(), aws)
        take_in(adoption, aws, AT_ONCE)
        todo = deployment.plan()
        check_as_shown(adoption, todo)
        deployment.carry_out(todo, AT_ONCE)
        return adoption

    return carry_out


def make_owned(aws, lane):
    """Make one of each further kind by hand, with data in each that holds any."""
    workflow = lane.workflows["cosmic"]
    table, queue, topic = workflow.tables["items"], workflow.queues["work"], workflow.topics["done"]
    dynamodb, sqs = aws.client("dynamodb"), aws.client("sqs")
    dynamodb.create_table(
        TableName=table.name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    dynamodb.put_item(TableName=table.name, Item={"id": {"S": "a"}, "n": {"N": "2"}})
    url = sqs.create_queue(QueueName=queue.name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="work to do")
    aws.client("sns").create_topic(Name=topic.name)
    aws.client("secretsmanager").create_secret(Name=workflow.secrets["token"], SecretString="kept")
    aws.client("ssm").put_parameter(Name=workflow.settings["limit"].name, Type="String", Value="3")


def test_a_lane_made_by_hand_is_taken_in_and_no_object_changes(lane, deployment, adopt, aws):
    by_hand.make_all(aws.client, lane, function="cosmic-init")
    make_owned(aws, lane)
    before = by_hand.checksums(aws.client, lane.bucket)
    assert len(before) == len(by_hand.OBJECTS)
    with pytest.raises(OwnershipError, match="lanes adopt team2"):
        deployment.plan()
    adoption = adopt()
    assert by_hand.checksums(aws.client, lane.bucket) == before
    taken = {each.have.kind for each in adoption.adopted}
    assert taken == {
        "log group",
        "role",
        "bucket",
        "table",
        "queue",
        "topic",
        "secret",
        "setting",
        "function",
        "state machine",
    }
    for each in adoption.adopted:
        assert is_ours(KINDS[each.have.kind].current(aws, each.have.name).tags, lane_tags(lane)), each.have
    assert deployment.plan().changes == ()
    workflow = lane.workflows["cosmic"]
    table, queue = workflow.tables["items"].name, workflow.queues["work"].name
    assert aws.client("dynamodb").scan(TableName=table)["Items"] == [{"id": {"S": "a"}, "n": {"N": "2"}}]
    (message,) = aws.client("sqs").receive_message(QueueUrl=lane.queue_url(queue))["Messages"]
    assert message["Body"] == "work to do"
    secret = aws.client("secretsmanager").get_secret_value(SecretId=workflow.secrets["token"])
    assert secret["SecretString"] == "kept"


def test_what_is_shown_first_changes_nothing(lane, deployment, aws, snapshot):
    by_hand.make_all(aws.client, lane, function="cosmic-init")
    before = snapshot("team2")
    adoption = plan_adoption(lane, deployment.wanted(), aws)
    assert snapshot("team2") == before
    effects = {each.have.kind: each.effects for each in adoption.adopted}
    assert effects["log group"] == ("events older than 30 days are deleted",)
    assert any("objects under runs/" in line for line in effects["bucket"])
    assert "its code is replaced" in effects["function"][0]
    assert "its definition is replaced" in effects["state machine"][0]
    names = {step.name for step in adoption.others}
    assert not names & {each.have.name for each in adoption.adopted}
    assert "team2-cosmic-infer-7078ea12" in names


def test_tagging_changes_nothing_else(lane, deployment, aws, snapshot):
    by_hand.make_all(aws.client, lane, function="cosmic-init")
    before = {key: have.properties for key, have in _all(lane, deployment, aws).items()}
    take_in(plan_adoption(lane, deployment.wanted(), aws), aws, AT_ONCE)
    after = _all(lane, deployment, aws)
    assert {key: have.properties for key, have in after.items()} == before
    assert all(is_ours(have.tags, lane_tags(lane)) for have in after.values())
    assert after["function", lane.functions["cosmic-init"].name].tags["made-by"] == "hand"


def _all(lane, deployment, aws):
    found = {(want.kind, want.name): KINDS[want.kind].current(aws, want.name) for want in deployment.wanted()}
    return {key: have for key, have in found.items() if have}


def test_an_adoption_that_was_stopped_goes_on_with_the_same_command(lane, deployment, adopt, aws):
    by_hand.make_all(aws.client, lane, function="cosmic-init")
    adoption = plan_adoption(lane, deployment.wanted(), aws)
    half = dataclasses.replace(adoption.tagging, steps=adoption.tagging.steps[:2])
    take_in(dataclasses.replace(adoption, tagging=half), aws, AT_ONCE)
    assert len(plan_adoption(lane, deployment.wanted(), aws).adopted) == len(adoption.adopted) - 2
    adopt()
    assert deployment.plan().changes == ()
    assert plan_adoption(lane, deployment.wanted(), aws).adopted == ()


def test_all_that_stands_against_it_is_told_at_once_and_nothing_is_changed(lane, deployment, aws, snapshot):
    by_hand.make_bucket(aws.client, lane, {**OTHER})
    by_hand.make_role(aws.client, lane.functions["cosmic-init"].role, "lambda", path="/service-role/")
    aws.logs.create_log_group(logGroupName=lane.functions["cosmic-infer"].log_group, tags={"Owner": "ann"})
    aws.client("dynamodb").create_table(
        TableName=lane.workflows["cosmic"].tables["items"].name,
        KeySchema=[{"AttributeName": "number", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "number", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    role = by_hand.make_role(aws.client, "team2-any", "states")
    aws.states.create_state_machine(
        name=lane.workflows["cosmic"].name, definition=by_hand.DEFINITION, roleArn=role, type="EXPRESS"
    )
    before = snapshot("team2")
    with pytest.raises(AdoptionError) as caught:
        plan_adoption(lane, deployment.wanted(), aws)
    told = str(caught.value)
    assert "5 things stand against it; nothing was changed" in told
    for part in (
        "bucket team2-data-7078ea12 belongs to team team1 (team1@example.edu)",
        "lies under the path /service-role/",
        "log group /aws/lambda/team2-cosmic-infer-7078ea12 belongs to ann",
        "table team2-cosmic-items-7078ea12 is keyed by 'number:number'",
        "state machine team2-cosmic-7078ea12 would be deleted and made anew",
    ):
        assert part in told
    assert snapshot("team2") == before


def test_a_bucket_whose_list_lets_others_in_is_refused_before_anything_changes(lane, deployment, adopt, aws, snapshot):
    by_hand.make_bucket(aws.client, lane)
    aws.s3.put_bucket_acl(Bucket=lane.bucket, ACL="public-read")
    before = snapshot("team2")
    with pytest.raises(AdoptionError) as caught:
        plan_adoption(lane, deployment.wanted(), aws)
    assert f"list of bucket {lane.bucket} lets in http://acs.amazonaws.com/groups/global/AllUsers" in str(caught.value)
    assert snapshot("team2") == before
    aws.s3.put_bucket_acl(Bucket=lane.bucket, ACL="private")
    assert [each.have.kind for each in adopt().adopted] == ["bucket"]


@pytest.mark.parametrize(
    ("setting", "what", "off"),
    [
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:1:q"}}, "a dead-letter queue", "TargetArn="),
        ({"TracingConfig": {"Mode": "Active"}}, "tracing by X-Ray", "Mode=PassThrough"),
        ({"KMSKeyArn": "arn:aws:kms:us-east-1:1:key/1"}, "a KMS key of its own", "--kms-key-arn ''"),
        ({"FileSystemConfigs": [{"Arn": "arn", "LocalMountPath": "/mnt/x"}]}, "a file system", "'[]'"),
        ({"TracingConfig": {"Mode": "PassThrough"}, "DeadLetterConfig": {}, "FileSystemConfigs": []}, "", ""),
    ],
)
def test_a_function_with_settings_that_lambda_holds_to_its_role_is_refused(setting, what, off):
    """What Lambda tells of it: AWS alone refuses the lane's role there."""

    class SmallAws:
        lambda_ = property(lambda self: self)

        def get_function_configuration(self, *, FunctionName):
            return {"FunctionName": FunctionName, **setting}

    want = Resource("function", "team2-x", {}, {})
    if not what:
        check_left(SmallAws(), want, want)
        return
    with pytest.raises(LanesError) as caught:
        check_left(SmallAws(), want, want)
    assert f"function team2-x has {what}, " in caught.value.what
    assert caught.value.fix.endswith(off)


def test_a_function_with_a_dead_letter_queue_is_told_with_all_else(lane, deployment, aws):
    by_hand.make_all(aws.client, lane)
    name = lane.functions["cosmic-init"].name
    url = aws.client("sqs").create_queue(QueueName="failed")["QueueUrl"]
    told = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    target = {"TargetArn": told["QueueArn"]}
    aws.lambda_.update_function_configuration(FunctionName=name, DeadLetterConfig=target)
    with pytest.raises(AdoptionError, match="a dead-letter queue"):
        plan_adoption(lane, deployment.wanted(), aws)


def test_a_setting_of_another_type_is_refused_as_ssm_does(lane, deployment, aws):
    name = lane.settings[0].name
    aws.client("ssm").put_parameter(Name=name, Type="SecureString", Value="hush")
    with pytest.raises(AdoptionError, match=f"setting {name} is a SecureString, and SSM changes no parameter's type"):
        plan_adoption(lane, deployment.wanted(), aws)


def test_a_function_that_is_an_image_is_not_made_anew(lane, deployment, aws):
    name = lane.functions["cosmic-init"].name
    role = by_hand.make_role(aws.client, "team2-any", "lambda")
    image = f"{PLACE.account}.dkr.ecr.us-east-1.amazonaws.com/some@sha256:{'a' * 64}"
    current = KINDS["function"].current
    by_hand.make_function(aws.client, lane, "cosmic-init", role)
    have = current(aws, name)
    assert have.properties["package"] == "zip"
    lane_of_images = dataclasses.replace(
        next(each for each in deployment.wanted() if each.name == name and each.kind == "function"),
        properties={
            "package": "image",
            "image": image,
            "command": [],
            "arn": lane.function_arn("cosmic-init"),
            **_settings(have),
        },
    )
    with pytest.raises(AdoptionError, match="would be deleted and made anew"):
        plan_adoption(lane, [lane_of_images], aws)


def _settings(have):
    beside = ("package", "handler", "runtime", "layers")
    return {"failed": None, **{key: value for key, value in have.properties.items() if key not in beside}}


def test_another_team_that_takes_it_meanwhile_keeps_it(lane, deployment, aws):
    by_hand.make_bucket(aws.client, lane)
    adoption = plan_adoption(lane, deployment.wanted(), aws)
    told = [{"Key": key, "Value": value} for key, value in OTHER.items()]
    aws.s3.put_bucket_tagging(Bucket=lane.bucket, Tagging={"TagSet": told})
    with pytest.raises(ApplyError, match="belongs to team team1"):
        take_in(adoption, aws, AT_ONCE)
    assert aws.s3.get_bucket_tagging(Bucket=lane.bucket)["TagSet"] == told


def test_what_is_named_alike_is_told_and_left_alone(lane, adopt, aws):
    by_hand.make_bucket(aws.client, lane)
    aws.s3.create_bucket(Bucket="team2-data-backup")
    aws.s3.create_bucket(Bucket="team22-data-7078ea12")
    adoption = adopt()
    assert [each.name for each in adoption.left] == ["team2-data-backup"]
    assert KINDS["bucket"].current(aws, "team2-data-backup").tags == {}


def test_what_comes_with_a_bucket_and_is_in_no_file_is_shown_before_it_goes(lane, deployment, adopt, aws):
    by_hand.make_bucket(aws.client, lane)
    queue = PLACE.arn("sqs", "any")
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    aws.client("sqs").create_queue(QueueName="any", Attributes={"Policy": policy})
    tells = {"QueueConfigurations": [{"Id": "t", "QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]}
    aws.s3.put_bucket_notification_configuration(Bucket=lane.bucket, NotificationConfiguration=tells)
    shown = plan_adoption(lane, deployment.wanted(), aws)
    assert "delete bucket notification team2-data-7078ea12" in map(str, shown.others)
    unseen = dataclasses.replace(shown, others=tuple(each for each in shown.others if each.action != "delete"))
    take_in(shown, aws, AT_ONCE)
    with pytest.raises(AdoptionError, match="which was not shown"):
        check_as_shown(unseen, deployment.plan())
    deployment.deploy(AT_ONCE)
    assert KINDS["bucket notification"].current(aws, lane.bucket) is None


def test_a_secret_whose_value_a_deploy_makes_is_not_taken_in(lane, project, aws):
    keyed = dataclasses.replace(lane, rendezvous_key="team2/rendezvous-7078ea12")
    aws.client("secretsmanager").create_secret(Name=keyed.rendezvous_key, SecretString="00" * 32)
    with pytest.raises(AdoptionError, match="a deploy makes its value, and what it holds now would be lost"):
        plan_adoption(keyed, prepare_lane(keyed, project, aws).wanted(), aws)


def test_a_teams_own_people_may_not(lane, deployment, aws):
    caller = f"arn:aws:sts::{PLACE.account}:assumed-role/{lane.deployer}/ann"
    as_deployer = dataclasses.make_dataclass("Caller", ["caller"])(caller)
    with pytest.raises(LanesError, match="may not take anything into the lane"):
        plan_adoption(lane, (), as_deployer)


def test_the_platforms_rights_suffice_for_roles(lane, deployment, aws):
    """The boundary comes before all else that changes a role: the platform's role may do no more without it."""
    by_hand.make_role(aws.client, lane.functions["cosmic-init"].role, "lambda")
    (role,) = plan_adoption(lane, deployment.wanted(), aws).adopted
    methods = [call.method for call in role.step.calls]
    assert methods[0] == "put_role_permissions_boundary"


@pytest.mark.parametrize(
    ("tags", "who"),
    [
        ({}, ""),
        ({"note": "x"}, ""),
        ({"team": "team2"}, ""),
        ({"team": "team2", "owner": "formerly@example.edu"}, ""),
        ({"owner": "team2@example.edu"}, ""),
        ({"team": "team1"}, "team team1"),
        ({"Team": "team1"}, "team team1"),
        ({"team": "team2", "stage": "prod"}, "stage prod"),
        ({"owner": "ann"}, "ann"),
        ({"managed-by": "terraform"}, "terraform, which manages it"),
        ({"aws:cloudformation:stack-name": "s"}, "the CloudFormation stack s"),
    ],
)
def test_who_claims_what(lane, tags, who):
    assert claimed_by(tags, lane_tags(lane)) == who


def test_what_is_ours_is_claimed_by_nobody_else(lane):
    assert claimed_by({**lane_tags(lane), "aws:cloudformation:stack-name": ""}, lane_tags(lane)) == ""


def test_a_budget_made_by_hand_is_made_to_count_the_lane(lane, project, aws):
    budget = Budget("team2-monthly-7078ea12", 20.0, ())
    with_budget = dataclasses.replace(lane, budget=budget)
    aws.client("budgets").create_budget(
        AccountId=PLACE.account,
        Budget={
            "BudgetName": budget.name,
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "20.00", "Unit": "USD"},
        },
    )
    deployment = prepare_lane(with_budget, project, aws)
    adoption = plan_adoption(with_budget, deployment.wanted(), aws)
    take_in(adoption, aws, AT_ONCE)
    assert [str(step) for step in deployment.plan().changes if step.kind == "budget"] == []
