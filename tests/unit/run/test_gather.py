from datetime import timedelta

import pytest

from shared.run.gather import gather
from shared.run.logs import read_logs
from shared.run.watch import Snapshot

GROUP = "/aws/lambda/team-w-work-0"


@pytest.fixture
def end(started):
    return Snapshot("SUCCEEDED", "Done", {}, started, started + timedelta(seconds=4), '{"mae": 0.02}')


def outcome(aws, run, end, started, sleep=lambda _: None):
    reader = read_logs(aws, run, started)
    reader.read()
    return gather(aws, run, end, reader, sleep=sleep)


def never(seconds):
    raise AssertionError(f"it waits {seconds} s for nothing")


def test_a_row_per_rank_joined_with_its_report(aws, run, end, started, lines):
    aws.logs.groups[GROUP] = lines("b", 1, 200) + lines("a", 0, 300)
    found = outcome(aws, run, end, started)
    assert [row.rank for row in found.ranks] == [0, 1]
    row = found.ranks[0]
    assert (row.records, row.seconds, row.records_per_second) == (300, 2.0, 150.0)
    assert (row.memory_mb, row.memory_size_mb, row.billed_ms, row.cold_start_ms) == (210, 1769, 2501, 500.4)
    assert found.output == {"mae": 0.02}


def test_wall_and_aggregate_throughput_are_two_things(aws, run, end, started, lines):
    aws.logs.groups[GROUP] = lines("a", 0, 300) + lines("b", 1, 300)
    found = outcome(aws, run, end, started)
    assert found.wall_throughput == 600 / 4
    assert found.aggregate_throughput == 300 / 2 + 300 / 2


def test_a_retried_rank_counts_once_and_is_billed_twice(aws, run, end, started, lines):
    aws.logs.groups[GROUP] = lines("a", 0, 128) + lines("b", 0, 300, at=3)
    (row,) = outcome(aws, run, end, started).ranks
    assert (row.records, row.billed_ms) == (300, 5002)


def test_other_runs_in_the_same_log_are_left_out(aws, run, end, started, lines):
    aws.logs.groups[GROUP] = lines("a", 0, 300) + lines("b", 1, 300, run_id="another")
    assert [row.rank for row in outcome(aws, run, end, started).ranks] == [0]


def test_waits_for_a_late_report(aws, run, end, started, lines):
    *early, report = lines("a", 0, 300)
    aws.logs.groups[GROUP] = early
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            aws.logs.groups[GROUP].append(report)

    assert outcome(aws, run, end, started, sleep).ranks[0].billed_ms == 2501
    assert waits == [1.0, 1.0, 1.0]


def test_a_report_that_never_comes_leaves_its_figures_open(aws, run, end, started, lines):
    aws.logs.groups[GROUP] = lines("a", 0, 300, reported=False)
    (row,) = outcome(aws, run, end, started).ranks
    assert (row.records, row.seconds, row.memory_mb, row.billed_ms) == (300, None, None, None)


def test_a_failure_brings_the_last_lines_of_its_invocation(aws, run, started, lines):
    request = "0f8fad5b-d9cb-469f-a165-70867728950e"
    still_runs = lines("b", 1, 300, reported=False)
    aws.logs.groups[GROUP] = lines(request, 2, 10) + still_runs
    text = f"RequestId: {request} Error: Runtime exited with error: signal: killed"
    aws.states.executions[run.arn] = [{"status": "FAILED", "error": "Runtime.ExitError", "cause": text}]
    aws.states.histories[run.arn] = [
        {"id": 1, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Work", "input": '{"rank": 2}'}},
        {
            "id": 2,
            "previousEventId": 1,
            "type": "TaskFailed",
            "taskFailedEventDetails": {"error": "Runtime.ExitError", "cause": text},
        },
        {
            "id": 3,
            "previousEventId": 2,
            "type": "ExecutionFailed",
            "executionFailedEventDetails": {"error": "Runtime.ExitError", "cause": text},
        },
    ]
    end = Snapshot("FAILED", "Work", {}, started, started + timedelta(seconds=1), None)
    found = outcome(aws, run, end, started, never)
    assert (found.failure.state, found.failure.rank, found.failure.error) == ("Work", 2, "Runtime.ExitError")
    assert found.log_tail[0].startswith(f"START RequestId: {request}")
    assert found.log_tail[-1].startswith("REPORT")
    assert found.output is None
