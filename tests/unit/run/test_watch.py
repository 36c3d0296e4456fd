from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from shared.run.logs import Progress, read_logs
from shared.run.watch import follow

GROUP = "/aws/lambda/team-w-work-0"


def snapshots(aws, run, started, sleep=lambda _: None):
    return list(follow(aws, run, read_logs(aws, run, started), sleep=sleep))


def test_looks_until_the_execution_ends(aws, run, started):
    running = {"status": "RUNNING", "startDate": started}
    ended = {"status": "SUCCEEDED", "startDate": started, "stopDate": started + timedelta(seconds=9), "output": "{}"}
    aws.states.executions[run.arn] = [running, running, ended]
    seen = snapshots(aws, run, started)
    assert [snapshot.status for snapshot in seen] == ["RUNNING", "RUNNING", "SUCCEEDED"]
    assert [snapshot.ended for snapshot in seen] == [False, False, True]
    assert seen[-1].output == "{}"


def test_waits_grow_to_two_seconds(aws, run, started):
    running = {"status": "RUNNING", "startDate": started}
    aws.states.executions[run.arn] = [*[running] * 20, {"status": "SUCCEEDED", "startDate": started}]
    waits = []
    snapshots(aws, run, started, waits.append)
    assert waits[0] == 0.1
    assert waits == sorted(waits)
    assert waits[-1] == 2.0


def test_shows_the_state_entered_last_and_each_ranks_newest_progress(aws, run, started, lines):
    aws.states.executions[run.arn] = [{"status": "SUCCEEDED", "startDate": started}]
    aws.states.histories[run.arn] = [
        {"id": 1, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Init"}},
        {"id": 2, "type": "MapStateEntered", "stateEnteredEventDetails": {"name": "Ranks"}},
        {"id": 3, "type": "MapStateStarted"},
    ]
    retried = lines("a", 0, 128, at=1) + lines("c", 0, 256, at=3)
    aws.logs.groups[GROUP] = retried + lines("b", 1, 64, at=1) + lines("x", 2, 64, at=1, run_id="another-run")
    (seen,) = snapshots(aws, run, started)
    assert seen.state == "Ranks"
    assert seen.ranks == {0: Progress(0, 256, 300), 1: Progress(1, 64, 300)}


def test_a_distributed_maps_ranks_count_before_they_begin(aws, run, started, lines):
    aws.states.executions[run.arn] = [{"status": "SUCCEEDED", "startDate": started}]
    aws.states.histories[run.arn] = [
        {"id": 1, "type": "MapRunStarted", "mapRunStartedEventDetails": {"mapRunArn": "older"}},
        {"id": 2, "type": "MapRunStarted", "mapRunStartedEventDetails": {"mapRunArn": "newest"}},
    ]
    aws.logs.groups[GROUP] = lines("a", 0, 128, at=1)
    (seen,) = snapshots(aws, run, started)
    assert (seen.expected, len(seen.ranks), seen.records) == (8, 1, 8 * 300)
    aws.logs.groups[GROUP] = []
    (seen,) = snapshots(aws, run, started)
    assert seen.records == 0


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_a_refusal_is_told_at_once_for_throttles_were_waited_out_by_then(aws, run, started, code):
    seen = []

    def describe(**_):
        seen.append(1)
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeExecution")

    aws.states.describe_execution = describe
    with pytest.raises(ClientError):
        snapshots(aws, run, started)
    assert len(seen) == 1
