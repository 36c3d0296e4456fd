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


def throttled(code="ThrottlingException"):
    return ClientError({"Error": {"Code": code, "Message": "Rate exceeded"}}, "DescribeExecution")


def test_a_look_that_aws_has_no_time_for_is_tried_again_later(aws, run, started):
    aws.states.executions[run.arn] = [{"status": "SUCCEEDED", "startDate": started}]
    refusals = [throttled(), throttled("TooManyRequestsException")]
    told = aws.states.describe_execution

    def describe(**asked):
        if refusals:
            raise refusals.pop()
        return told(**asked)

    aws.states.describe_execution = describe
    waits = []
    (seen,) = snapshots(aws, run, started, waits.append)
    assert seen.status == "SUCCEEDED"
    assert waits == [2.0, 2.0]


@pytest.mark.parametrize(("code", "looks"), [("ThrottlingException", 30), ("AccessDeniedException", 1)])
def test_a_refusal_that_does_not_pass_is_told(aws, run, started, code, looks):
    seen = []

    def describe(**_):
        seen.append(1)
        raise throttled(code)

    aws.states.describe_execution = describe
    with pytest.raises(ClientError):
        snapshots(aws, run, started)
    assert len(seen) == looks
