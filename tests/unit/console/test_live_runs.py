"""Which runs are kept, and how one is found: against lanes whose Step Functions is a fake."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.config.lane import Lane, Place, Rendezvous, Workflow
from shared.console.live_runs import LiveRuns
from shared.console.readings import Readings
from shared.errors import LanesError, UsageError

PLACE = Place("123456789012", "us-east-1", "dev")


class States:
    """``there`` are executions by (machine, run id), each with the number of its events; ``closed`` may not be read."""

    def __init__(self, there, closed=()):
        self.there, self.closed, self.calls = there, closed, []

    def _read(self, arn):
        machine, run_id = arn.split(":")[-2:]
        self.calls.append((machine, run_id))
        if machine in self.closed:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeExecution")
        if (machine, run_id) not in self.there:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": "no"}}, "DescribeExecution")
        return self.there[machine, run_id]

    def describe_execution(self, *, executionArn):
        self._read(executionArn)
        return {"status": "SUCCEEDED", "startDate": datetime(2026, 1, 2, tzinfo=UTC), "input": "{}"}

    def describe_state_machine_for_execution(self, *, executionArn):
        return {"definition": json.dumps({})}

    def get_execution_history(self, *, executionArn, **_):
        count = self._read(executionArn)
        return {"events": [{"id": number, "type": "ExecutionSucceeded"} for number in range(count, 0, -1)]}


def lane_of(team):
    workflow = Workflow("w", f"{team}-w-0", Path("w.asl.json"), "role", "/logs", {}, (), {})
    whose = {"team": team, "owner": "o@x", "hash": "0", "place": PLACE, "tags": {}}
    names = {"bucket": "bucket", "boundary": "boundary", "deployer": "deployer", "deployer_boundary": "limit"}
    has = {"functions": {}, "workflows": {"w": workflow}, "rendezvous": Rendezvous("host", 1, 1, 1, 1, 1, "")}
    return Lane(**whose, **names, **has, log_retention_days=7, scratch_days=7)


LANES = {team: lane_of(team) for team in ("team1", "team2", "team3")}


class Clock:
    now = 0.0

    def __call__(self):
        self.now += 1000.0  # so that every question is asked anew
        return self.now


@pytest.fixture
def runs():
    return LiveRuns(Readings(Clock()))


def aws_of(there, **more):
    return SimpleNamespace(states=States(there, **more))


def test_a_run_is_found_in_whichever_lane_it_is_and_then_known(runs):
    aws = aws_of({("team2-w-0", "run-1"): 3})
    live = runs.get(aws, LANES, "run-1")
    assert (live.found.run.lane.team, len(live.events), live.over) == ("team2", 3, True)
    aws.states.calls.clear()
    assert runs.get(aws, LANES, "run-1") is live
    assert aws.states.calls == [("team2-w-0", "run-1")]


def test_a_run_of_a_list_is_asked_for_where_it_is(runs):
    runs.remember("run-1", "team3", "w")
    aws = aws_of({("team3-w-0", "run-1"): 1})
    runs.get(aws, LANES, "run-1")
    assert {machine for machine, _ in aws.states.calls} == {"team3-w-0"}


def test_a_run_that_a_list_placed_wrongly_is_looked_for(runs):
    aws = aws_of({("team2-w-0", "run-1"): 1})
    for team, workflow in (("team3", "w"), ("team3", "gone"), ("gone", "w")):
        runs.remember("run-1", team, workflow)
        assert runs.get(aws, LANES, "run-1").found.run.lane.team == "team2"


def test_a_run_that_no_lane_has_is_told(runs):
    with pytest.raises(UsageError, match="no lane has a run 'run-9'"):
        runs.get(aws_of({}), LANES, "run-9")


def test_lanes_that_may_not_be_read_hide_no_others_and_are_named(runs):
    aws = aws_of({("team2-w-0", "run-1"): 1}, closed={"team1-w-0"})
    assert runs.get(aws, LANES, "run-1").found.run.lane.team == "team2"
    with pytest.raises(LanesError, match="may read") as told:
        runs.get(aws, LANES, "run-9")
    assert not isinstance(told.value, UsageError)
    assert told.value.where == "team1"


def test_another_cloud_has_other_runs(runs):
    runs.get(aws_of({("team2-w-0", "run-1"): 1}), LANES, "run-1")
    other = aws_of({("team2-w-0", "run-1"): 2})
    assert runs.get(other, LANES, "run-1").aws is other
    with pytest.raises(UsageError):
        runs.get(aws_of({}), LANES, "run-1")


def test_runs_of_many_events_make_room_for_each_other(runs):
    aws = aws_of({("team1-w-0", f"run-{number}"): 25_000 for number in range(4)})
    for number in range(4):
        runs.get(aws, LANES, f"run-{number}")
    assert list(runs._runs) == ["run-2", "run-3"]
    assert not any(
        isinstance(kept.future.result(), type(runs._runs["run-3"])) for kept in runs._readings._kept.values()
    )


def test_a_run_as_large_as_the_room_is_kept(runs):
    aws = aws_of({("team1-w-0", "run-1"): 70_000})
    live = runs.get(aws, LANES, "run-1")
    assert runs.get(aws, LANES, "run-1") is live


def test_a_lane_of_express_workflows_alone_is_passed_over(runs):
    quick = dataclasses.replace(LANES["team1"].workflows["w"], type="express")
    lanes = {**LANES, "team1": dataclasses.replace(LANES["team1"], workflows={"w": quick})}
    assert runs.get(aws_of({("team2-w-0", "run-1"): 1}), lanes, "run-1").found.run.lane.team == "team2"
