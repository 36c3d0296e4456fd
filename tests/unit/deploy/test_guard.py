"""A name that is taken is refused, with its owner; nothing is changed."""

from __future__ import annotations

import json

import pytest
from moto import mock_aws

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_aws, connect_endpoint
from shared.config.lane import Place
from shared.deploy.apply import ApplyError
from shared.deploy.guard import OwnershipError, lane_tags
from shared.deploy.lane_deployment import prepare_lane
from shared.errors import LanesError

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
OTHER = {"team": "team1", "owner": "team1@example.edu", "stage": "dev", "managed-by": "teamlanes"}


def upper(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def make_role(aws, lane, tags):
    aws.iam.create_role(RoleName=lane.functions["cosmic-init"].role, AssumeRolePolicyDocument=TRUST, Tags=upper(tags))


def make_bucket(aws, lane, tags):
    aws.s3.create_bucket(Bucket=lane.bucket)
    if tags:
        aws.s3.put_bucket_tagging(Bucket=lane.bucket, Tagging={"TagSet": upper(tags)})


def make_machine(aws, lane, tags):
    aws.states.create_state_machine(
        name=lane.workflows["cosmic"].name,
        definition='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
        roleArn=lane.role_arn("team1-role"),
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )


def make_group(aws, lane, tags):
    aws.logs.create_log_group(logGroupName=lane.functions["cosmic-init"].log_group, tags=tags)


def make_function(aws, lane, tags):
    aws.iam.create_role(RoleName="team1-role", AssumeRolePolicyDocument=TRUST)
    aws.lambda_.create_function(
        FunctionName=lane.functions["cosmic-init"].name,
        Role=lane.role_arn("team1-role"),
        Code={"ZipFile": b"1"},
        Runtime="python3.11",
        Handler="a.b",
        Tags=tags,
    )


MAKERS = [make_role, make_bucket, make_machine, make_group, make_function]


@pytest.mark.parametrize("make", MAKERS)
def test_anothers_resource_stops_the_plan_with_its_owner(lane, project, aws, snapshot, make):
    make(aws, lane, OTHER)
    before = snapshot("team2")
    with pytest.raises(OwnershipError, match=r"belongs to team team1 \(team1@example.edu\), stage dev") as caught:
        prepare_lane(lane, project, aws).deploy()
    assert "teams/team2.yaml" in str(caught.value)
    assert snapshot("team2") == before


@pytest.mark.parametrize("make", MAKERS)
def test_nobodys_resource_is_not_adopted(lane, project, aws, snapshot, make):
    make(aws, lane, {})
    before = snapshot("team2")
    with pytest.raises(OwnershipError, match="carries no tag that says whose it is") as caught:
        prepare_lane(lane, project, aws).deploy()
    assert str(caught.value.fix).startswith("lanes adopt team2")
    assert snapshot("team2") == before


def test_all_foreign_names_are_told_at_once(lane, project, aws):
    make_role(aws, lane, OTHER)
    make_machine(aws, lane, {"owner": "someone"})
    make_bucket(aws, lane, {**OTHER, "team": "team2", "stage": "prod"})
    with pytest.raises(OwnershipError) as caught:
        prepare_lane(lane, project, aws).plan()
    for part in ("role team2-cosmic-init-role", "tags name someone", "belongs to team team2", "stage prod"):
        assert part in str(caught.value)


def test_a_resource_tagged_on_purpose_is_taken_over(lane, project, aws):
    make_bucket(aws, lane, {**lane_tags(lane), "note": "made by hand"})
    todo = prepare_lane(lane, project, aws).deploy()
    assert [step.action for step in todo.changes if step.kind == "bucket"] == ["update"]
    tags = {tag["Key"]: tag["Value"] for tag in aws.s3.get_bucket_tagging(Bucket=lane.bucket)["TagSet"]}
    assert tags == {**lane_tags(lane), "note": "made by hand"}


@pytest.mark.parametrize("make", [make_bucket, make_machine])
def test_a_name_taken_between_plan_and_apply_is_not_created_over(lane, project, aws, make):
    """us-east-1 and Step Functions would both answer the create with 200."""
    todo = prepare_lane(lane, project, aws).plan()
    make(aws, lane, OTHER)
    with pytest.raises(ApplyError, match="belongs to team team1"):
        prepare_lane(lane, project, aws).carry_out(todo)
    if make is make_machine:
        found = aws.states.describe_state_machine(stateMachineArn=lane.state_machine_arn("cosmic"))
        assert found["roleArn"].endswith("role/team1-role")


def test_a_bucket_in_another_region_is_not_moved(make_lane, project, aws, cloud):
    prepare_lane(make_lane(), project, aws).deploy()
    place = Place("123456789012", "eu-west-1", "dev")
    with pytest.raises(OwnershipError, match="lies in us-east-1, the settings say eu-west-1"):
        prepare_lane(make_lane(place=place), project, connect_endpoint(place, cloud, AccessKey("id", "secret"))).plan()


def test_credentials_of_another_account_do_nothing():
    with mock_aws(), pytest.raises(LanesError, match="belong to account 123456789012, the settings name 999999999999"):
        connect_aws(Place("999999999999", "us-east-1", "dev"))
