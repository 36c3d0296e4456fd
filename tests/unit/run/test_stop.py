"""Which execution ``lanes stop`` ends, and what it leaves alone."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.errors import UsageError
from shared.run.stop import stop_run

START = datetime(2026, 1, 2, tzinfo=UTC)


class States:
    """Executions of one state machine by name: their status, and how each was stopped."""

    def __init__(self, **executions):
        self.executions = executions
        self.stopped = {}

    def get_paginator(self, name):
        assert name == "list_executions"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, *, stateMachineArn, PaginationConfig, statusFilter=None):
        assert stateMachineArn.endswith(":stateMachine:team-w-0")
        for name, status in self.executions.items():
            found = {"name": name, "status": status, "startDate": START}
            yield {"executions": [found] if statusFilter in (None, status) else []}

    def describe_execution(self, *, executionArn):
        name = executionArn.rpartition(":")[2]
        if name not in self.executions:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": self.executions[name], "startDate": START, "input": "{}"}

    def stop_execution(self, *, executionArn, error, cause):
        name = executionArn.rpartition(":")[2]
        self.executions[name] = "ABORTED"
        self.stopped[name] = (error, cause)


@pytest.fixture
def cloud():
    def make(caller="", **executions):
        return SimpleNamespace(states=States(**executions), caller=caller)

    return make


@pytest.mark.parametrize("named", [None, "b"])
def test_the_only_one_that_runs_is_stopped_or_the_one_named(cloud, lane, named):
    aws = cloud(a="SUCCEEDED", b="RUNNING", **({"c": "RUNNING"} if named else {}))
    found = stop_run(aws, lane, named)
    assert (found.run.id, found.run.workflow, found.status) == ("b", "w", "ABORTED")
    assert aws.states.stopped == {"b": ("Stopped", "lanes stop")}


def test_a_run_may_be_named_by_how_its_id_begins(cloud, lane):
    aws = cloud(**{"20260102-a": "RUNNING", "20260103-b": "RUNNING"})
    assert stop_run(aws, lane, "20260103").run.id == "20260103-b"
    assert list(aws.states.stopped) == ["20260103-b"]


def test_the_cause_names_who_on_aws(cloud, lane):
    aws = cloud("arn:aws:sts::1:assumed-role/r/ann", a="RUNNING")
    stop_run(aws, lane)
    assert aws.states.stopped["a"] == ("Stopped", "lanes stop, by arn:aws:sts::1:assumed-role/r/ann")


def test_of_several_none_is_guessed(cloud, lane):
    aws = cloud(a="RUNNING", b="SUCCEEDED", c="RUNNING")
    with pytest.raises(UsageError) as caught:
        stop_run(aws, lane)
    assert str(caught.value) == "2 runs of team go on:\n  a  w\n  c  w\n  fix: name one: lanes stop team RUN"
    assert aws.states.stopped == {}


def test_what_has_ended_is_left_as_it_is(cloud, lane):
    aws = cloud(a="SUCCEEDED")
    assert stop_run(aws, lane) is None
    assert stop_run(aws, lane, "a").status == "SUCCEEDED"
    assert aws.states.stopped == {}
    with pytest.raises(UsageError, match="team has no run 'z'"):
        stop_run(aws, lane, "z")
