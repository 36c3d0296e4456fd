"""The list of a team's runs: what it shows, what it asks the cloud for, and two runs beside each other."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.config.load import load_project
from shared.console.known_runs import KnownRuns, key_of
from shared.console.paced import Paced
from shared.measure.billing.cost import Cost, Item
from shared.measure.comparing.run_figures import RunFigures
from shared.run.listing import list_runs
from tests.helpers.console import cloud_here, console_client, desk_of
from tests.helpers.eventually import eventually
from tests.helpers.project import REPOSITORY


@pytest.fixture(scope="module")
def project():
    return load_project(REPOSITORY, [""])


class States:
    """Step Functions as far as lists ask it: executions by state machine, the newest first."""

    def __init__(self):
        self.executions = {}
        self.told = {}
        self.calls = []
        self.now = datetime.now(UTC).replace(microsecond=0)

    def add(self, lane, workflow, *, status="SUCCEEDED", seconds=10.0, given=None, error="", name="", ago=None):
        arn = lane.state_machine_arn(workflow)
        found = self.executions.setdefault(arn, [])
        started = self.now - (timedelta(seconds=ago) if ago is not None else timedelta(hours=2, minutes=-len(found)))
        stopped = {} if status == "RUNNING" else {"stopDate": started + timedelta(seconds=seconds)}
        name = name or f"run-{len(found)}"
        execution = f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
        found.insert(0, {"name": name, "status": status, "startDate": started, **stopped})
        self.told[execution] = {"input": json.dumps(given or {"world_size": 4}), "error": error}
        return name

    def list_executions(self, stateMachineArn, maxResults, statusFilter=None, nextToken="0"):
        self.calls.append("list")
        if stateMachineArn not in self.executions:
            raise ClientError({"Error": {"Code": "StateMachineDoesNotExist"}}, "ListExecutions")
        begin = int(nextToken)
        found = [each for each in self.executions[stateMachineArn] if statusFilter in {None, each["status"]}]
        more = {"nextToken": str(begin + maxResults)} if begin + maxResults < len(found) else {}
        return {"executions": found[begin : begin + maxResults], **more}

    def get_paginator(self, _):
        def paginate(stateMachineArn, PaginationConfig):
            yield self.list_executions(stateMachineArn, PaginationConfig["PageSize"])

        return SimpleNamespace(paginate=paginate)

    def describe_execution(self, executionArn):
        self.calls.append("describe")
        told = self.told[executionArn]
        if isinstance(told, Exception):
            raise told
        return told


@pytest.fixture
def states():
    return States()


@pytest.fixture
def lane(project):
    return project.lane("team2")


class Clients:
    """The cloud's clients, of which lists need one."""

    def __init__(self, states):
        self.states = states


def at_once(desk):
    """Have *desk* read at once what is read in the background."""
    desk.known = KnownRuns(*(Paced(1000, 1.0, begin=lambda work: work()) for _ in range(2)))
    return desk


@pytest.fixture
def desk(project, states):
    return at_once(desk_of(project, Clients(states)))


@pytest.fixture
def client(desk):
    return console_client(desk)


def record(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert not client.told
    return json.loads(answer.text)


def rows(client, query=""):
    return record(client, f"/team2/runs.json{query}")["rows"]


def test_a_lane_that_ran_nothing_says_what_to_type(client):
    page = client.get("/team2/runs").text
    assert "lanes run team2 cosmic" in page
    assert 'href="/team2/cosmic/new"' in page
    assert "<table" not in page


def test_the_newest_comes_first_with_a_link_and_what_started_it(client, states, lane):
    states.add(lane, "cosmic", name="20261130T153812Z-a0f2fa")
    states.add(lane, "cosmic", name="upload-x-0123456789abcdef01234567", given={"object": {"key": "x.csv"}})
    assert [(row["run_id"], row["started_by"]) for row in rows(client)] == [
        ("upload-x-0123456789abcdef01234567", "by upload x.csv"), ("20261130T153812Z-a0f2fa", "by hand")
    ]  # fmt: skip
    page = client.get("/team2/runs").text
    assert 'href="/runs/20261130T153812Z-a0f2fa"' in page


def test_a_run_that_took_longer_than_usual_is_marked_in_list_and_bars(client, states, lane):
    for _ in range(8):
        states.add(lane, "cosmic")
    states.add(lane, "cosmic", seconds=18.0)
    newest = rows(client)[0]
    assert (newest["against_usual"], newest["ratio"]) == ("slower", pytest.approx(1.8))
    assert newest["why"] == "median 10.0 s of 8 earlier runs on 4 ranks, 10.0 s to 10.0 s"
    page = client.get("/team2/runs").text
    assert "1.8x slower than usual" in page
    assert "1 <span" in page
    assert 'class="slower"' in page


def test_runs_of_another_size_are_not_held_against_each_other(client, states, lane):
    for _ in range(8):
        states.add(lane, "cosmic")
    states.add(lane, "cosmic", seconds=100.0, given={"world_size": 1000})
    newest = rows(client)[0]
    assert newest["against_usual"] == ""
    assert newest["why"] == "too few to tell: no earlier runs on 1000 ranks are known to have succeeded"


def test_a_run_that_goes_on_is_slower_as_soon_as_it_is(client, states, lane):
    for _ in range(8):
        states.add(lane, "cosmic", seconds=60.0)
    states.add(lane, "cosmic", status="RUNNING", ago=3600, name="hangs")
    states.add(lane, "cosmic", status="RUNNING", ago=0, name="begins")
    assert [(row["run_id"], row["against_usual"]) for row in rows(client)][:2] == [("begins", ""), ("hangs", "slower")]
    page = client.get("/team2/runs").text
    assert "already slower than usual" in page
    assert "<title>Runs of team2 (2 running) - lanes</title>" in page


def test_the_row_of_a_run_changes_when_it_ends(client, desk, states, lane):
    states.add(lane, "cosmic", status="RUNNING", ago=3)
    assert rows(client)[0]["status"] == "RUNNING"
    (newest,) = states.executions[lane.state_machine_arn("cosmic")]
    newest |= {"status": "FAILED", "stopDate": states.now}
    next(iter(states.told.values()))["error"] = "TooBad"
    desk.readings.forget()
    assert [(row["status"], row["seconds"], row["error"]) for row in rows(client)] == [("FAILED", 3.0, "TooBad")]


def test_a_failed_run_shows_its_error_and_is_not_compared(client, states, lane):
    for _ in range(8):
        states.add(lane, "cosmic")
    error = "<script>alert(1)</script> \ud800"
    states.add(lane, "cosmic", status="FAILED", error=error, seconds=900.0)
    failed = rows(client)[0]
    assert (failed["error"], failed["against_usual"], failed["usual"]) == (error, "", None)
    page = client.get("/team2/runs").text
    assert "<script>alert" not in page
    assert r"&lt;script&gt;alert(1)&lt;/script&gt; \ud800" in page


def test_what_could_not_be_read_is_told(client, states, lane):
    name = states.add(lane, "cosmic")
    (arn,) = states.told
    states.told[arn] = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeExecution")
    row = rows(client)[0]
    assert row["run_id"] == name
    assert "AccessDeniedException" in row["unread"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status=failed", ["bad"]),
        ("?status=unsuccessful", ["late", "bad"]),
        ("?status=running", ["now"]),
        ("?text=ATE", ["late"]),
        ("?by=schedule", ["schedule-nightly-d32c5k"]),
        ("?by=hand", []),
        ("?workflow=cosmic&status=succeeded", ["schedule-nightly-d32c5k"]),
    ],
)
def test_filters(client, states, lane, query, found):
    states.add(lane, "cosmic", name="schedule-nightly-d32c5k")
    states.add(lane, "cosmic", name="bad", status="FAILED")
    states.add(lane, "cosmic", name="late", status="TIMED_OUT")
    states.add(lane, "cosmic", name="now", status="RUNNING")
    assert [row["run_id"] for row in rows(client, query)] == found


@pytest.mark.parametrize(
    "query",
    ["?status=x", "?page=0", "?page=x", "?look=-1", "?by=me", "?workflow=none", "?cost=²", f"?page=1{'0' * 5000}"]
    + [f"?page=00000001{'9' * digits}" for digits in (8, 5000)],
)
def test_what_cannot_be_asked_is_refused(client, query):
    assert client.get(f"/team2/runs{query}").status_code == 404


def test_comparing_none_of_the_list_says_what_to_choose(client, states, lane):
    for _ in range(2):
        states.add(lane, "cosmic")
    assert 'name="compare" value=""' in client.get("/team2/runs").text
    told = client.get("/team2/runs?compare=")
    assert told.status_code == 404
    assert "choose exactly two in the list" in told.text


def test_a_team_that_there_is_not(client):
    assert client.get("/nobody/runs").status_code == 404


def test_ten_thousand_runs_take_one_list_and_no_more_readings_than_they_show(client, states, lane):
    for number in range(10_000):
        states.add(lane, "cosmic", status="FAILED" if number % 500 == 3 else "SUCCEEDED")
    told = record(client, "/team2/runs.json")
    assert (len(told["rows"]), told["older"], told["looked"]["executions"]) == (50, True, 1000)
    assert len(told["last"]["bars"]) == 100
    assert (states.calls.count("list"), states.calls.count("describe")) == (1, 120)
    states.calls.clear()
    assert rows(client, "?page=2")[0]["run_id"] == "run-9949"
    assert (states.calls.count("list"), states.calls.count("describe")) == (0, 20)
    states.calls.clear()
    assert len(rows(client, "?status=failed")) == 20
    assert states.calls.count("list") == 1


def test_a_search_says_how_far_it_has_looked_and_goes_on(client, states, lane):
    for _ in range(7500):
        states.add(lane, "cosmic")
    page = client.get("/team2/runs?text=run-77").text
    assert "None of the 1,000 runs that were looked at" in page
    assert "look=6000" in page
    told = record(client, "/team2/runs.json?text=run-77&look=6000")
    assert told["looked"]["executions"] == 6000
    assert told["rows"] == []
    told = record(client, "/team2/runs.json?text=run-77&look=11000")
    assert told["looked"]["all"]
    assert [row["run_id"] for row in told["rows"]][-1] == "run-77"
    assert "there are older ones" not in client.get("/team2/runs?text=run-77&look=11000").text


def test_a_page_that_shows_the_same_costs_nothing_to_ask_again(client, states, lane):
    states.add(lane, "cosmic")
    first = client.get("/team2/runs")
    version = first.headers["X-Lanes-Version"]
    assert client.get(f"/team2/runs?seen={version}").status_code == 204


def test_costs_are_kept_and_shown_with_what_they_lack(client, desk, states, lane):
    states.add(lane, "cosmic")
    assert rows(client)[0]["usd"] is None
    assert 'href="?cost=20#list"' in client.get("/team2/runs").text
    figures = RunFigures((), None, Cost((Item("lambda_requests", 1, 0.25, 0.25),)), children=40, unread=24)
    (run,) = list_runs(desk.aws, lane, None)
    desk.known.figures.want([(key_of(desk.aws, lane, run), lambda: figures)])
    assert rows(client, "?cost=20")[0]["usd"] == 0.25
    page = client.get("/team2/runs").text
    assert "$0.25" in page
    assert "child executions not read: 24 of 40" in page
    assert 'class="cost"' in page


@pytest.mark.parametrize(
    ("query", "what"), [("one", "1 was chosen"), ("one,two,three", "3 were chosen"), ("one,one", "1 was")]
)
def test_exactly_two_are_compared(client, query, what):
    answer = client.get(f"/team2/runs?compare={query}")
    assert answer.status_code == 404
    assert what in answer.text


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
MACHINE = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Pass", "Next": "Sum"},
        "Sum": {"Type": "Pass", "Parameters": {"n.$": "$.n"}, "End": True},
    },
}


def test_two_runs_beside_each_other(project, lane, tmp_path):
    with cloud_here(project, tmp_path) as aws:
        role = aws.iam.create_role(RoleName="any", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        name = lane.workflows["cosmic"].name
        machine = aws.states.create_state_machine(name=name, definition=json.dumps(MACHINE), roleArn=role)
        ids = [
            aws.states.start_execution(
                stateMachineArn=machine["stateMachineArn"], name=each, input=json.dumps({"n": number, "same": "x"})
            )["executionArn"]
            for each, number in (("one", 1), ("two", 5))
        ]
        eventually(lambda: all(aws.states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED" for arn in ids))
        client = console_client(at_once(desk_of(project, aws)))
        told = record(client, "/team2/runs.json?compare=two&compare=one")
        page = client.get("/team2/runs?compare=two,one").text
    assert (told["before"]["run_id"], told["after"]["run_id"]) == ("one", "two")
    assert [(leaf["path"], leaf["before"], leaf["after"]) for leaf in told["input"]["differing"]] == [("n", "1", "5")]
    assert [leaf["path"] for leaf in told["input"]["same"]] == ["same"]
    assert told["output"]["differing"][0]["difference"] == 4
    assert told["definitions"]["same"]
    assert [figure["name"] for figure in told["states"]] == ["First", "Sum"]
    assert told["unread"] == []
    assert "one run of each" in page
