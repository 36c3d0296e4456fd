"""The page of an express run, of which AWS keeps nothing but its log."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.config.load import load_project
from shared.run.logged import read_logged
from tests.helpers.console import console_client, desk_of
from tests.helpers.project import REPOSITORY

DEFINITION = {"StartAt": "Work", "States": {"Work": {"Type": "Pass", "Next": "Break"}, "Break": {"Type": "Fail"}}}


class States:
    """Step Functions that knows the machine, and no execution."""

    def describe_execution(self, **_asked):
        raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": "no"}}, "DescribeExecution")

    def describe_state_machine(self, **_asked):
        return {"definition": json.dumps(DEFINITION)}


class Logs:
    """CloudWatch that shows *lines*."""

    def __init__(self, lines):
        self.lines = lines

    def get_paginator(self, _name):
        return self

    def paginate(self, *, filterPattern="", **_asked):
        wanted = filterPattern.strip('"')
        return [{"events": [{"message": line} for line in self.lines if wanted in line]}]


def line(number, kind, details):
    return json.dumps(
        {
            "id": str(number),
            "type": kind,
            "details": details,
            "previous_event_id": str(number - 1),
            "event_timestamp": str(1_800_000_000_000 + 1000 * number),
            "execution_arn": "arn:aws:states:us-east-1:123456789012:express:m:run-1:9",
        }
    )


LINES = [
    line(1, "ExecutionStarted", {"input": '{"n": 1}'}),
    line(2, "PassStateEntered", {"name": "Work", "input": '{"n": 1}'}),
    line(3, "PassStateExited", {"name": "Work", "output": '{"n": 1}'}),
    line(4, "FailStateEntered", {"name": "Break", "input": '{"n": 1}'}),
    line(5, "ExecutionFailed", {"error": "Bad", "cause": "it was bad"}),
]


@pytest.fixture(scope="module")
def project():
    """The repository's project, whose cosmic of team2 is an express workflow here."""
    read = load_project(REPOSITORY)
    lane = read.lane("team2")
    workflows = {**lane.workflows, "cosmic": replace(lane.workflows["cosmic"], type="express")}
    return replace(read, teams={"team2": replace(lane, workflows=workflows)})


def cloud(lines):
    return SimpleNamespace(states=States(), logs=Logs(lines), target=SimpleNamespace(embedded=False))


def test_its_log_tells_what_it_did(project):
    run = read_logged(cloud(LINES), project.lane("team2"), "run-1")
    assert (run.found.status, run.found.seconds, run.found.input, run.found.output) == ("FAILED", 4.0, '{"n": 1}', None)
    assert (run.failure.state, run.failure.error, run.failure.message) == ("Break", "Bad", "it was bad")


def test_a_log_without_its_end_tells_nothing(project):
    assert read_logged(cloud(LINES[:-1]), project.lane("team2"), "run-1") is None


def test_its_page_says_what_is_known_and_why_not_more(project):
    client = console_client(desk_of(project, cloud(LINES)))
    text = client.get("/runs/run-1").text
    assert client.told == []
    assert "✗ cosmic failed at Break" in text
    assert "AWS keeps no history of express runs" in text
    assert "AWS tells what an express run is billed for only to who called it" in " ".join(text.split())
    assert "5 events" in text
    assert client.get("/runs/run-1/report").status_code == 404
    assert client.get("/runs/run-2").status_code == 404
