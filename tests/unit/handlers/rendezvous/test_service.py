"""Waiting for a task and for Route 53, on clients that answer from a script; no test sleeps."""

import pytest

from shared.handlers.rendezvous.operated import Service, ServiceError
from shared.handlers.rendezvous.record import point
from shared.handlers.rendezvous.service import await_ready, observe, renew

SERVICE = Service("dev", "cluster", "meet", "example.edu", "meet.example.edu", 10000)


class Aws:
    """ECS, EC2 and Route 53 as one service sees them; a test sets what is there."""

    def __init__(self):
        self.rollout = "IN_PROGRESS"
        self.health = "UNKNOWN"
        self.attached = False
        self.address = None
        self.reason = ""
        self.stopped = []
        self.started = "ecs-svc/2"
        self.renewals = 0
        self.pending = 0

    def __call__(self, _service):
        return self

    def describe_services(self, **_):
        newest = {"id": "ecs-svc/2", "status": "PRIMARY", "rolloutState": self.rollout, "taskDefinition": "meet:2"}
        newest["rolloutStateReason"] = self.reason
        older = {"id": "ecs-svc/1", "status": "ACTIVE", "rolloutState": "COMPLETED", "taskDefinition": "meet:1"}
        return {"services": [{"status": "ACTIVE", "deployments": [older, newest]}]}

    def list_tasks(self, **asked):
        return {
            "taskArns": ["old", "new"]
            if asked["desiredStatus"] == "RUNNING"
            else [each["taskArn"] for each in self.stopped]
        }

    def describe_tasks(self, *, tasks, **_):
        if "new" not in tasks:
            return {"tasks": self.stopped}
        interface = {"name": "networkInterfaceId", "value": "eni-1"}
        new = {"taskArn": "new", "startedBy": self.started, "lastStatus": "RUNNING", "healthStatus": self.health}
        new["attachments"] = [{"details": [interface]}] if self.attached else []
        return {"tasks": [{"taskArn": "old", "startedBy": "ecs-svc/1", "lastStatus": "RUNNING"}, new]}

    def describe_network_interfaces(self, **_):
        return {"NetworkInterfaces": [{"Association": {"PublicIp": self.address}} if self.address else {}]}

    def update_service(self, **_):
        self.renewals += 1

    def list_hosted_zones_by_name(self, **_):
        private = {"Name": "example.edu.", "Id": "/hostedzone/Z0", "Config": {"PrivateZone": True}}
        return {"HostedZones": [private, {"Name": "example.edu.", "Id": "/hostedzone/Z1"}]}

    def list_resource_record_sets(self, **_):
        return {"ResourceRecordSets": []}

    def change_resource_record_sets(self, **asked):
        assert asked["HostedZoneId"] == "Z1"
        return {"ChangeInfo": {"Id": "C1", "Status": "PENDING"}}

    def get_change(self, **_):
        self.pending -= 1
        return {"ChangeInfo": {"Id": "C1", "Status": "PENDING" if self.pending else "INSYNC"}}


class Clock:
    """Counts the seconds slept and lets one thing happen after each sleep."""

    def __init__(self, *happenings):
        self.slept = 0.0
        self.happenings = list(happenings)

    def sleep(self, seconds):
        self.slept += seconds
        if self.happenings:
            self.happenings.pop(0)()


def test_a_task_is_awaited_until_it_is_healthy_and_has_an_address():
    aws = Aws()
    steps = ({"attached": True}, {"health": "HEALTHY"}, {"address": "192.0.2.1"})
    clock = Clock(*(lambda step=step: vars(aws).update(step) for step in steps))
    state = await_ready(aws, SERVICE, clock.sleep)
    assert (state.task, state.address, state.health) == ("new", "192.0.2.1", "HEALTHY")
    assert clock.slept == 9


def test_the_old_deployments_task_is_not_taken_for_the_new_one():
    aws = Aws()
    aws.started = "ecs-svc/1"
    assert observe(aws, SERVICE).task == ""


def test_a_task_that_never_comes_is_given_up_after_ten_minutes():
    aws, clock = Aws(), Clock()
    aws.stopped = [{"taskArn": "dead", "stoppedReason": "CannotPullContainerError: no such image"}]
    with pytest.raises(ServiceError) as error:
        await_ready(aws, SERVICE, clock.sleep)
    assert error.value.what == (
        "no healthy task after 600 s: its rollout is IN_PROGRESS, its task UNKNOWN at no address; "
        "its last task stopped: CannotPullContainerError: no such image"
    )
    assert clock.slept == 600


def test_a_wait_tells_each_change_once():
    aws, told = Aws(), []
    aws.started = "not yet"
    changes = ({}, {"started": "ecs-svc/2"}, {}, {"attached": True, "address": "192.0.2.1"}, {"health": "HEALTHY"})
    clock = Clock(*(lambda change=change: vars(aws).update(change) for change in changes))
    await_ready(aws, SERVICE, clock.sleep, told.append)
    assert told == [
        "waiting for meet: its rollout is IN_PROGRESS, and no task of it runs",
        "waiting for meet: its rollout is IN_PROGRESS, its task UNKNOWN at no address",
        "waiting for meet: its rollout is IN_PROGRESS, its task UNKNOWN at 192.0.2.1",
    ]


@pytest.mark.parametrize("started", ["ecs-svc/2", "whoever"])
def test_a_rollout_that_is_completed_without_a_healthy_task_is_given_up_after_three_minutes(started):
    aws, clock = Aws(), Clock()
    aws.rollout, aws.started = "COMPLETED", started
    with pytest.raises(ServiceError, match="ECS has nothing left to do, and after 180 s its rollout is COMPLETED"):
        await_ready(aws, SERVICE, clock.sleep)
    assert clock.slept == 177


def test_the_three_minutes_begin_anew_with_a_rollout():
    aws = Aws()
    aws.rollout = "COMPLETED"
    changes = [{}] * 50 + [{"rollout": "IN_PROGRESS"}, {"rollout": "COMPLETED"}] + [{}] * 50
    changes += [{"attached": True, "address": "192.0.2.1", "health": "HEALTHY"}]
    clock = Clock(*(lambda change=change: vars(aws).update(change) for change in changes))
    assert await_ready(aws, SERVICE, clock.sleep).ready


def test_a_rollout_that_ecs_gave_up_ends_the_wait_at_once():
    aws, clock = Aws(), Clock()
    aws.rollout, aws.reason = "FAILED", "ECS deployment circuit breaker: tasks failed to start"
    with pytest.raises(ServiceError, match="ECS gave up on it: ECS deployment circuit breaker"):
        await_ready(aws, SERVICE, clock.sleep)
    assert clock.slept == 0


@pytest.mark.parametrize(("rollout", "renewals"), [("IN_PROGRESS", 0), ("COMPLETED", 1), ("FAILED", 1)])
def test_a_restart_that_is_run_again_goes_on_with_the_deployment_on_its_way(rollout, renewals):
    aws = Aws()
    aws.rollout = rollout
    renew(aws, SERVICE)
    assert aws.renewals == renewals


def test_a_record_is_awaited_on_all_of_route_53s_servers():
    aws, clock = Aws(), Clock()
    aws.pending = 3
    point(aws, SERVICE, "192.0.2.1", '"team=platform"', clock.sleep)
    assert clock.slept == 9
    aws.pending = -1
    with pytest.raises(ServiceError, match="still not on all of Route 53's servers after 120 s"):
        point(aws, SERVICE, "192.0.2.1", '"team=platform"', clock.sleep)


class Bare(Aws):
    """ECS that answers only with the fields that its description requires: none."""

    def describe_services(self, **_):
        return {"services": [{"status": "ACTIVE", "deployments": [{"status": "PRIMARY"}]}]}

    def list_tasks(self, **_):
        return {}


def test_what_ecs_leaves_out_is_not_there_yet():
    state = observe(Bare(), SERVICE)
    assert (state.definition, state.rollout, state.task, state.address, state.ready) == ("", "", "", "", False)
    assert str(state) == "its rollout is not told, and no task of it runs"


def test_a_task_that_tells_no_more_than_that_it_runs_is_not_ready():
    aws = Aws()
    aws.describe_tasks = lambda **_: {
        "tasks": [{"startedBy": "ecs-svc/2", "lastStatus": "RUNNING", "attachments": [{}]}]
    }
    state = observe(aws, SERVICE)
    assert (state.task, state.health, state.address, state.ready) == ("not told", "UNKNOWN", "", False)
