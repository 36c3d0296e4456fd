"""Failures midway, told and finished by running again; and what AWS needs a moment for."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from types import SimpleNamespace

import boto3
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, SSLError

from shared.aws.client import Aws
from shared.aws.target import aws_target
from shared.config.lane import Place
from shared.deploy.apply import ApplyError, InterruptedApplyError, apply
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.model import Call, Plan, Resource, Routine, Step
from shared.deploy.watch import Watch
from shared.errors import LanesError

READS = ("get_", "list_", "describe_", "head_")


class FailingAws(Aws):
    """Refuses one changing call: the one after *allowed* of them, or the first whose method is not in *refused* yet.

    With *lost*, the call is carried out and that is raised in place of its answer.
    """

    def __init__(self, aws, allowed=-1, refusals=None, refused=None, lost=None):
        super().__init__(aws.session, aws.target)
        self.aws = aws
        self.allowed = allowed
        self.refusals = refusals or {}
        self.refused = refused
        self.lost = lost
        self.changes = self.failures = 0

    def refuses(self, method):
        self.changes += 1
        if self.refused is None:
            return self.changes - 1 == self.allowed
        new = not self.failures and method not in self.refused
        self.failures += new
        self.refused.update([method] if new else [])
        return new

    def client(self, service, region=None):
        return FailingClient(self.aws.client(service, region), self)


class FailingClient:
    def __init__(self, client, owner):
        self._client = client
        self._owner = owner

    def __getattr__(self, name):
        method = self._owner.refusals.get(name) or getattr(self._client, name)
        if not callable(method) or name.startswith((*READS, "_")) or name == "can_paginate":
            return method

        def call(**params):
            refused = self._owner.refuses(name)
            if refused and self._owner.lost:
                method(**params)
                raise self._owner.lost
            if refused:
                raise ClientError({"Error": {"Code": "Throttled", "Message": "not now"}}, name)
            return method(**params)

        return call


class ScriptedClient:
    """Answers each call from a list: an exception is raised."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.calls = []

    def __getattr__(self, name):
        def call(**params):
            self.calls.append((name, params))
            answer = self.answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        return call


class ScriptedAws:
    session = boto3.Session(region_name="us-east-1")
    target = aws_target(Place("123456789012", "us-east-1", "dev"))
    owner, caller = None, ""

    def __init__(self, *answers):
        self.scripted = ScriptedClient(answers)

    def client(self, _service, _region=None):
        return self.scripted


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "call")


def one_step(method, service="stepfunctions", **step):
    return Plan("team2", "dev", (Step("create", "thing", "x", calls=(Call(service, method, {}),), **step),), {})


def three_steps():
    steps = (Step("create", "thing", name, calls=(Call("iam", "create_thing", {}),)) for name in "abc")
    return Plan("team2", "dev", tuple(steps), {})


def finish(act, aws, lost=None):
    """Run *act* until it succeeds, refusing one call each time: the first of each method, wherever in a step it comes.

    With *lost*, the call is carried out and its answer is lost.

    Returns what each try said.
    """
    said, refused = [], set()
    for _ in range(80):
        try:
            act(FailingAws(aws, refused=refused, lost=lost))
        except ApplyError as error:
            said.append(str(error))
        else:
            return said
    raise AssertionError(f"it never finishes: {said[-1]}")


@pytest.fixture
def small(lane, project):
    """One function and one state machine: every call is refused in turn, and there are enough of them."""
    task = {"Type": "Task", "Resource": "${init}", "End": True}
    (project.root / "cosmic.asl.json").write_text(json.dumps({"StartAt": "Init", "States": {"Init": task}}))
    workflow = dataclasses.replace(lane.workflows["cosmic"], functions={"init": "cosmic-init"})
    functions = {"cosmic-init": lane.functions["cosmic-init"]}
    return dataclasses.replace(lane, functions=functions, workflows={"cosmic": workflow})


def test_a_deploy_or_destroy_refused_at_any_call_is_finished_by_running_it_again(small, project, aws, snapshot):
    said = finish(lambda flaky: prepare_lane(small, project, flaky).deploy(), aws)
    refused = {word for each in said for word in each.split() if "_" in word}
    assert refused >= {
        "put_resource_policy",
        *("create_log_group", "put_retention_policy", "create_role", "put_role_policy"),
        *("create_bucket", "put_bucket_tagging", "put_public_access_block", "put_bucket_policy"),
        *("create_function", "delete_function_concurrency"),
    }
    assert all("run the command again" in each for each in said)
    assert "done: nothing" in said[0]
    assert f"left: create bucket {small.bucket}" in said[0]
    assert prepare_lane(small, project, aws).plan().changes == ()

    aws.s3.put_object(Bucket=small.bucket, Key="results/a", Body=b"1")
    said = finish(lambda flaky: destroy(small, flaky), aws)
    refused = {word for each in said for word in each.split() if "_" in word}
    assert refused >= {"delete_state_machine", "delete_function", "delete_objects", "delete_bucket", "delete_role"}
    assert not any(snapshot("team2").values())


def test_a_deploy_or_destroy_interrupted_at_any_answer_is_finished_by_running_it_again(small, project, aws, snapshot):
    said = finish(lambda flaky: prepare_lane(small, project, flaky).deploy(), aws, KeyboardInterrupt())
    assert len(said) > 10
    assert all("run the command again" in each for each in said)
    assert prepare_lane(small, project, aws).plan().changes == ()
    said = finish(lambda flaky: destroy(small, flaky), aws, KeyboardInterrupt())
    assert len(said) > 5
    assert not any(snapshot("team2").values())


@pytest.mark.parametrize(
    "lost",
    [
        SSLError(endpoint_url="there", error=OSError("untrusted")),
        S3UploadFailedError("reset"),
        ConnectionResetError("reset"),
    ],
    ids=["botocore", "boto3", "socket"],
)
def test_a_lost_connection_says_what_is_done_and_what_is_left(lost):
    with pytest.raises(ApplyError) as caught:
        apply(three_steps(), ScriptedAws({}, lost))
    assert str(caught.value).splitlines() == [
        f"could not create thing b: {lost}",
        "  done: create thing a",
        "  left: create thing c",
        "  fix: mend the cause, then run the command again: it goes on from here",
    ]
    assert caught.value.exit_code == 1


def test_ctrl_c_says_what_is_done_and_what_is_left():
    with pytest.raises(InterruptedApplyError) as caught:
        apply(three_steps(), ScriptedAws({}, KeyboardInterrupt()))
    assert str(caught.value).splitlines() == [
        "interrupted in the midst of create thing b",
        "  done: create thing a",
        "  left: create thing c",
        "  fix: run the command again: it goes on from here",
    ]
    assert caught.value.exit_code == 130


def test_ctrl_c_between_two_steps_counts_the_first_as_done():
    def interrupt(step):
        if step.name == "c":
            raise KeyboardInterrupt

    with pytest.raises(InterruptedApplyError, match="interrupted when all was done") as caught:
        apply(three_steps(), ScriptedAws({}, {}, {}), Watch(on_step=interrupt))
    assert str(caught.value).count("done: create") == 3


def test_the_message_says_what_was_done_what_failed_and_what_is_left(small, project, aws):
    told = []
    with pytest.raises(ApplyError) as caught:
        prepare_lane(small, project, FailingAws(aws, 5)).deploy(Watch(on_step=told.append))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("could not create log group /aws/vendedlogs/states/team2-cosmic-7078ea12: ")
    assert lines[1] == "  done: create deploy record /teamlanes/dev/team2/platform"
    assert lines[2:4] == [
        "  done: create log delivery teamlanes-states",
        "  done: create log group /aws/lambda/team2-cosmic-init-7078ea12",
    ]
    assert lines[4].startswith("  left: create policy ")
    assert [str(step) for step in told] == [line.removeprefix("  done: ") for line in lines[2:4]]


def test_a_failed_function_says_so_in_our_words(small, project, aws):
    def refuse(**_):
        error = {"Error": {"Code": "CodeStorageExceededException", "Message": "no room"}}
        raise ClientError(error, "CreateFunction")

    with pytest.raises(ApplyError, match="could not create function team2-cosmic-init-7078ea12: Chalice could not"):
        prepare_lane(small, project, FailingAws(aws, refusals={"create_function": refuse})).deploy()


def test_a_value_that_lambda_does_not_take_is_told_at_once():
    waits = []
    with pytest.raises(ApplyError):
        apply(
            one_step("create_function"),
            ScriptedAws(refusal("InvalidParameterValueException")),
            Watch(sleep=waits.append),
        )
    assert waits == []


@pytest.mark.parametrize("team", ["team2", "team1"])
def test_a_repository_that_was_made_since_the_plan_is_ones_own_or_refused(team):
    ours = {"team": "team2", "stage": "dev", "managed-by": "teamlanes"}
    reads = iter([None, Resource("thing", "x", {**ours, "team": team}, {})])
    kinds = {"thing": SimpleNamespace(current=lambda *_: next(reads))}
    todo = dataclasses.replace(one_step("create_repository", "ecr"), tags=ours)
    aws = ScriptedAws(refusal("RepositoryAlreadyExistsException"))
    with contextlib.nullcontext() if team == "team2" else pytest.raises(ApplyError, match="belongs to team team1"):
        apply(todo, aws, kinds=kinds)


def test_what_is_gone_already_counts_as_deleted():
    apply(one_step("delete_role", "iam"), ScriptedAws(refusal("NoSuchEntity")))
    with pytest.raises(ApplyError):
        apply(one_step("delete_role", "iam"), ScriptedAws(refusal("UnmodifiableEntity")))


def test_a_name_that_is_taken_and_tells_nothing_is_on_its_way_out():
    waits, aws = [], ScriptedAws(refusal("EntityAlreadyExists"), {})
    apply(one_step("create_role", "iam"), aws, Watch(sleep=waits.append))
    assert len(waits) == 1
    assert len(aws.scripted.calls) == 2


def test_what_does_not_pass_is_told_with_its_cause_what_to_do_and_what_was_done():
    waits, said = [], []
    aws = ScriptedAws({}, *[refusal("NoSuchEntity")] * 60)
    steps = three_steps().steps
    todo = dataclasses.replace(
        three_steps(), steps=(steps[0], dataclasses.replace(steps[1], calls=(Call("iam", "put_role_policy", {}),)))
    )
    with pytest.raises(ApplyError) as caught:
        apply(todo, aws, Watch(on_wait=said.append, sleep=waits.append))
    assert sum(waits) == pytest.approx(120)
    what, done, fix = str(caught.value).splitlines()
    assert what == (
        "could not create thing b: An error occurred (NoSuchEntity) when calling the call operation: no (for 120 s "
        "now: IAM has not told all its servers of what was just made)"
    )
    assert done == "  done: create thing a"
    assert fix == (
        "  fix: see in IAM that the lane's roles and boundaries are there, and that nobody else removes them, "
        "then run the command again: it goes on from here"
    )
    assert said[0].startswith("waiting: IAM has not told all its servers of what was just made (iam.put_role_policy")


@pytest.mark.parametrize("again", [True, False])
def test_to_run_the_command_again_is_said_once(again):
    def refuse(aws, params, watch):
        raise LanesError("no", fix="see the log", again=again)

    todo = Plan("team2", "dev", (Step("create", "thing", "x", calls=(Routine("wait", {}),)),), {})
    with pytest.raises(ApplyError) as stopped:
        apply(todo, ScriptedAws(), routines={"wait": refuse})
    assert str(stopped.value).endswith("\n  fix: see the log, then run the command again: it goes on from here")
