"""The end of the log of the invocation that failed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.run.cause import ErrorWithoutRequest
from shared.run.failed_log import read_failed_log
from shared.run.failure import Failure
from shared.run.find import Found
from tests.unit.run.conftest import START, FakeLogs, Pages

REQUEST = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER = "1f8fad5b-d9cb-469f-a165-70867728950e"
GROUP = "/aws/lambda/team-w-work-0"
FAILURE = Failure("FAILED", "Work", 3, "ValueError", "bad", REQUEST)


class Logs(FakeLogs):
    """Knows streams, too, and keeps what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def get_paginator(self, name):
        return Pages(self._find)

    def _find(self, *, logGroupName, startTime, endTime=None, filterPattern='""'):
        self.asked.append(filterPattern)
        lines = self._between(logGroupName, startTime, endTime)
        yield {"events": [line for line in lines if filterPattern.strip('"') in line["message"]]}
        while self.late:
            group, line = self.late.pop()
            self.groups[group].append(line)

    def get_log_events(
        self, *, logGroupName, logStreamName, startTime, endTime=None, limit, startFromHead, nextToken=None
    ):
        assert not startFromHead
        self.asked.append(logStreamName)
        lines = self._between(logGroupName, startTime, endTime and endTime - 1) if not nextToken else []
        events = [line for line in lines if line["logStreamName"] == logStreamName][-limit:]
        return {"events": events, "nextBackwardToken": "b/0"}

    def _between(self, group, since, until):
        return [
            {"logStreamName": stream, "timestamp": at, "message": message}
            for stream, at, message in self.groups.get(group, [])
            if since <= at <= (until or at)
        ]


@pytest.fixture
def logs(aws):
    aws.logs = Logs()
    return aws.logs


@pytest.fixture
def found(run):
    return Found(run, "FAILED", START, START + timedelta(seconds=30), "{}", None)


def at(second):
    return int((START + timedelta(seconds=second)).timestamp() * 1000)


def lines_of(request, second, *texts, stream="s1"):
    report = (
        f"REPORT RequestId: {request}\tDuration: 2000.00 ms\tBilled Duration: 2501 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 60 MB\t\n"
    )
    all_of_it = [f"START RequestId: {request} Version: $LATEST\n", *texts, f"END RequestId: {request}\n", report]
    return [(stream, at(second) + place, text) for place, text in enumerate(all_of_it)]


def never(seconds):
    pytest.fail("it waited")


def test_the_lines_of_the_invocation_alone_whatever_else_its_stream_has(aws, logs, found):
    logs.groups[GROUP] = [
        *lines_of(OTHER, 1, "of another\n"),
        *lines_of(REQUEST, 2, "<script>\n", "[ERROR] ValueError: bad\n"),
        *lines_of(OTHER, 2, "beside it\n", stream="s2"),
        *lines_of(OTHER, 3, "and after\n"),
    ]
    log = read_failed_log(aws, found, FAILURE, sleep=never)
    assert (log.request_id, log.group, log.why_none) == (REQUEST, GROUP, "")
    assert "<script>" in log.lines
    assert not {"of another", "beside it", "and after"} & set(log.lines)


def test_two_calls_read_it_however_much_the_run_logged(aws, logs, found):
    logs.groups[GROUP] = [*lines_of(REQUEST, 2, *["line\n"] * 500)]
    log = read_failed_log(aws, found, FAILURE, sleep=never)
    assert len(log.lines) == 15
    assert logs.asked == [f'"{REQUEST}"', "s1"]


def test_it_waits_for_a_late_report(aws, logs, found):
    *shown, report = lines_of(REQUEST, 2, "said\n")
    logs.groups[GROUP] = shown
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        logs.groups[GROUP].append(report) if report not in logs.groups[GROUP] else None

    assert read_failed_log(aws, found, FAILURE, sleep=sleep).lines[-1].startswith("REPORT")
    assert len(waits) == 1


def test_code_that_cannot_be_loaded_is_found_by_its_error(aws, logs, found):
    said = "[ERROR] Runtime.ImportModuleError: no numpy\n"
    logs.groups[GROUP] = lines_of(REQUEST, 5, said)
    since, until = (START + timedelta(seconds=4)).timestamp(), (START + timedelta(seconds=6)).timestamp()
    error = ErrorWithoutRequest("Runtime.ImportModuleError", "no numpy", since, until)
    failure = replace(FAILURE, error=error.error, message=error.message, request_id=None, without_request=error)
    log = read_failed_log(aws, found, failure, sleep=never)
    assert log.request_id == REQUEST
    assert said.strip() in log.lines


def test_why_there_is_none_is_told(aws, logs, found):
    log = read_failed_log(aws, found, FAILURE, sleep=lambda _: None)
    assert "more than the 7 days are over" in log.why_none
    no_function = replace(FAILURE, request_id=None)
    assert read_failed_log(aws, found, no_function, sleep=never).why_none == (
        "no function failed, so there is no log of one"
    )
