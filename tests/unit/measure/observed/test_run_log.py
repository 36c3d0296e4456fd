import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from shared.measure.observed.run_log import RunLog, follow_log
from shared.run.find import Found
from shared.run.start import Run

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
GROUPS = {"init": "/aws/lambda/init", "work": "/aws/lambda/work"}


class Pages:
    def __init__(self, read):
        self.paginate = read


class Logs:
    """Lines by group: (seconds after the start, stream, text). ``asked`` are the times and groups of all reads."""

    def __init__(self):
        self.lines = {group: [] for group in GROUPS.values()}
        self.asked = []

    def get_paginator(self, name):
        assert name == "filter_log_events"
        return Pages(self._read)

    def _read(self, *, logGroupName, **between):
        self.asked.append((logGroupName, between))
        yield {
            "events": [
                {
                    "eventId": f"{logGroupName}/{number}",
                    "logStreamName": stream,
                    "timestamp": int((START + timedelta(seconds=at)).timestamp() * 1000),
                    "message": f"{text}\n",
                }
                for number, (at, stream, text) in enumerate(self.lines[logGroupName])
            ]
        }

    def write(self, step, request, at, *texts, report=True):
        said = [f"START RequestId: {request} Version: $LATEST", *texts]
        if report:
            figures = "Duration: 2.00 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB"
            said.append(f"REPORT RequestId: {request}\t{figures}")
        self.lines[GROUPS[step]] += [(at + number, request, text) for number, text in enumerate(said)]


class States:
    """The status of the execution, look by look, and the events of it and of its children."""

    def __init__(self):
        self.statuses = ["SUCCEEDED"]
        self.histories = {}
        self.children = []
        self.asked = []

    def describe_execution(self, *, executionArn):
        assert executionArn == "arn:run"
        return {"status": self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]}

    def get_paginator(self, name):
        return Pages(getattr(self, f"_{name}"))

    def _get_execution_history(self, *, executionArn, **_):
        self.asked.append(executionArn)
        return [{"events": self.histories.get(executionArn, [])}]

    def _list_map_runs(self, **_):
        return [{"mapRuns": [{"mapRunArn": "arn:map"}] if self.children else []}]

    def _list_executions(self, **_):
        return [{"executions": [{"executionArn": arn} for arn in self.children]}]


@pytest.fixture
def aws():
    return SimpleNamespace(logs=Logs(), states=States())


@pytest.fixture
def found():
    functions = {f"w-{step}": SimpleNamespace(log_group=group) for step, group in GROUPS.items()}
    workflow = SimpleNamespace(functions={step: f"w-{step}" for step in GROUPS})
    lane = SimpleNamespace(functions=functions, workflows={"w": workflow})
    return Found(Run("run-1", "arn:run", lane, "w"), "SUCCEEDED", START, START + timedelta(seconds=9), "{}", None)


def progress(rank, run_id="run-1"):
    return json.dumps({"progress": {"run_id": run_id, "rank": rank, "done": 1, "of": 1}})


@pytest.fixture
def visited(event):
    """Return a maker of the history of one state that an invocation answered."""

    def make(name, request, rank=None):
        entered = {"name": name, "input": json.dumps({} if rank is None else {"rank": rank})}
        answer = {"resourceType": "lambda", "output": json.dumps({"SdkResponseMetadata": {"RequestId": request}})}
        told = [("TaskStateEntered", entered), ("TaskSucceeded", answer), ("TaskStateExited", {"name": name})]
        return [event(number, number - 1, *each, START) for number, each in enumerate(told, 2)]

    return make


def told(lines):
    return [(line.step, line.rank, line.text) for line in lines if not line.text.startswith(("START", "REPORT"))]


def test_lines_of_all_steps_in_order_of_time_with_step_and_rank(aws, found, visited):
    aws.logs.write("work", "b", 5, "b says", progress(1))
    aws.logs.write("work", "a", 4.5, "a says", progress(0))
    aws.logs.write("init", "i", 1, "dealt")
    aws.states.histories["arn:run"] = visited("Init", "i")
    lines = RunLog(aws, found).read()
    assert told(lines) == [
        ("init", None, "dealt"),
        *[("work", 0, "a says"), ("work", 1, "b says")],
        *[("work", 0, progress(0)), ("work", 1, progress(1))],
    ]
    assert lines[0].at == START + timedelta(seconds=1)
    assert {line.request_id for line in lines} == {"i", "a", "b"}


def test_lines_of_other_runs_and_of_nobody_are_left_out(aws, found):
    aws.logs.write("work", "theirs", 1, "not ours", progress(0, "run-2"))
    aws.logs.write("work", "nobodys", 2, "nor this")
    aws.logs.write("work", "ours", 3, "but this", progress(0))
    assert told(RunLog(aws, found).read()) == [("work", 0, "but this"), ("work", 0, progress(0))]


def test_children_of_a_map_are_asked_when_the_log_alone_does_not_tell(aws, found, visited):
    aws.logs.write("work", "silent", 1, "says no run")
    aws.states.children = ["arn:child"]
    aws.states.histories["arn:child"] = visited("Work", "silent", rank=7)
    assert told(RunLog(aws, found).read()) == [("work", 7, "says no run")]


def test_children_are_not_asked_when_the_log_tells_all(aws, found):
    aws.logs.write("work", "a", 1, progress(0))
    aws.states.children = ["arn:child"]
    RunLog(aws, found).read()
    assert aws.states.asked == []


def test_one_step_reads_one_group_within_the_runs_time(aws, found):
    aws.logs.write("init", "i", 1, "dealt", progress(0))
    assert told(RunLog(aws, found, "work").read()) == []
    (group, between), *_ = aws.logs.asked
    begin = int(START.timestamp() * 1000)
    assert (group, between) == (GROUPS["work"], {"startTime": begin, "endTime": begin + 69_000})


def test_a_run_that_goes_on_is_read_up_to_now(aws, found):
    RunLog(aws, replace(found, status="RUNNING", stopped=None)).read()
    assert all("endTime" not in between for _, between in aws.logs.asked)


def test_following_shows_lines_as_they_come_until_the_end(aws, found, visited):
    def write_more(seconds):
        waits.append(seconds)
        if len(waits) == 1:
            aws.logs.write("work", "a", 2, "first", progress(0), report=False)
        if len(waits) == 2:
            aws.states.statuses = ["SUCCEEDED"]
            aws.states.histories["arn:run"] = visited("Init", "i")
            aws.logs.lines[GROUPS["work"]].append((5, "a", "last"))
        if len(waits) == 4:  # CloudWatch was late
            aws.logs.lines[GROUPS["work"]].append((6, "a", report))

    waits = []
    report = "REPORT RequestId: a\tDuration: 2 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB"
    aws.states.statuses = ["RUNNING"]
    aws.logs.write("init", "i", 1, "dealt")
    going = replace(found, status="RUNNING", stopped=None)
    lines = list(follow_log(aws, going, RunLog(aws, going), sleep=write_more))
    assert told(lines) == [
        *[("work", 0, "first"), ("work", 0, progress(0))],
        *[("init", None, "dealt"), ("work", 0, "last")],  # init's state has ended, so its lines are known to be ours
    ]
    assert lines[-1].text == report
    assert waits == [pytest.approx(0.1), pytest.approx(0.13), 1.0, 1.0]


def test_following_does_not_wait_for_ever_for_a_report(aws, found, not_loaded):
    aws.logs.write("work", "a", 2, "killed", progress(0), report=False)
    waits = []
    assert told(follow_log(aws, found, RunLog(aws, found), sleep=waits.append))[0] == ("work", 0, "killed")
    assert waits == [1.0] * 19


@pytest.fixture
def not_loaded(event):
    """The history of Work, rank 4, whose function could not be loaded: its error names no request."""
    entered = {"name": "Work", "input": json.dumps({"rank": 4})}
    said = json.dumps({"errorType": "KeyError", "errorMessage": "'b'", "requestId": "", "stackTrace": []})
    failed = {"resourceType": "lambda", "error": "KeyError", "cause": said}
    return [
        event(2, 1, "TaskStateEntered", entered, START),
        event(3, 2, "TaskFailed", failed, START + timedelta(seconds=3)),
    ]


def test_a_function_that_cannot_be_loaded_is_known_by_its_error(aws, found, not_loaded):
    aws.logs.write("work", "ours", 1, "[ERROR] KeyError: 'b'\nTraceback (most recent call last):")
    aws.logs.write("work", "later", 7, "[ERROR] KeyError: 'b'\nTraceback (most recent call last):")
    aws.logs.write("work", "other", 1, "[ERROR] KeyError: 'c'\nTraceback (most recent call last):")
    aws.states.histories["arn:run"] = not_loaded
    lines = RunLog(aws, found).read()
    assert {line.request_id for line in lines} == {"ours"}
    assert told(lines) == [("work", 4, "[ERROR] KeyError: 'b'\nTraceback (most recent call last):")]
