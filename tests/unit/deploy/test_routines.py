from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.config.load import find_root, load_project
from shared.config.platform import rendezvous_service
from shared.deploy.model import Routine
from shared.deploy.rendezvous.desired import (
    Answers,
    Network,
    foundation,
    kinds,
    leading_record,
    names,
    schedules,
    task_service,
)
from shared.deploy.resources import KINDS, bucket, function, table, wanted_resources
from shared.deploy.routines import ROUTINES, await_function, await_no_state_machine, remove_bucket, stop_executions
from shared.deploy.sources import read_sources
from shared.deploy.watch import Watch
from shared.errors import LanesError
from shared.packages.package import Package

UNWATCHED = Watch(sleep=lambda _seconds: None)
MACHINE = {"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:team2-cosmic"}
BUCKET = {"Bucket": "team2-data", "ExpectedBucketOwner": "123456789012"}


def cloud(client):
    """A cloud whose one client is *client*."""
    return SimpleNamespace(client=lambda _service: client)


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "call")


class States:
    """A state machine that AWS goes on deleting for so many looks."""

    def __init__(self, looks):
        self.looks = looks
        self.stopped = []

    def describe_state_machine(self, **_):
        self.looks -= 1
        if self.looks < 0:
            raise refusal("StateMachineDoesNotExist")
        return {"status": "DELETING"}

    def get_paginator(self, _operation):
        pages = [{"executions": [{"executionArn": "a"}]}, {"executions": [{"executionArn": "b"}]}]
        return SimpleNamespace(paginate=lambda **_: iter(pages))

    def stop_execution(self, **params):
        self.stopped.append(params["executionArn"])


class S3:
    """A bucket that somebody refills so many times."""

    def __init__(self, refills, errors=(), more=0):
        self.refills = refills
        self.more = more
        self.errors = errors
        self.deleted = []

    def get_paginator(self, _operation):
        page = {"Versions": [{"Key": "a", "VersionId": "1"}], "DeleteMarkers": [{"Key": "a", "VersionId": "2"}]}
        return SimpleNamespace(paginate=lambda **_: iter([*[{**page, "IsTruncated": True}] * self.more, page, {}]))

    def delete_objects(self, **params):
        self.deleted.append(params)
        return {"Errors": self.errors}

    def delete_bucket(self, **_):
        self.refills -= 1
        if self.refills >= 0:
            raise refusal("BucketNotEmpty")


class Function:
    """A function that AWS tells of as *told*, one after the other, the last for good."""

    def __init__(self, *told, package="Image"):
        self.told = list(told)
        self.package = {"PackageType": package, "Architectures": ["arm64"]}

    def get_function_configuration(self, FunctionName):
        state, update = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        reasons = {"StateReason": "no layer", "LastUpdateStatusReason": "size"}
        return {"State": state, "LastUpdateStatus": update, **reasons, **self.package}


PENDING, UPDATING, READY = ("Pending", "InProgress"), ("Active", "InProgress"), ("Active", "Successful")


def test_a_function_is_awaited_until_lambda_has_its_image():
    waits = []
    await_function(cloud(Function(PENDING, UPDATING, READY)), {"FunctionName": "f"}, Watch(sleep=waits.append))
    assert len(waits) == 2
    with pytest.raises(LanesError, match="function f is still Pending after 300 s"):
        await_function(cloud(Function(PENDING)), {"FunctionName": "f"}, Watch(sleep=waits.append))


@pytest.mark.parametrize(("last", "why"), [(("Failed", "Successful"), "no layer"), (("Active", "Failed"), "size")])
def test_an_image_that_lambda_cannot_take_is_told_with_its_reason(last, why):
    fix = r"push an image that Lambda can run \(Linux on arm64\)"
    with pytest.raises(LanesError, match=f"(?s)f: Lambda could not take it: {why}.*{fix}"):
        await_function(cloud(Function(PENDING, last)), {"FunctionName": "f"}, UNWATCHED)


def test_a_function_of_a_zip_that_lambda_cannot_take_is_told_to_look_at_its_network():
    with pytest.raises(LanesError, match=r"(?s)f: Lambda could not take it: size.*subnets and security groups"):
        await_function(cloud(Function(("Active", "Failed"), package="Zip")), {"FunctionName": "f"}, UNWATCHED)


def test_a_state_machine_is_awaited_until_aws_has_really_deleted_it():
    waits = []
    await_no_state_machine(cloud(States(3)), MACHINE, Watch(sleep=waits.append))
    assert len(waits) == 3


def test_a_deletion_that_takes_too_long_says_to_come_back():
    waits = []
    with pytest.raises(LanesError, match="still being deleted after 300 s"):
        await_no_state_machine(cloud(States(10_000)), MACHINE, Watch(sleep=waits.append))
    assert sum(waits) == 300


def test_what_still_runs_is_stopped():
    states = States(0)
    stop_executions(cloud(states), MACHINE, UNWATCHED)
    assert states.stopped == ["a", "b"]


def test_a_bucket_that_is_still_written_to_is_emptied_again():
    waits, s3 = [], S3(refills=2)
    remove_bucket(cloud(s3), BUCKET, Watch(sleep=waits.append))
    assert len(waits) == 2
    assert len(s3.deleted) == 3
    assert s3.deleted[0]["Delete"]["Objects"] == [{"Key": "a", "VersionId": "1"}, {"Key": "a", "VersionId": "2"}]
    assert s3.deleted[0]["ExpectedBucketOwner"] == "123456789012"
    with pytest.raises(LanesError, match="fills faster than it is emptied"):
        remove_bucket(cloud(S3(refills=100)), BUCKET, Watch(sleep=waits.append))


def test_the_emptying_of_a_large_bucket_says_how_far_it_is():
    told = []
    remove_bucket(cloud(S3(refills=0, more=2)), BUCKET, Watch(told.append, told.append))
    name = BUCKET["Bucket"]
    assert told == [f"bucket {name}: 2 versions deleted so far", f"bucket {name}: 4 versions deleted so far"]


def test_objects_that_s3_had_no_time_for_are_left_to_the_next_round():
    busy = [{"Key": "a", "Code": "SlowDown", "Message": "Please reduce your request rate."}]
    s3 = S3(refills=1, errors=busy)
    remove_bucket(cloud(s3), BUCKET, UNWATCHED)
    assert len(s3.deleted) == 2


def test_a_bucket_that_went_meanwhile_is_removed():
    s3 = S3(refills=0)
    s3.get_paginator = lambda _: SimpleNamespace(paginate=lambda **_: gone())
    remove_bucket(cloud(s3), BUCKET, UNWATCHED)
    assert s3.deleted == []


def gone():
    raise refusal("NoSuchBucket")


def test_an_object_that_cannot_be_deleted_is_named():
    s3 = S3(refills=0, errors=[{"Key": "held", "Code": "AccessDenied", "Message": "object lock"}])
    with pytest.raises(LanesError, match=r"object held cannot be deleted: AccessDenied \(object lock\)"):
        remove_bucket(cloud(s3), BUCKET, UNWATCHED)


@pytest.fixture(scope="module")
def project():
    return load_project(find_root(Path(__file__)))


def routines(kinds, wanted):
    """Return the names of the routines that make the resources of *wanted*, change their tags, and remove them."""
    found = set()
    for want in wanted:
        more = {"arn": "arn:x", "older": (), "id": "sg-1", "rules": {}, "target_ids": (), "zone": "Z1", "found": {}}
        have = replace(want, properties={**more, **want.properties})
        kind = kinds[want.kind]
        steps = (kind.steps(want, None), kind.steps(want, replace(have, tags={})), kind.remove(have))
        found |= {call.name for step in steps for call in step.calls if isinstance(call, Routine)}
    return found


def test_every_routine_of_a_lanes_plan_is_in_the_table(project):
    package = Package(Path("code.zip"), "hash", 0, 0)
    found = set()
    for lane in project.teams.values():
        images = {key: "host/x@sha256:0" for key, each in lane.functions.items() if each.image}
        found |= routines(KINDS, wanted_resources(read_sources(lane, dict.fromkeys(lane.workflows, package), images)))
    assert {table.AWAIT, bucket.REMOVE, function.CHALICE_DEPLOY} < found <= {*ROUTINES, function.CHALICE_DEPLOY}


def test_every_routine_of_the_rendezvous_plan_is_in_the_table(project):
    service = rendezvous_service(project)
    package, answers = (
        Package(Path("code.zip"), "hash", 0, 0),
        Answers(Network("vpc-1", "10.0.0.0/16", ("subnet-1",))),
    )
    task = (task_service(service, answers), leading_record(service, answers))
    wanted = (*foundation(service, answers), *task, *schedules(service, package))
    assert [(each.kind, each.name) for each in wanted] == names(service)
    found = routines(kinds(service), wanted)
    assert {"create service", "point record"} < found <= {*ROUTINES, function.CHALICE_DEPLOY}
