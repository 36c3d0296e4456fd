"""Express children of a distributed Map, by the log of their machine."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.run.failure import find_failure
from shared.run.logged_children import ChildLog, billed_as_express
from shared.run.logged_ranks import LoggedRanks
from shared.run.start import Run

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PLACE = "arn:aws:states:us-east-1:123456789012"
ARN, MAP_RUN = f"{PLACE}:execution:m:run-1", f"{PLACE}:mapRun:m/Draws:u"
GROUP = "/aws/vendedlogs/states/m"


def line(arn, number, kind, after=0.0, **details):
    at = START + timedelta(seconds=after)
    told = {
        "id": str(number),
        "type": kind,
        "details": details,
        "previous_event_id": str(number - 1),
        "event_timestamp": str(int(at.timestamp() * 1000)),
        "execution_arn": arn,
        "redrive_count": "0",
    }
    return {"message": json.dumps(told), "timestamp": int(at.timestamp() * 1000)}


def child(number, *, run="run-1", seconds=0.25, error=""):
    arn, given = f"{PLACE}:express:m/Draws:{number}", json.dumps({"rank": number, "with": {"run_id": run}})
    end = ("ExecutionFailed", {"error": error, "cause": "no"}) if error else ("ExecutionSucceeded", {"output": "1"})
    return [
        line(arn, 1, "ExecutionStarted", number, input=given),
        line(arn, 2, "TaskStateEntered", number, name="Draw", input=given),
        *([line(arn, 3, "TaskFailed", number, error=error, cause="no")] if error else []),
        line(arn, 4, end[0], number + seconds, **end[1]),
    ]


class Logs:
    def __init__(self, *looks):
        self._looks = list(looks)

    def get_paginator(self, _):
        return SimpleNamespace(paginate=self._read)

    def _read(self, *, logGroupName, startTime, endTime, filterPattern, PaginationConfig):
        assert (logGroupName, filterPattern) == (GROUP, '":express:"')
        assert startTime < START.timestamp() * 1000 < endTime
        found = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        if isinstance(found, Exception):
            raise found
        yield {"events": found}


def clients(*looks, states=None):
    lane = SimpleNamespace(workflows={"w": SimpleNamespace(log_group=GROUP)}, team="t")
    return SimpleNamespace(logs=Logs(*looks), states=states), Run("run-1", ARN, lane, "w")


def told(total, *, ended=True, ago=0.0):
    stop = {"stopDate": datetime.now(UTC) - timedelta(seconds=ago)} if ended else {}
    return {"mapRunArn": MAP_RUN, "startDate": START, "executionCounts": {"total": total}, **stop}


def read(total, *looks, states=None, **how):
    slept = []
    aws, run = clients(*looks, states=states)
    return ChildLog(aws, run, sleep=slept.append).of(told(total, **how)), len(slept)


def test_children_come_in_the_order_of_their_start_with_what_they_took():
    found, slept = read(2, [*child(7), *child(3, seconds=0.05)])
    assert [each.rank for each in found] == [3, 7]
    assert [each.status for each in found] == ["SUCCEEDED", "SUCCEEDED"]
    assert [each.gb_seconds for each in found] == pytest.approx([0.1 * 64 / 1024, 0.3 * 64 / 1024])
    assert [each.logged_bytes for each in found] == [
        sum(len(each["message"]) + 26 for each in lines) for lines in (child(3, seconds=0.05), child(7))
    ]
    assert slept == 0


def test_those_of_another_run_of_the_machine_are_not_this_ones():
    found, _ = read(1, [*child(0), *child(1, run="run-2")])
    assert [each.rank for each in found] == [0]


def test_where_no_input_names_a_run_each_is_asked():
    asked = []

    class States:
        def describe_execution(self, *, executionArn):
            asked.append(executionArn)
            if executionArn.endswith(":2"):
                raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
            return {"mapRunArn": MAP_RUN if executionArn.endswith(":0") else "other"}

    lines = [each for number in range(3) for each in child(number, run="")]
    assert [each.rank for each in read(3, lines)[0]] == [0, 1, 2]
    assert [each.rank for each in read(1, lines, states=States(), ago=999)[0]] == [0]
    assert len(asked) == 3


def test_what_cloudwatch_shows_late_is_waited_for_after_the_end_alone():
    late = [[], child(0), [*child(0), *child(1)]]
    assert len(read(2, *late)[0]) == 2
    assert read(2, *late)[1] == 2
    assert read(2, *late, ended=False) == ((), 0)
    assert read(2, *late, ago=3600) == ((), 0)


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_without_a_log_there_are_none(code):
    assert read(2, ClientError({"Error": {"Code": code}}, "FilterLogEvents"))[0] == ()


def test_what_else_goes_wrong_is_told():
    with pytest.raises(ClientError, match="Throttling"):
        read(2, ClientError({"Error": {"Code": "ThrottlingException"}}, "FilterLogEvents"))


def test_memory_grows_with_the_data_of_each_part():
    events = [
        {"type": "ExecutionStarted", "timestamp": START, "executionStartedEventDetails": {"input": "x" * (1 << 20)}},
        *({"type": "MapIterationStarted", "timestamp": START} for _ in range(20)),
        {"type": "ExecutionSucceeded", "timestamp": START + timedelta(seconds=1)},
    ]
    assert billed_as_express(events) == 128 / 1024  # 50 MB and 20 times 1 MB
    assert billed_as_express([events[0], events[-1]]) == 64 / 1024


def test_the_log_has_the_ranks_once_the_run_is_over():
    class States:
        def describe_map_run(self, *, mapRunArn):
            return told(3)

    aws, run = clients(
        [*child(4, seconds=2.5), *child(0, error="Bad")], [*child(4), *child(0), *child(9)], states=States()
    )
    ranks = LoggedRanks(aws, run, MAP_RUN)
    ranks.look({"total": 3}, 0, over=False)
    assert (ranks.rows(), ranks.listed) == ((), None)
    ranks.look({"total": 3}, 0, over=True)
    assert [(row.place, row.number, row.status, row.error, row.seconds) for row in ranks.rows()] == [
        (0, 0, "FAILED", "Bad", 0.25),
        (1, 4, "SUCCEEDED", "", 2.5),
    ]
    assert not ranks.settled(0)
    assert ranks.events(ranks.rows()[1])[-1]["type"] == "ExecutionSucceeded"
    ranks.look({"total": 3}, 0, over=True)
    assert ranks.settled(0)
    assert ranks.find(9).row == ranks.at(2) == ranks.now(ranks.at(2))
    assert ranks.find(7).row is None


@pytest.mark.parametrize(("ago", "settled"), [(30, False), (90, True)])
def test_a_log_that_shows_nothing_is_asked_for_a_minute(ago, settled):
    class States:
        def describe_map_run(self, *, mapRunArn):
            return told(60, ago=ago)

    aws, run = clients([], states=States())
    ranks = LoggedRanks(aws, run, MAP_RUN)
    ranks.look({"total": 60}, 0, over=True)
    assert (ranks.rows(), ranks.settled(0)) == ((), settled)


def test_a_failure_is_found_in_the_log_of_the_child_that_was_one_too_many():
    began = {"mapRunArn": MAP_RUN}
    events = [
        {"id": 1, "type": "MapRunStarted", "timestamp": START, "mapRunStartedEventDetails": began},
        {"id": 2, "previousEventId": 1, "type": "MapRunFailed", "timestamp": START,
         "mapRunFailedEventDetails": {"error": "States.ExceedToleratedFailureThreshold", "cause": "too many"}},
        {"id": 3, "previousEventId": 2, "type": "ExecutionFailed", "timestamp": START,
         "executionFailedEventDetails": {"error": "States.ExceedToleratedFailureThreshold", "cause": "too many"}},
    ]  # fmt: skip

    class States:
        def describe_execution(self, *, executionArn):
            return {"status": "FAILED", "error": "States.ExceedToleratedFailureThreshold", "cause": "too many"}

        def describe_map_run(self, *, mapRunArn):
            return told(3) | {"toleratedFailureCount": 1, "toleratedFailurePercentage": 0.0}

        def get_paginator(self, name):
            pages = {"list_executions": [{"executions": []}], "get_execution_history": [{"events": events}]}
            return SimpleNamespace(paginate=lambda **_: pages[name])

    lines = [*child(0, error="First"), *child(1, error="Second"), *child(2)]
    aws, run = clients(lines, states=States())
    failure = find_failure(aws.states, ARN, log=ChildLog(aws, run))
    assert (failure.error, failure.state, failure.rank) == ("Second", "Draw", 1)
    assert failure.execution == f"{PLACE}:express:m/Draws:1"
    assert find_failure(aws.states, ARN).error == "States.ExceedToleratedFailureThreshold"
