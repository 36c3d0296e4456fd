"""A team's own people deploy: code and machines, and not a step of what takes the platform's role."""

import dataclasses

import pytest
from botocore.exceptions import ClientError

from shared.deploy.apply import ApplyError
from shared.deploy.caller import FoundationError, is_deployer
from shared.deploy.lane_deployment import prepare_lane

ASSUMED = "arn:aws:sts::123456789012:assumed-role/{role}/alice"


def more_memory(lane):
    functions = {key: dataclasses.replace(each, memory_mb=1024) for key, each in lane.functions.items()}
    return dataclasses.replace(lane, functions=functions)


@pytest.fixture
def as_team(aws, lane, project):
    """Deploy the lane, then return the clients in the hands of its people."""
    prepare_lane(lane, project, aws).deploy()
    aws.caller = ASSUMED.format(role=lane.deployer)
    return aws


def test_a_team_updates_its_functions(as_team, lane, project):
    done = prepare_lane(more_memory(lane), project, as_team).deploy()
    assert [f"{step.action} {step.kind}" for step in done.changes] == ["update function"] * 2
    assert prepare_lane(more_memory(lane), project, as_team).plan().changes == ()


def test_a_change_of_the_foundation_is_refused_before_anything_is_done(as_team, lane, project, snapshot):
    before = snapshot(lane.team)
    wider = dataclasses.replace(more_memory(lane), scratch_days=99, log_retention_days=90)
    todo = prepare_lane(wider, project, as_team).plan()
    assert len(todo.changes) > 3
    with pytest.raises(FoundationError) as refused:
        prepare_lane(wider, project, as_team).carry_out(todo)
    message = str(refused.value)
    assert f"{lane.deployer} may not update log group" in message
    assert f"update bucket {lane.bucket}; nothing was done" in message
    assert "update function" not in message
    assert "lanes isolation platform" in message
    assert snapshot(lane.team) == before


def test_a_team_that_drops_a_function_is_told_by_its_foundation(as_team, lane, project):
    """What is left over is not looked for, but the deployer's own policy names every function's role."""
    fewer = dataclasses.replace(lane, functions=dict(list(lane.functions.items())[:1]), workflows={})
    with pytest.raises(FoundationError, match=f"update role {lane.deployer}"):
        prepare_lane(fewer, project, as_team).deploy()


@pytest.mark.parametrize(
    ("caller", "own"),
    [
        ("", False),
        (ASSUMED.format(role="{deployer}"), True),
        (ASSUMED.format(role="{deployer}x"), False),
        (ASSUMED.format(role="team20-deployer-7078ea12"), False),
        ("arn:aws:iam::123456789012:user/{deployer}", False),
        ("arn:aws-cn:sts::123456789012:assumed-role/{deployer}/bob", True),
    ],
)
def test_a_deployer_is_known_by_its_role(caller, own, aws, lane):
    aws.caller = caller.format(deployer=lane.deployer)
    assert is_deployer(lane, aws) is own


def test_a_step_that_aws_denies_says_who_may(aws, lane, project):
    def deny(**_):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "CreatePolicy")

    aws.session.events.register("before-call.iam.CreatePolicy", deny)
    with pytest.raises(ApplyError, match="could not create policy") as stopped:
        prepare_lane(lane, project, aws).deploy()
    assert "fix: the platform's role may (lanes isolation platform" in str(stopped.value)
