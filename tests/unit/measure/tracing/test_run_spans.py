"""A run's spans, read from a cloud in this process, and from a Step Functions that has very many children."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.aws.target import Target, TargetKind
from shared.config.load import load_project
from shared.errors import UsageError
from shared.measure.tracing.batches import batches
from shared.measure.tracing.conventions import SCHEMA
from shared.measure.tracing.ids import span_id, trace_id
from shared.measure.tracing.otlp_protobuf import request
from shared.measure.tracing.run_spans import RunSpans, find_ended
from shared.measure.tracing.span import Kind
from shared.run.find import Found
from shared.run.start import Run
from tests.helpers.console import cloud_here
from tests.helpers.project import REPOSITORY
from tests.helpers.runs_here import RunsHere

HANDLER = """
import json

def handle(event, context):
    print(json.dumps({"progress": {"run_id": event["run"], "rank": event["rank"], "done": 1, "of": 1}}))
    if event["rank"] in event["bad"]:
        raise ValueError(f"rank {event['rank']} has password=hunter2hunter2")
    return {"rank": event["rank"]}
"""


@pytest.fixture(scope="module")
def lane():
    return load_project(REPOSITORY).lane("team2")


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with cloud_here(load_project(REPOSITORY), tmp_path_factory.mktemp("cloud")) as aws:
        yield aws


@pytest.fixture(scope="module")
def runs(aws, lane):
    runs = RunsHere(aws, lane, "cosmic")
    runs.make_function(function(lane), HANDLER)
    return runs


@pytest.fixture
def read(aws, lane):
    def read(run_id, **more):
        found, events = find_ended(aws, lane, run_id)
        spans = RunSpans(aws, found, events=events, sleep=lambda _: None, **more)
        return spans, list(spans)

    return read


def function(lane):
    return lane.functions[lane.workflows["cosmic"].functions["inference"]].name


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def ranks(lane, mode, **more):
    payload = {"rank.$": "$.rank", "bad.$": "$.bad", "run.$": "$.run"}
    item = {"rank.$": "$$.Map.Item.Value.rank", "bad.$": "$$.Map.Item.Value.bad", "run.$": "$$.Execution.Name"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
    work = machine(Work={**task, "Parameters": {"FunctionName": function(lane), "Payload": payload}})
    kind = {"Mode": mode, **({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})}
    return {
        "Type": "Map",
        "ItemProcessor": {"ProcessorConfig": kind, **work},
        "ItemSelector": item,
        "End": True,
        **more,
    }


def items(count, *bad):
    return [{"rank": rank, "bad": list(bad)} for rank in range(count)]


def called(spans, kind):
    return [span for span in spans if span.attributes["teamlanes.kind"] == kind]


def check_whole(spans):
    """Check what holds for each trace: one root, ids of their own, parents that are there, times that are some."""
    by_id = {span.id: span for span in spans}
    assert len(by_id) == len(spans)
    assert [span.id for span in spans if not span.parent] == [spans[-1].id]
    for span in spans:
        assert not span.parent or span.parent in by_id
        assert span.start <= span.end
        assert span.trace == spans[0].trace
        assert all(link.span in by_id for link in span.links)
        if span.parent and called([span], "invocation") == []:
            assert by_id[span.parent].start <= span.start <= span.end <= by_id[span.parent].end


def test_a_distributed_map_is_one_trace_down_to_the_cold_starts(runs, lane, read):
    run_id = runs.ended(machine(Ranks=ranks(lane, "DISTRIBUTED")), items(3))
    reading, spans = read(run_id)
    check_whole(spans)
    assert Counter(span.attributes["teamlanes.kind"] for span in spans) == {
        "execution": 4,
        "state": 4,
        "call": 3,
        "invocation": 3,
        "init": len(called(spans, "init")),
    }
    root, by_id = spans[-1], {span.id: span for span in spans}
    assert (root.name, root.trace, root.error) == ("cosmic", trace_id(runs.execution(run_id)), None)
    assert root.attributes["teamlanes.children_unread"] == 0
    for invocation in called(spans, "invocation"):
        call = by_id[invocation.parent]
        assert (call.name, call.kind, invocation.kind) == ("lambda.Invoke", Kind.CLIENT, Kind.SERVER)
        assert call.attributes["faas.invoked_name"] == invocation.name == function(lane)
        assert call.attributes["aws.request_id"] == invocation.attributes["faas.invocation_id"]
        chain = [by_id[call.parent], by_id[by_id[call.parent].parent]]
        assert [span.name for span in chain] == ["Work", "Ranks item"]
        assert chain[1].attributes["teamlanes.rank"] == invocation.attributes["teamlanes.rank"]
        assert dict(invocation.resource.attributes)["cloud.platform"] == "aws_lambda"
    assert [by_id[span.parent].attributes["faas.coldstart"] for span in called(spans, "init")] == [
        True for _ in called(spans, "init")
    ]
    assert reading.counts.told == [line for line in reading.counts.told if "reach out of" in line]


def test_a_second_reading_gives_the_same_bytes(runs, lane, read):
    run_id = runs.ended(machine(Ranks=ranks(lane, "DISTRIBUTED")), items(2))
    first, again = (request(read(run_id)[1], "1") for _ in range(2))
    assert first == again


def test_children_that_are_not_read_have_empty_spans_and_the_ids_that_they_would_have(runs, lane, read):
    run_id = runs.ended(machine(Ranks=ranks(lane, "DISTRIBUTED")), items(3))
    whole = {span.id: span for span in read(run_id)[1]}
    reading, spans = read(run_id, most=1)
    check_whole(spans)
    assert spans[-1].attributes["teamlanes.children_unread"] == reading.counts.unread == 2
    assert {span.id for span in spans} < set(whole)
    assert all(span.start == whole[span.id].start and span.end == whole[span.id].end for span in spans)
    assert reading.counts.without_call == 2, "their functions told the run"
    assert [span.parent for span in called(spans, "invocation")].count(spans[-1].id) == 2
    assert reading.counts.told[0] == "2 of 3 child executions were not read: their spans are empty"


def test_a_failure_is_told_where_it_happened_without_secrets(runs, lane, read):
    run_id = runs.ended(machine(Ranks=ranks(lane, "DISTRIBUTED")), items(3, 1))
    _, spans = read(run_id)
    check_whole(spans)
    (call,) = [span for span in called(spans, "call") if span.error]
    assert call.error == "ValueError: rank 1 has password=(hidden)"
    (event,) = call.events
    assert (event.name, event.attributes["exception.type"]) == ("exception", "ValueError")
    assert "work.py" in event.attributes["exception.stacktrace"]
    assert call.attributes["error.type"] == "ValueError"
    failed = {span.name for span in spans if span.error}
    assert failed == {"lambda.Invoke", "Work", "Ranks item", "Ranks", "cosmic", function(lane)}
    assert b"hunter2" not in request(spans, "1")


def test_a_redrive_links_its_calls_to_those_that_it_repeats(runs, lane, aws, read):
    run_id = runs.ended(machine(Ranks=ranks(lane, "INLINE", MaxConcurrency=1)), items(3, 1))
    before = {span.id for span in read(run_id)[1]}
    aws.states.redrive_execution(executionArn=runs.execution(run_id))
    runs.wait(run_id)
    _, spans = read(run_id)
    check_whole(spans)
    assert before <= {span.id for span in spans}
    linked = [span for span in spans if span.links]
    by_id = {span.id: span for span in spans}
    assert [(span.attributes["teamlanes.redrive"], by_id[span.links[0].span].error is not None) for span in linked] == [
        (1, True)
    ]
    assert [event.name for event in spans[-1].events] == ["teamlanes.redriven", "exception"]


def test_a_nested_execution_lies_in_the_call_that_started_it(runs, lane, aws, read):
    inner = runs.ended(machine(Inner={"Type": "Pass", "End": True}), {})
    arn = aws.states.create_state_machine(
        name="nested",
        definition=json.dumps(machine(Inner={"Type": "Pass", "End": True})),
        roleArn=aws.states.describe_state_machine(stateMachineArn=runs.arn)["roleArn"],
    )["stateMachineArn"]
    start = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
    run_id = runs.ended(machine(Start={**start, "Parameters": {"StateMachineArn": arn}}), {})
    _, spans = read(run_id)
    check_whole(spans)
    by_id = {span.id: span for span in spans}
    (state,) = [span for span in spans if span.name == "Inner"]
    nested = by_id[state.parent]
    assert (nested.name, by_id[nested.parent].name) == ("nested", "states.StartExecution")
    assert state.id not in {span.id for span in read(inner)[1]}


def test_a_run_that_goes_on_is_refused(runs, lane, aws, read):
    run_id = runs.start(machine(Wait={"Type": "Wait", "Seconds": 600, "End": True}))
    with pytest.raises(UsageError, match=r"goes on .RUNNING.*a span has an end\n  fix: wait for it"):
        read(run_id)
    aws.states.stop_execution(executionArn=runs.execution(run_id), error="Mine", cause="enough")
    runs.wait(run_id)
    _, spans = read(run_id)
    assert spans[-1].error == "Mine: enough"
    assert spans[0].attributes["teamlanes.status"] == "ABORTED"
    assert spans[0].error is None


class ManyChildren:
    """A run of a distributed Map of very many children, each of a single Pass; every hundredth failed."""

    def __init__(self, count):
        self.count, self.read = count, []
        self.start = datetime(2026, 1, 2, tzinfo=UTC)

    def get_paginator(self, name):
        return SimpleNamespace(paginate=getattr(self, f"_{name}"))

    def describe_map_run(self, **_):
        return {"executionCounts": {"total": self.count}}

    def _list_executions(self, **_):
        for first in range(0, self.count, 1000):
            yield {
                "executions": [
                    {
                        "executionArn": f"arn:child:{number}",
                        "status": "SUCCEEDED" if number % 100 else "FAILED",
                        "startDate": self.start + timedelta(milliseconds=number),
                        "stopDate": self.start + timedelta(milliseconds=number + 5),
                    }
                    for number in range(first, min(self.count, first + 1000))
                ]
            }

    def _get_execution_history(self, executionArn, **_):
        self.read.append(executionArn)
        at = self.start
        if ":child:" not in executionArn:
            yield {
                "events": [
                    event(1, 0, "ExecutionStarted", at, {"input": "{}"}),
                    event(2, 0, "MapStateEntered", at, {"name": "M", "input": "{}"}, "stateEntered"),
                    event(3, 2, "MapStateStarted", at, {"length": self.count}),
                    event(4, 3, "MapRunStarted", at, {"mapRunArn": "map"}),
                    event(5, 4, "MapRunSucceeded", at, {}),
                    event(6, 5, "MapStateExited", at, {"name": "M"}, "stateExited"),
                    event(7, 6, "ExecutionSucceeded", at, {}),
                ]
            }
            return
        at += timedelta(milliseconds=int(executionArn.rpartition(":")[2]))
        yield {
            "events": [
                event(1, 0, "ExecutionStarted", at, {"input": "{}"}),
                event(2, 0, "PassStateEntered", at, {"name": "P", "input": "{}"}, "stateEntered"),
                event(3, 2, "PassStateExited", at, {"name": "P"}, "stateExited"),
                event(4, 3, "ExecutionSucceeded", at, {}),
            ]
        }


def event(number, before, kind, at, told, name=""):
    key = f"{name or kind[0].lower() + kind[1:]}EventDetails"
    return {"id": number, "previousEventId": before, "type": kind, "timestamp": at, key: told}


@pytest.fixture
def many(lane):
    def make(count, most, states=None, **more):
        states = states or ManyChildren(count)
        logs = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: iter(())))
        aws = SimpleNamespace(states=states, logs=logs, target=Target(TargetKind.EMBEDDED, lane.place))
        until = states.start + timedelta(seconds=count)
        found = Found(Run("r", "arn:run", lane, "cosmic"), "SUCCEEDED", states.start, until, "{}", "{}")
        return RunSpans(aws, found, most=most, sleep=lambda _: None, clock=lambda: 0.0, **more), states

    return make


def test_those_that_failed_are_read_first_and_the_rest_evenly(many):
    spans, states = many(10_000, 150)
    for _ in spans:
        pass
    read = {int(arn.rpartition(":")[2]) for arn in states.read[1:]}
    assert len(read) == 150
    assert {number for number in read if number % 100 == 0} == set(range(0, 10_000, 100))
    others = sorted(number for number in read if number % 100)
    assert max(later - number for number, later in pairwise(others)) < 300
    assert spans.counts.unread == 10_000 - 150
    assert spans.counts.spans == 10_000 + 150 + 2


def test_ten_thousand_children_that_are_read_go_out_as_they_come(many):
    """No more than eight histories are held at a time, and no more than a batch of spans."""
    spans, states = many(10_000, 10_000)
    seen = 0
    for batch in batches(spans):
        assert len(batch) <= 512
        seen += sum(span.attributes["teamlanes.kind"] == "execution" for span in batch)
        assert len(states.read) - 1 - seen <= 8 + 512
    assert spans.counts.spans == 10_000 * 2 + 2
    assert spans.counts.unread == 0


def test_children_that_aws_does_not_list_are_counted(many):
    """Express children have no list and no history."""

    class Express(ManyChildren):
        def _list_executions(self, **_):
            yield {"executions": []}

    spans, _ = many(7, 200, Express(7))
    root = list(spans)[-1]
    assert root.attributes["teamlanes.children"] == root.attributes["teamlanes.children_without_span"] == 7
    assert spans.counts.told == [
        "7 of 7 child executions were not read: their spans are empty, and 7 of them have no span"
    ]


def test_an_express_run_is_told_by_the_events_of_its_log(many):
    states = ManyChildren(0)
    (page,) = states._get_execution_history("arn:child:0")
    spans, _ = many(0, 200, states, events=page["events"])
    states.read.clear()
    assert [span.name for span in spans] == ["P", "cosmic"]
    assert states.read == []


class Nested(ManyChildren):
    """A run that started two executions: one that nobody may see, and an express one."""

    def __init__(self):
        super().__init__(0)
        self.asked = []

    def describe_execution(self, executionArn):
        self.asked.append(executionArn)
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeExecution")

    def _get_execution_history(self, executionArn, **_):
        events = [event(1, 0, "ExecutionStarted", self.start, {"input": "{}"})]
        for number, arn in ((2, "arn:aws:states:r:1:execution:m:x"), (6, "arn:aws:states:r:1:express:m:x:y")):
            told = {"resourceType": "states", "resource": "startExecution", "output": json.dumps({"ExecutionArn": arn})}
            entered, left = {"name": f"S{number}", "input": "{}"}, {"name": f"S{number}"}
            before = number - 1 if number > 2 else 0
            events += [
                event(number, before, "TaskStateEntered", self.start, entered, "stateEntered"),
                event(number + 1, number, "TaskScheduled", self.start, {"resourceType": "states", "resource": "x"}),
                event(number + 2, number + 1, "TaskSucceeded", self.start, told),
                event(number + 3, number + 2, "TaskStateExited", self.start, left, "stateExited"),
            ]
        yield {"events": [*events, event(10, 9, "ExecutionSucceeded", self.start, {})]}


def test_nested_executions_that_are_not_seen_are_counted(many):
    spans, states = many(0, 200, Nested())
    assert [span.attributes["teamlanes.kind"] for span in spans] == ["state", "state", "call", "call", "execution"]
    assert (spans.counts.children, spans.counts.without_span) == (2, 2)
    assert states.asked == ["arn:aws:states:r:1:execution:m:x"]


def test_ids_are_hashes_of_what_stays():
    """Were they ever to change, a run that is sent again would stand twice in its receiver."""
    arn = "arn:aws:states:us-east-1:123456789012:execution:m:20260102T030405Z-a1b2c3"
    assert trace_id(arn).hex() == "939dbef7fbf355362643664294a89a45"
    assert span_id(trace_id(arn), arn, 7).hex() == "c31fbf66cc155a0b"
    assert SCHEMA.endswith("1.44.0")
