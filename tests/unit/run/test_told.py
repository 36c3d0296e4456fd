"""DescribeExecution tells what a list does not: the error, the ranks, and what started a run."""

from datetime import UTC, datetime
from types import SimpleNamespace

from shared.run.listing import Execution
from shared.run.started_by import Start
from shared.run.told import Told, read_told


def told(answer, run_id="my-own-name"):
    specs = (SimpleNamespace(name="iterations", instead_of="world_size"),)
    flow = SimpleNamespace(name="survey", schedules=None, specs=specs)
    lane = SimpleNamespace(workflows={"survey": flow}, state_machine_arn=lambda key: f"arn:stateMachine:{key}")
    asked = []

    def describe_execution(executionArn):
        asked.append(executionArn)
        return answer

    aws = SimpleNamespace(states=SimpleNamespace(describe_execution=describe_execution))
    found = read_told(aws, lane, Execution(run_id, "survey", "FAILED", datetime(2026, 11, 30, tzinfo=UTC), 1.0))
    assert asked == [f"arn:execution:survey:{run_id}"]
    return found


def test_error_ranks_and_start_are_told():
    given = '{"world_size": 12, "object": {"key": "a.csv"}}'
    answer = {"input": given, "error": "TooBad"}
    assert told(answer, "upload-a-0123456789abcdef01234567") == Told("TooBad", 12, Start("upload", "a.csv"))


def test_a_parameter_that_the_ranks_follow_from_counts():
    assert told({"input": '{"iterations": 7}'}).ranks == 7


def test_an_input_that_tells_nothing_tells_nothing():
    assert told({"input": "[1, 2]"}) == Told("", None, Start("unknown"))
