"""A run that failed goes on: which one, why it may not, and once for one command."""

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.errors import LanesError, UsageError
from shared.run.redrive import definition_changed, find_redrivable, redrive
from shared.run.watch import follow
from tests.unit.run.conftest import START, Pages

DEFINITION = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


class States:
    """Executions of one machine by name: what is told of each. ``refusal`` is what RedriveExecution says, if any."""

    def __init__(self, refusal=None, **executions):
        self.executions = executions
        self.refusal = refusal
        self.calls = []

    def describe_execution(self, *, executionArn):
        name = executionArn.rpartition(":")[2]
        if name not in self.executions:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": ""}}, "DescribeExecution")
        return {"startDate": START, **self.executions[name]}

    def describe_state_machine_for_execution(self, *, executionArn):
        return {"definition": json.dumps(DEFINITION)}

    def get_paginator(self, name):
        assert name == "list_executions"
        return Pages(self._list)

    def _list(self, *, stateMachineArn, statusFilter, PaginationConfig):
        for name, told in self.executions.items():
            if told["status"] == statusFilter:
                yield {"executions": [{"name": name, "startDate": START, **told}]}

    def redrive_execution(self, *, executionArn, clientToken):
        self.calls.append((executionArn.rpartition(":")[2], clientToken))
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal[0], "Message": self.refusal[1]}}, "RedriveExecution")


FAILED = {"status": "FAILED", "redriveStatus": "REDRIVABLE", "redriveCount": 0}


def cloud(**executions):
    return SimpleNamespace(states=States(**executions))


def test_the_newest_that_did_not_succeed_is_taken(lane):
    later, latest = START + timedelta(hours=1), START + timedelta(hours=2)
    aws = cloud(
        first=FAILED,
        second={**FAILED, "status": "ABORTED", "startDate": later},
        third={"status": "SUCCEEDED", "startDate": latest},
    )
    assert find_redrivable(aws, lane).found.run.id == "second"
    assert find_redrivable(aws, lane, "first").found.run.id == "first"
    with pytest.raises(UsageError, match="no run of team failed here"):
        find_redrivable(cloud(third={"status": "SUCCEEDED"}), lane)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Execution is RUNNING and cannot be redriven", "it still runs.*lanes stop team one"),
        ("Execution is SUCCEEDED and cannot be redriven", "it has succeeded.*lanes run team w starts a new one"),
        ("Execution history event limit exceeded", "its history is full: Step Functions keeps 25,000 events"),
        ("Execution redrivable period exceeded", "it ended more than 14 days ago.*lanes run team w"),
        ("Execution has exceeded the max execution time", "more than a year ago"),
        ("Execution was started before the launch of RedriveExecution", "before Step Functions could redrive"),
        ("State machine is in DELETING status", "is being deleted.*lanes deploy team"),
        ("A reason of tomorrow", "A reason of tomorrow"),
    ],
)
def test_why_aws_says_no_is_told_with_the_fix(lane, reason, told):
    aws = cloud(one={"status": "FAILED", "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason})
    with pytest.raises(UsageError, match=f"(?s)one of w cannot be redriven: .*{told}"):
        find_redrivable(aws, lane, "one")
    # Somebody else may have been quicker: then the call itself says so.
    late = cloud(one=FAILED, refusal=("ExecutionNotRedrivable", f"Execution is not redrivable: '{reason}'"))
    with pytest.raises(UsageError, match=f"(?s)one of w cannot be redriven: .*{told}"):
        redrive(late, find_redrivable(late, lane, "one"))


def test_it_is_redriven_once_with_a_token_of_its_own(lane):
    aws = cloud(one={**FAILED, "redriveCount": 2})
    run = redrive(aws, find_redrivable(aws, lane, "one"), lambda: "token")
    assert (run.redrives, aws.states.calls) == (3, [("one", "token")])


def test_too_many_open_executions_are_told(lane):
    aws = cloud(one=FAILED, refusal=("ExecutionLimitExceeded", "Too many"))
    with pytest.raises(LanesError, match="as many open executions as AWS allows"):
        redrive(aws, find_redrivable(aws, lane, "one"))


def test_a_template_that_has_changed_is_noticed(lane, tmp_path):
    template = tmp_path / "w.asl.json"
    lane = replace(lane, workflows={"w": replace(lane.workflows["w"], template=template)})
    aws = cloud(one=FAILED)
    run = find_redrivable(aws, lane, "one").found.run
    template.write_text(json.dumps(DEFINITION, indent=3), encoding="utf-8")
    assert not definition_changed(aws, run)
    template.write_text(json.dumps({**DEFINITION, "Comment": "new"}), encoding="utf-8")
    assert definition_changed(aws, run)


def test_an_answer_of_the_time_before_the_redrive_is_no_end(aws, run, started):
    told = {"status": "FAILED", "startDate": started, "stopDate": started}
    again = {**told, "redriveDate": started + timedelta(seconds=1), "redriveCount": 1}
    aws.states.executions[run.arn] = [told, {**again, "status": "SUCCEEDED"}]
    reader = SimpleNamespace(read=lambda: None, of_run=lambda _: [])
    seen = list(follow(aws, replace(run, redrives=1), reader, sleep=lambda _: None))
    assert [each.status for each in seen] == ["RUNNING", "SUCCEEDED"]
    assert seen[-1].redriven == started + timedelta(seconds=1)
