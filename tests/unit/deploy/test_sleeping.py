"""A lane that sleeps: nothing of it may run, a deploy does not wake it, and waking goes back to what its files say."""

from __future__ import annotations

import dataclasses
import json

import pytest
from moto.core.base_backend import BackendDict

from shared.aws.client import connect_endpoint
from shared.deploy.apply import apply
from shared.deploy.caller import FoundationError, check_may
from shared.deploy.concurrency import QuotaError
from shared.deploy.drift import read_drift
from shared.deploy.guard import OwnershipError
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.record import read_records
from shared.deploy.resources import event_source, function, schedules
from shared.deploy.routines import ROUTINES
from shared.deploy.sleeping import AWAIT_RUNS, NotDeployedError, asleep_since, await_runs, check_awake, noted
from shared.deploy.sleeping import plan_sleep as plan
from shared.deploy.sleeping import plan_wake as wake
from shared.deploy.watch import Watch
from shared.errors import LanesError
from shared.local.cloud import EmbeddedCloud
from tests.helpers.by_hand import DEFINITION, trust
from tests.helpers.in_process import go_straight
from tests.helpers.triggered import triggered
from tests.helpers.zips import zipped
from tests.unit.deploy.conftest import PLACE

AT_ONCE = Watch(sleep=lambda _: None)
SINCE, LATER = "2026-12-20T10:00Z", "2026-12-21T10:00Z"
GROUP, STARTER, INFER = "team2-cosmic-7078ea12", "team2-cosmic-starter-7078ea12", "team2-cosmic-infer-7078ea12"


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
    return triggered(lane, "cosmic")


@pytest.fixture
def deployed(lane, project, aws):
    """Return a function that deploys the lane, and return what was done."""
    prepare_lane(lane, project, aws).deploy(AT_ONCE)
    return lambda changed=lane: prepare_lane(changed, project, aws).deploy(AT_ONCE)


@pytest.fixture
def sleep(lane, project, aws):
    """Return a function that puts the lane to sleep, and tells what it took."""

    def carry_out(since=SINCE, **options):
        todo = plan(lane, aws, since, **options)
        apply(noted(todo, lane, project.root, aws), aws, AT_ONCE, routines={**ROUTINES, AWAIT_RUNS: await_runs})
        return [str(step) for step in todo.changes]

    return carry_out


def reserved(aws, lane):
    names = {key: each.name for key, each in lane.functions.items()}
    return {key: function.current(aws, name).properties["reserved_concurrency"] for key, name in names.items()}


def states(aws):
    return {key: each["State"] for key, each in schedules.current(aws, GROUP).properties["schedules"].items()}


@pytest.fixture
def waiting(lane, deployed, aws):
    """Deploy a machine that waits, start it, and return the execution's ARN."""
    machine = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 99_999, "End": True}}}
    lane.workflows["cosmic"].template.write_text(json.dumps(machine))
    deployed()
    return aws.states.start_execution(stateMachineArn=lane.state_machine_arn("cosmic"), input="{}")["executionArn"]


def test_nothing_may_run_and_waking_goes_back_to_what_the_files_say(lane, deployed, sleep, project, aws):
    before = reserved(aws, lane)
    assert before == {"cosmic-init": None, "cosmic-infer": 8, "cosmic-starter": None}
    done = sleep()
    assert done[0] == "update state machine team2-cosmic-7078ea12"
    assert set(reserved(aws, lane).values()) == {0}
    assert not event_source.current(aws, STARTER).properties["enabled"]
    assert set(states(aws).values()) == {schedules.PAUSED}
    assert asleep_since(lane, aws) == SINCE
    with pytest.raises(LanesError, match=f"team2 sleeps since {SINCE}") as caught:
        check_awake(lane, aws)
    assert "lanes wake team2" in str(caught.value)
    apply(wake(lane, aws), aws, AT_ONCE)
    assert reserved(aws, lane) == before
    assert event_source.current(aws, STARTER).properties["enabled"]
    assert set(states(aws).values()) == {schedules.ACTIVE}
    assert asleep_since(lane, aws) == ""
    check_awake(lane, aws)
    assert prepare_lane(lane, project, aws).plan().changes == ()


def test_both_are_done_once(lane, deployed, sleep, aws):
    assert wake(lane, aws).changes == ()
    sleep()
    assert sleep(LATER) == []
    assert asleep_since(lane, aws) == SINCE


def test_a_deploy_does_not_wake_it_and_says_so(lane, deployed, sleep, project, aws):
    sleep()
    todo = prepare_lane(lane, project, aws).plan()
    assert todo.changes == ()
    assert todo.steps[-1].diff == (f"asleep since {SINCE}, and stays so (lanes wake team2)",)
    assert read_drift(lane, todo, aws).total_reserved == 0
    functions = {key: dataclasses.replace(each, memory_mb=1024) for key, each in lane.functions.items()}
    new = dataclasses.replace(functions["cosmic-init"], key="cosmic-new", name="team2-cosmic-new-7078ea12")
    changed = dataclasses.replace(lane, functions={**functions, "cosmic-new": new})
    assert "create function team2-cosmic-new-7078ea12" in map(str, deployed(changed).changes)
    assert set(reserved(aws, changed).values()) == {0}
    assert set(states(aws).values()) == {schedules.PAUSED}
    assert not event_source.current(aws, STARTER).properties["enabled"]
    apply(wake(changed, aws), aws, AT_ONCE)
    assert reserved(aws, changed) == {
        "cosmic-new": None,
        "cosmic-init": None,
        "cosmic-infer": 8,
        "cosmic-starter": None,
    }


def test_a_machine_that_is_made_anew_sleeps_on(lane, deployed, sleep, project, aws):
    sleep()
    express = dataclasses.replace(lane.workflows["cosmic"], type="express", schedules=None, upload=None)
    lane.workflows["cosmic"].template.write_text(json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}))
    changed = dataclasses.replace(lane, workflows={"cosmic": express})
    assert "replace state machine team2-cosmic-7078ea12" in map(str, deployed(changed).changes)
    assert asleep_since(changed, aws) == SINCE


def test_a_schedule_that_was_paused_before_stays_paused_and_a_new_one_sleeps(lane, deployed, sleep, aws):
    nightly = dict(schedules.current(aws, GROUP).properties["schedules"]["nightly"])
    aws.client("scheduler").update_schedule(GroupName=GROUP, Name="nightly", **{**nightly, "State": schedules.PAUSED})
    sleep()
    told = lane.workflows["cosmic"].schedules
    more = dataclasses.replace(told, by_key={**told.by_key, "new": told.by_key["often"]})
    changed = dataclasses.replace(
        lane, workflows={"cosmic": dataclasses.replace(lane.workflows["cosmic"], schedules=more)}
    )
    (step,) = [each for each in deployed(changed).steps if each.kind == schedules.KIND]
    assert "often: paused, for the lane sleeps (lanes wake)" in step.diff
    assert "nightly: paused, and stays so (lanes schedule resume)" in step.diff
    assert set(states(aws).values()) == {schedules.PAUSED}
    apply(wake(changed, aws), aws, AT_ONCE)
    assert states(aws) == {"nightly": schedules.PAUSED, "often": schedules.ACTIVE, "new": schedules.ACTIVE}


def test_a_change_of_a_schedule_does_not_forget_that_it_sleeps(lane, deployed, sleep, aws):
    sleep()
    told = lane.workflows["cosmic"].schedules
    often = dataclasses.replace(told.by_key["often"], timezone="Europe/Berlin")
    more = dataclasses.replace(told, by_key={**told.by_key, "often": often})
    changed = dataclasses.replace(
        lane, workflows={"cosmic": dataclasses.replace(lane.workflows["cosmic"], schedules=more)}
    )
    deployed(changed)
    apply(wake(changed, aws), aws, AT_ONCE)
    assert states(aws) == {"nightly": schedules.ACTIVE, "often": schedules.ACTIVE}


def test_what_was_interrupted_is_finished_by_the_same_command(lane, deployed, project, aws):
    whole = plan(lane, aws, SINCE)
    for count in range(1, len(whole.changes)):
        apply(dataclasses.replace(whole, steps=whole.changes[:count]), aws, AT_ONCE)
        assert asleep_since(lane, aws) == SINCE
    apply(plan(lane, aws, LATER), aws, AT_ONCE)
    assert (asleep_since(lane, aws), set(reserved(aws, lane).values())) == (SINCE, {0})
    back = wake(lane, aws)
    apply(dataclasses.replace(back, steps=back.changes[:-1]), aws, AT_ONCE)
    assert asleep_since(lane, aws) == SINCE  # so nobody takes it for awake, and the same command goes on
    apply(wake(lane, aws), aws, AT_ONCE)
    assert prepare_lane(lane, project, aws).plan().changes == ()
    assert set(states(aws).values()) == {schedules.ACTIVE}


def test_runs_are_stopped_where_that_is_asked_for(waiting, sleep, aws):
    sleep(stop=[waiting])
    assert aws.states.describe_execution(executionArn=waiting)["status"] == "ABORTED"


def test_runs_are_waited_for_before_any_function_is_stopped(lane, waiting, aws):
    rests = []

    def rest(seconds):
        rests.append((seconds, reserved(aws, lane)["cosmic-infer"], states(aws)["often"]))
        aws.states.stop_execution(executionArn=waiting)

    todo = plan(lane, aws, SINCE, wait=True)
    said = []
    apply(todo, aws, Watch(on_wait=said.append, sleep=rest), routines={**ROUTINES, AWAIT_RUNS: await_runs})
    assert rests == [(5.0, 8, schedules.PAUSED)]
    assert said == [f"team2-cosmic-7078ea12: 1 runs go on; the oldest is {waiting.rpartition(':')[2]}"]
    assert reserved(aws, lane)["cosmic-infer"] == 0


class Busy:
    """Step Functions, where a run never ends."""

    def client(self, _service):
        return self

    def list_executions(self, **asked):
        assert asked == {"stateMachineArn": "arn:of:m", "statusFilter": "RUNNING"}
        return {"executions": [{"name": "new"}, {"name": "old"}]}


def test_a_run_that_never_ends_is_told():
    rests = []
    with pytest.raises(LanesError, match="still busy after a day"):
        await_runs(Busy(), {"stateMachineArn": "arn:of:m"}, Watch(sleep=rests.append))
    assert sum(rests) == pytest.approx(86_400)


def test_a_lane_that_is_not_there_or_anothers_is_refused(lane, aws):
    with pytest.raises(NotDeployedError, match="team2 is not deployed"):
        plan(lane, aws, SINCE)
    check_awake(lane, aws)
    role = aws.iam.create_role(RoleName="team2-of-others", AssumeRolePolicyDocument=trust("states"))["Role"]["Arn"]
    aws.states.create_state_machine(
        name=lane.workflows["cosmic"].name,
        definition=DEFINITION,
        roleArn=role,
        tags=[{"key": "team", "value": "team1"}, {"key": "managed-by", "value": "teamlanes"}],
    )
    with pytest.raises(OwnershipError, match="belongs to team team1"):
        plan(lane, aws, SINCE)


def test_what_sleeps_is_destroyed_as_any_lane(lane, deployed, sleep, aws):
    sleep()
    destroy(lane, aws, AT_ONCE)
    assert asleep_since(lane, aws) == ""


def test_waking_is_refused_where_the_room_has_gone(lane, deployed, sleep, aws):
    sleep()
    aws.lambda_.create_function(
        FunctionName="others",
        Role=lane.role_arn(lane.functions["cosmic-init"].role),
        Code={"ZipFile": zipped("def handler(event, context): return event\n")},
        Runtime="python3.13",
        Handler="a.b",
    )
    aws.lambda_.put_function_concurrency(FunctionName="others", ReservedConcurrentExecutions=896)
    with pytest.raises(QuotaError, match="team2-cosmic-infer-7078ea12 8"):
        wake(lane, aws)
    assert asleep_since(lane, aws) == SINCE


class SmallAccount:
    """A new account: ten concurrent executions, of which none may be reserved."""

    def __init__(self, aws):
        self._aws = aws
        self.lambda_ = self

    def get_account_settings(self):
        return {"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}}

    def __getattr__(self, name):
        return getattr(self._aws, name)


def test_an_account_of_ten_concurrent_executions_can_sleep_and_wake(lane, project, aws):
    functions = {key: dataclasses.replace(each, reserved_concurrency=None) for key, each in lane.functions.items()}
    small = dataclasses.replace(lane, functions=functions)
    prepare_lane(small, project, aws).deploy(AT_ONCE)
    account = SmallAccount(aws)
    apply(plan(small, account, SINCE), aws, AT_ONCE)
    assert set(reserved(aws, small).values()) == {0}
    apply(wake(small, account), aws, AT_ONCE)
    assert set(reserved(aws, small).values()) == {None}
    apply(plan(small, account, SINCE), aws, AT_ONCE)
    with pytest.raises(QuotaError, match="a new account has fewer"):
        wake(lane, account)  # whose file reserves eight


def test_a_deployer_puts_a_lane_without_uploads_to_sleep_and_no_other(lane, deployed, aws):
    caller = f"arn:aws:sts::{PLACE.account}:assumed-role/{lane.deployer}/ann"
    as_deployer = dataclasses.make_dataclass("Caller", ["caller"])(caller)
    todo = plan(lane, aws, SINCE)
    with pytest.raises(FoundationError, match="event source mapping"):
        check_may(todo, lane, as_deployer)
    others = tuple(step for step in todo.steps if step.kind != event_source.KIND)
    check_may(dataclasses.replace(todo, steps=others), lane, as_deployer)


def test_a_plan_of_many_teams_reads_a_lane_in_full_that_sleeps_or_slept(lane, project, aws, deployed, sleep):
    deployment = prepare_lane(lane, project, aws)
    assert deployment.as_recorded(read_records(lane, aws))
    assert noted(wake(lane, aws), lane, project.root, aws).changes == ()  # it is awake: nothing is written down
    sleep()
    assert not deployment.as_recorded(read_records(lane, aws))
    deployed()
    assert not deployment.as_recorded(read_records(lane, aws))
    apply(noted(wake(lane, aws), lane, project.root, aws), aws, AT_ONCE)
    assert not deployment.as_recorded(read_records(lane, aws))
    assert deployed().changes == ()
    assert deployment.as_recorded(read_records(lane, aws))
