"""What starts workflows by itself: made, left alone, mended, paused without a deploy's objecting, and removed."""

import dataclasses
import json

import pytest
from moto.core.base_backend import BackendDict

from shared.aws.client import connect_endpoint
from shared.deploy.apply import apply
from shared.deploy.documents import lane_links, schedule_links
from shared.deploy.guard import OwnershipError
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.readback.sight import Sight
from shared.deploy.readback.triggers import read_triggers
from shared.deploy.resources import (
    KINDS,
    bucket,
    event_source,
    notification,
    queue,
    role,
    schedules,
)
from shared.deploy.sources import read_sources
from shared.deploy.watch import Watch
from shared.isolation.proof.account.links import judge_links
from shared.isolation.proof.names.territory import Territory
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight
from tests.helpers.triggered import NIGHTLY, OFTEN, triggered
from tests.unit.deploy.conftest import PLACE

AT_ONCE = Watch(sleep=lambda _: None)
GROUP, FUNCTION = "team2-cosmic-7078ea12", "team2-cosmic-starter-7078ea12"
STARTS, DEAD = "team2-cosmic-starts-7078ea12", "team2-cosmic-starts-dead-letters-7078ea12"
OF_TRIGGERS = (event_source.KIND, schedules.KIND, notification.KIND)


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """Return clients of an embedded cloud, where a function that a queue's message calls needs no container."""
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud")) as cloud:
        yield go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application)


@pytest.fixture
def aws(clients):
    """Return clients of an empty cloud: the same ones for every test, for they take long to make."""
    BackendDict.reset()
    return clients


@pytest.fixture
def lane(lane):
    return triggered(lane, "cosmic")


@pytest.fixture
def deploy(project, aws):
    """Return a function that deploys a lane, and returns the changes of triggers: kind and action."""

    def run(lane):
        todo = prepare_lane(lane, project, aws).deploy(AT_ONCE)
        return [(step.kind, step.action) for step in todo.changes if step.kind in OF_TRIGGERS]

    return run


@pytest.fixture
def plan(project, aws):
    return lambda lane: prepare_lane(lane, project, aws).plan()


def test_all_is_made_with_its_tags_and_left_alone(lane, aws, deploy):
    assert deploy(lane) == [(kind, "create") for kind in OF_TRIGGERS]
    assert deploy(lane) == []
    tags = read_sources(lane).tags
    for kind in OF_TRIGGERS:
        for name in KINDS[kind].names(aws, "team2"):
            assert KINDS[kind].current(aws, name).tags.items() >= tags.items(), name


def test_nothing_is_there_in_the_end(lane, aws, deploy):
    deploy(lane)
    destroy(lane, aws, AT_ONCE)
    assert [list(KINDS[kind].names(aws, "team2")) for kind in KINDS] == [[]] * len(KINDS)
    assert aws.client("scheduler").list_schedules()["Schedules"] == []
    assert aws.lambda_.list_event_source_mappings()["EventSourceMappings"] == []


def test_what_no_card_says_any_more_goes_but_the_queues_stay(lane, make_lane, aws, deploy):
    deploy(lane)
    assert deploy(make_lane()) == [(kind, "delete") for kind in reversed(OF_TRIGGERS)]
    assert {STARTS, DEAD} <= set(queue.names(aws, "team2"))
    assert "team2-cosmic-scheduler-role-7078ea12" not in set(role.names(aws, "team2"))


def test_a_schedule_starts_its_machine_and_says_so_in_the_runs_name(lane, aws, deploy):
    deploy(lane)
    found = aws.client("scheduler").get_schedule(GroupName=GROUP, Name="nightly")
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == (NIGHTLY.expression, "Europe/Berlin")
    target = found["Target"]
    assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:sfn:startExecution"
    assert target["RoleArn"] == lane.role_arn("team2-cosmic-scheduler-role-7078ea12")
    assert target["DeadLetterConfig"]["Arn"] == lane.queue_arn("team2-cosmic-schedules-dead-letters-7078ea12")
    told = json.loads(target["Input"])
    assert told["StateMachineArn"] == lane.state_machine_arn("cosmic")
    assert told["Name"] == "schedule-nightly-<aws.scheduler.execution-id>"
    assert json.loads(told["Input"]) == {"limit": 3}
    often = aws.client("scheduler").get_schedule(GroupName=GROUP, Name="often")
    assert often["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}


def test_a_pause_survives_a_deploy_and_a_change_and_the_plan_says_it(lane, aws, deploy, plan):
    deploy(lane)
    scheduler = aws.client("scheduler")
    settings = dict(schedules.read_schedules(aws, GROUP))["nightly"]
    scheduler.update_schedule(GroupName=GROUP, Name="nightly", **{**settings, "State": "DISABLED"})
    step = next(step for step in plan(lane).steps if step.kind == schedules.KIND)
    assert (step.action, step.calls) == ("nothing", ())
    assert step.diff == ("nightly: paused, and stays so (lanes schedule resume)",)
    told = lane.workflows["cosmic"].schedules
    later = dataclasses.replace(told.by_key["nightly"], expression="cron(0 3 1 JAN ? 2199)")
    own = dataclasses.replace(told, by_key={**told.by_key, "nightly": later})
    changed = dataclasses.replace(
        lane, workflows={"cosmic": dataclasses.replace(lane.workflows["cosmic"], schedules=own)}
    )
    assert deploy(changed) == [(schedules.KIND, "update")]
    found = scheduler.get_schedule(GroupName=GROUP, Name="nightly")
    assert (found["State"], found["ScheduleExpression"]) == ("DISABLED", "cron(0 3 1 JAN ? 2199)")
    assert scheduler.get_schedule(GroupName=GROUP, Name="often")["State"] == "ENABLED"


def test_a_schedule_comes_and_goes_with_the_card_and_one_made_by_hand_goes_too(lane, aws, deploy):
    deploy(lane)
    scheduler = aws.client("scheduler")
    settings = dict(schedules.read_schedules(aws, GROUP))["nightly"]
    scheduler.create_schedule(GroupName=GROUP, Name="by-hand", **settings)
    told = lane.workflows["cosmic"].schedules
    own = dataclasses.replace(told, by_key={"often": OFTEN, "new": OFTEN})
    changed = dataclasses.replace(
        lane, workflows={"cosmic": dataclasses.replace(lane.workflows["cosmic"], schedules=own)}
    )
    assert deploy(changed) == [(schedules.KIND, "update")]
    assert sorted(each["Name"] for each in scheduler.list_schedules(GroupName=GROUP)["Schedules"]) == ["new", "often"]


def test_a_schedule_that_was_changed_by_hand_is_mended(lane, aws, deploy):
    deploy(lane)
    scheduler = aws.client("scheduler")
    settings = dict(schedules.read_schedules(aws, GROUP))["nightly"]
    target = {**settings["Target"], "Input": "{}", "RetryPolicy": {"MaximumRetryAttempts": 0}}
    scheduler.update_schedule(GroupName=GROUP, Name="nightly", **{**settings, "Target": target})
    assert deploy(lane) == [(schedules.KIND, "update")]
    assert deploy(lane) == []


def test_another_teams_group_is_refused(lane, aws, plan):
    tags = [{"Key": "team", "Value": "team3"}, {"Key": "managed-by", "Value": "teamlanes"}]
    aws.client("scheduler").create_schedule_group(Name=GROUP, Tags=tags)
    with pytest.raises(OwnershipError, match=f"schedules {GROUP} belongs to team team3"):
        plan(lane)


def test_a_mapping_brings_batches_and_is_told_what_failed(lane, aws, deploy):
    deploy(lane)
    (found,) = aws.lambda_.list_event_source_mappings(FunctionName=FUNCTION)["EventSourceMappings"]
    assert found["EventSourceArn"] == lane.queue_arn(STARTS)
    assert (found["BatchSize"], found["FunctionResponseTypes"]) == (10, ["ReportBatchItemFailures"])
    assert found["ScalingConfig"] == {"MaximumConcurrency": 5}


def test_with_a_window_the_mapping_waits_for_more(lane, aws, deploy):
    deploy(lane)
    assert deploy(triggered(lane, "cosmic", window_seconds=30)) == [(event_source.KIND, "update")]
    (found,) = aws.lambda_.list_event_source_mappings(FunctionName=FUNCTION)["EventSourceMappings"]
    assert (found["BatchSize"], found["MaximumBatchingWindowInSeconds"]) == (1000, 30)


def test_a_mapping_that_was_switched_off_by_hand_goes_on(lane, aws, deploy):
    deploy(lane)
    (found,) = aws.lambda_.list_event_source_mappings(FunctionName=FUNCTION)["EventSourceMappings"]
    aws.lambda_.update_event_source_mapping(UUID=found["UUID"], Enabled=False)
    assert deploy(lane) == [(event_source.KIND, "update")]
    assert deploy(lane) == []


def test_a_bucket_tells_of_what_lies_below_the_prefix(lane, aws, deploy):
    deploy(lane)
    told = aws.s3.get_bucket_notification_configuration(Bucket=lane.bucket)
    (found,) = told["QueueConfigurations"]
    rules = {each["Name"].lower(): each["Value"] for each in found["Filter"]["Key"]["FilterRules"]}
    assert (found["QueueArn"], found["Events"], rules) == (
        lane.queue_arn(STARTS),
        ["s3:ObjectCreated:*"],
        {"prefix": "incoming/", "suffix": ".csv"},
    )


def test_two_workflows_of_one_bucket_are_one_configuration(lane, aws):
    own = dataclasses.replace(lane.workflows["cosmic"], key="other", name="team2-other-7078ea12", upload=None)
    both = triggered(dataclasses.replace(lane, workflows={**lane.workflows, "other": own}), "other", prefix="raw/")
    (want,) = notification.wanted(dataclasses.replace(read_sources(lane), lane=both, packages={}))
    assert [each["Id"] for each in want.properties["configuration"]["QueueConfigurations"]] == ["cosmic", "other"]


def test_what_a_bucket_was_told_by_hand_is_taken_out(lane, make_lane, aws, deploy):
    deploy(make_lane())
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": lane.queue_arn("by-hand")}]}
    aws.client("sqs").create_queue(QueueName="by-hand", Attributes={"Policy": json.dumps(policy)})
    told = [{"QueueArn": lane.queue_arn("by-hand"), "Events": ["s3:ObjectRemoved:*"]}]
    aws.s3.put_bucket_notification_configuration(
        Bucket=lane.bucket, NotificationConfiguration={"QueueConfigurations": told}
    )
    assert deploy(make_lane()) == [(notification.KIND, "delete")]
    assert deploy(make_lane()) == []


def test_only_the_lanes_bucket_may_tell_the_queue_and_the_queue_keeps_that(lane, aws, deploy, plan):
    deploy(lane)
    url = lane.queue_url(STARTS)
    told = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    (statement,) = json.loads(told["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": lane.bucket_arn},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    todo = plan(lane)
    assert [(step.kind, step.name) for step in todo.changes] == [(queue.KIND, STARTS)]
    apply(todo, aws, AT_ONCE)
    assert plan(lane).changes == ()


def test_the_bucket_denies_a_workflow_the_prefix_that_starts_it(lane):
    policy = bucket.desired(lane, lane.bucket, {}).properties["policy"]
    denied = next(each for each in policy["Statement"] if each["Sid"] == "NoCirclecosmic")
    assert denied["Effect"] == "Deny"
    assert denied["Action"] == "s3:PutObject"
    assert denied["Resource"] == [f"{lane.bucket_arn}/incoming/*"]
    own = {lane.role_arn(lane.functions[key].role) for key in ("cosmic-init", "cosmic-infer")}
    assert set(denied["Condition"]["ArnEquals"]["aws:PrincipalArn"]) == {
        *own,
        lane.role_arn(lane.workflows["cosmic"].role),
    }


def test_a_lane_without_uploads_denies_nothing_more(make_lane):
    policy = bucket.desired(make_lane(), make_lane().bucket, {}).properties["policy"]
    assert [each["Sid"] for each in policy["Statement"]] == ["TlsOnly", "OwnAccountOnly"]


def test_what_is_read_back_is_what_was_wanted(lane, aws, deploy):
    deploy(lane)
    found = set(read_triggers([lane], aws, Sight()))
    wanted = {each for each in lane_links(lane) if type(each).__name__ == "TriggerLinks"}
    plain = {(each.kind, each.arn) for each in found}
    assert plain == {(each.kind, each.arn) for each in wanted}
    assert [*judge_links([*found, *wanted], [Territory("team2", lane.place)])] == []


def test_a_payload_that_holds_an_arn_is_no_target(lane):
    told = schedules.desired(lane, lane.workflows["cosmic"], lane.workflows["cosmic"].schedules, {})
    schedule = json.loads(json.dumps(told.properties["schedules"]["nightly"]))
    given = json.loads(schedule["Target"]["Input"])
    given["Input"] = json.dumps({"from": "arn:aws:s3:::others"})
    schedule["Target"]["Input"] = json.dumps(given)
    assert not any("others" in arn for arn in schedule_links(lane.place, GROUP, "nightly", schedule).aims)
