"""The log of one invocation, from a CloudWatch that has streams of several of them."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.run.rank_detail import Call
from shared.run.request_log import find_call, read_part, whole

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MS = round(START.timestamp() * 1000)
GROUP = "/aws/lambda/work"


@dataclass
class Logs:
    """Streams of (milliseconds after the start, message). Pages have 100 lines, whatever the limit."""

    streams: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    read: int = 0

    def get_paginator(self, name):
        assert name == "filter_log_events"
        return SimpleNamespace(paginate=self._filter)

    def _filter(self, *, logGroupName, startTime, filterPattern, endTime=None, logStreamNames=()):
        terms = re.findall(r'"(.*?)"(?: |$)', filterPattern)
        if logGroupName != GROUP:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "FilterLogEvents")
        yield {
            "events": [
                {"logStreamName": stream, "timestamp": MS + at, "message": text}
                for stream, lines in self.streams.items()
                if not logStreamNames or stream in logStreamNames
                for at, text in lines
                if startTime <= MS + at <= (endTime or 1e15) and any(term in text for term in terms)
            ]
        }

    def get_log_events(
        self, *, logGroupName, logStreamName, startTime, limit, startFromHead, endTime=1e15, nextToken=None
    ):
        lines = [each for each in self.streams[logStreamName] if startTime <= MS + each[0] < endTime]
        limit = min(limit, 100)
        way, at = nextToken.split("/") if nextToken else ("f" if startFromHead else "b", "")
        if way == "f":
            begin = int(at or 0)
            part = lines[begin : begin + limit]
            ends = begin, begin + len(part)
        else:
            end = int(at) if at else len(lines)
            part = lines[max(0, end - limit) : end]
            ends = max(0, end - limit), end
        self.read += len(part)
        events = [{"timestamp": MS + at, "message": f"{text}\n"} for at, text in part]
        return {"events": events, "nextBackwardToken": f"b/{ends[0]}", "nextForwardToken": f"f/{ends[1]}"}


def invocation(request, lines, at=0):
    """Return what one invocation writes, all in the same millisecond but the report."""
    figures = "Duration: 5.00 ms\tBilled Duration: 6 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB"
    report = f"REPORT RequestId: {request}\t{figures}"
    begin = [(at, f"START RequestId: {request} Version: $LATEST")]
    return begin + [(at, line) for line in lines] + [(at, f"END RequestId: {request}"), (at, report)]


def as_json(request, lines, at=0):
    """Return what an invocation writes whose log format is JSON."""
    metrics = {"durationMs": 5.0, "billedDurationMs": 6, "memorySizeMB": 128, "maxMemoryUsedMB": 30}
    events = [("start", {"requestId": request}), ("report", {"requestId": request, "metrics": metrics})]
    begin, end = (json.dumps({"type": f"platform.{kind}", "record": record}) for kind, record in events)
    said = [json.dumps({"level": "INFO", "message": line, "requestId": request}) for line in lines]
    return [(at, line) for line in (begin, *said, end)]


def progress(rank, run="run-1"):
    return f'{{"progress": {{"run_id": "{run}", "rank": {rank}, "done": 1, "of": 3}}}}'


def call(request="r2", **more):
    told = {"state": "Work", "number": 1, "redrive": 0, "what": "lambda:invoke", "function": "work"}
    told |= {"status": "FAILED", "error": "Bad", "request": request, "waited": None}
    return Call(**{**told, "began": START, "ended": START + timedelta(seconds=1), **more})


@pytest.fixture
def logs():
    """One stream that three invocations share in one millisecond, and another."""
    shared = invocation("r1", ["one"]) + invocation("r2", ["two", "more"]) + invocation("r3", ["three"])
    return Logs({"a": shared, "b": invocation("r4", [progress(7), "four"])})


def lines(logs, place):
    return [line.text for line in read_part(logs, place).first]


def test_an_invocation_has_its_own_lines_of_a_stream_that_others_share(logs):
    place = find_call(logs, GROUP, call(), "run-1", 0)
    assert (place.stream, place.request, place.report.used_mb) == ("a", "r2", 30)
    part = read_part(logs, place)
    assert [line.text for line in part.first if line.own] == ["two", "more"]
    assert [line.text.split()[0] for line in part.first if not line.own] == ["START", "END", "REPORT"]
    assert not part.gap
    assert len(list(whole(logs, place))) == 5


def test_a_call_that_goes_on_is_found_by_its_progress(logs):
    going = call(None, status="RUNNING", error="", ended=None)
    place = find_call(logs, GROUP, going, "run-1", 7)
    assert (place.stream, place.request) == ("b", "r4")
    assert find_call(logs, GROUP, going, "run-2", 7) is None
    assert find_call(logs, GROUP, going, "run-1", 8) is None


def test_code_that_cannot_be_loaded_is_found_by_its_error(logs):
    logs.streams["c"] = [(3, "[ERROR] Runtime.ImportModuleError: Unable to import module 'work'"), (4, "more of it")]
    place = find_call(logs, GROUP, call(None, error="Runtime.ImportModuleError"), "run-1", 0)
    assert (place.stream, place.request, place.report) == ("c", "", None)
    assert len(lines(logs, place)) == 2


def test_a_group_that_is_not_there_holds_no_line(logs):
    assert find_call(logs, "/aws/lambda/other", call(), "run-1", 0) is None


@pytest.mark.parametrize("count", [0, 1, 396, 397])
def test_up_to_four_hundred_lines_are_shown_whole(logs, count):
    logs.streams = {"a": invocation("r1", ["one"]) + invocation("r2", [f"line {at}" for at in range(count)])}
    part = read_part(logs, find_call(logs, GROUP, call(), "run-1", 0))
    assert (len(part.first), part.gap) == (count + 3, False)


def test_of_a_long_log_the_first_and_the_last_lines_are_read_and_not_those_between(logs):
    logs.streams = {"a": invocation("r1", ["one"]) + invocation("r2", [f"line {at}" for at in range(50_000)])}
    logs.streams["a"] += invocation("r3", ["three"])
    place = find_call(logs, GROUP, call(), "run-1", 0)
    part = read_part(logs, place)
    assert part.gap
    assert (part.first[1].text, part.first[-1].text, len(part.first)) == ("line 0", "line 198", 200)
    assert (part.last[-3].text, len(part.last)) == ("line 49999", 200)
    assert part.last[-1].text.startswith("REPORT RequestId: r2")
    assert logs.read < 1500
    assert sum(1 for _ in whole(logs, place)) == 50_003


def test_a_long_line_is_cut_and_says_so(logs):
    logs.streams = {"a": invocation("r2", ["x" * 5000])}
    place = find_call(logs, GROUP, call(), "run-1", 0)
    assert lines(logs, place)[1] == "x" * 2000 + " ... and 3,000 letters more"
    assert list(whole(logs, place))[1] == "x" * 5000


def test_a_log_as_json_is_read_like_one_as_text(logs):
    logs.streams = {"a": as_json("r1", ["one"]) + as_json("r2", ["two", "more"]) + as_json("r3", [])}
    logs.streams["b"] = as_json("r4", []) + as_json("r5", [])
    logs.streams["b"].insert(3, (0, progress(7)))
    place = find_call(logs, GROUP, call(), "run-1", 0)
    assert (place.stream, place.request, place.report.used_mb) == ("a", "r2", 30)
    part = read_part(logs, place)
    assert [json.loads(line.text)["message"] for line in part.first if line.own] == ["two", "more"]
    assert len(part.first) == 4
    going = find_call(logs, GROUP, call(None, status="RUNNING", error="", ended=None), "run-1", 7)
    assert (going.stream, going.request) == ("b", "r5")
    failed = json.dumps({"errorType": "Runtime.ImportModuleError", "errorMessage": "Unable to import module 'work'"})
    logs.streams["c"] = [(3, failed)]
    assert find_call(logs, GROUP, call(None, error="Runtime.ImportModuleError"), "run-1", 0).stream == "c"


def test_a_long_log_as_json_has_its_last_lines(logs):
    logs.streams = {"a": as_json("r2", [f"line {at}" for at in range(5000)]) + as_json("r3", ["three"])}
    part = read_part(logs, find_call(logs, GROUP, call(), "run-1", 0))
    assert part.gap
    assert json.loads(part.last[-1].text)["record"]["requestId"] == "r2"
    assert json.loads(part.last[-2].text)["message"] == "line 4999"


def test_another_invocations_log_that_names_the_request_is_not_taken_for_it(logs):
    logs.streams = {"a": invocation("r1", ["I asked for r2"]), "b": invocation("r2", ["two"])}
    place = find_call(logs, GROUP, call(), "run-1", 0)
    assert (place.stream, place.report.request_id) == ("b", "r2")


def test_where_its_report_was_lost_the_next_invocation_is_left_out(logs):
    logs.streams = {"a": invocation("r2", ["two"])[:-1] + invocation("r3", ["three"])}
    place = find_call(logs, GROUP, call(), "run-1", 0)
    assert [line.split()[0] for line in lines(logs, place)] == ["START", "two", "END"]
    assert place.report is None
