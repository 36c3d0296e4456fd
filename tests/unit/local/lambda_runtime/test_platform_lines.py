"""What Lambda writes of itself into a log, as text and as JSON, and that the readers of logs understand both."""

import json
from dataclasses import replace

import pytest

from shared.local.lambda_runtime.platform_lines import JsonLines, Reported, TextLines
from shared.run.logged_bytes import size_of
from shared.run.platform_line import ended, is_init_start, is_platform, started, tells_error
from shared.run.report_line import Report, parse_report

AT = 1_700_000_000.565
REQUEST = "fe5cfefb-6e98-4e56-9662-edc18841b3d1"
COLD = Reported(12606.91, 1228.99, 10240, 2865)


def test_a_report_line_is_the_one_in_the_field():
    assert TextLines().end(AT, REQUEST, COLD) == (
        f"END RequestId: {REQUEST}\n",
        (
            f"REPORT RequestId: {REQUEST}\tDuration: 12606.91 ms\tBilled Duration: 13836 ms\t"
            "Memory Size: 10240 MB\tMax Memory Used: 2865 MB\tInit Duration: 1228.99 ms\t\n"
        ),
    )


def test_a_warm_report_has_no_init_and_a_timeout_says_so():
    *_, line = TextLines().end(AT, "r", Reported(3000.5, None, 128, 30, "timeout"), "Task timed out\n")
    assert "Init Duration" not in line
    assert line.endswith("Max Memory Used: 30 MB\tStatus: timeout\t\n")


def test_a_cold_start_opens_with_the_runtime(function):
    spec = function("", runtime="python3.12")
    assert TextLines().init_start(spec, AT).startswith("INIT_START Runtime Version: python:3.12.")
    assert json.loads(JsonLines().init_start(spec, AT))["record"]["runtimeVersion"].startswith("python:3.12.")


def test_events_of_json_have_their_time_and_kind():
    event = json.loads(JsonLines().start(AT, "r", "$LATEST"))
    assert event == {
        "time": "2023-11-14T22:13:20.565Z",
        "type": "platform.start",
        "record": {"requestId": "r", "version": "$LATEST"},
    }


@pytest.mark.parametrize(
    ("reported", "status", "kinds"),
    [
        (COLD, "success", ["report"]),
        (Reported(1, None, 128, 30, raised=True), "error", ["report"]),
        (Reported(1, None, 128, 30, "timeout", raised=True), "timeout", ["runtimeDone", "report"]),
        (Reported(1, None, 128, 30, "error", "Runtime.ExitError", raised=True), "failure", ["runtimeDone", "report"]),
    ],
)
def test_the_end_as_json_says_how_it_was(reported, status, kinds):
    words = "last words" if reported.status else None
    events = [json.loads(line) for line in JsonLines().end(AT, "r", reported, words)]
    assert [event["type"] for event in events] == [f"platform.{kind}" for kind in kinds]
    assert {event["record"]["status"] for event in events} == {status}
    assert events[-1]["record"].get("errorType", "") == reported.error_type


def test_both_formats_tell_the_same_figures():
    *_, text = TextLines().end(AT, REQUEST, COLD)
    *_, event = JsonLines().end(AT, REQUEST, COLD)
    assert parse_report(text) == parse_report(event) == Report(REQUEST, 12606.91, 13836, 10240, 2865, 1228.99)


@pytest.mark.parametrize("requests", [{}, {"s3:PutObject": 2, "bedrock-runtime:InvokeModel": 1}])
@pytest.mark.parametrize("lines", [TextLines(), JsonLines()], ids=["Text", "JSON"])
def test_counted_requests_are_read_back_and_change_nothing_else(lines, requests):
    *_, plain = lines.end(AT, REQUEST, COLD)
    *_, told = lines.end(AT, REQUEST, replace(COLD, requests=requests))
    assert parse_report(plain).requests is None
    assert parse_report(told) == replace(parse_report(plain), requests=requests)


def test_requests_are_a_second_line_of_a_report_which_no_bill_counts_as_logged():
    *_, plain = TextLines().end(AT, REQUEST, COLD)
    *_, told = TextLines().end(AT, REQUEST, replace(COLD, requests={"s3:GetObject": 1, "s3:PutObject": 2}))
    *_, none = TextLines().end(AT, REQUEST, replace(COLD, requests={}))
    assert told == plain + "EMBEDDED Requests: s3:GetObject 1, s3:PutObject 2\n"
    assert none == plain + "EMBEDDED Requests: none\n"
    assert size_of(told) == size_of(none) == size_of(plain)


@pytest.mark.parametrize("lines", [TextLines(), JsonLines()], ids=["Text", "JSON"])
def test_readers_know_each_line_of_either_format(lines, function):
    start, first = lines.start(AT, "r", "1"), lines.init_start(function(""), AT)
    gone = "platform.runtimeDone stands for it\n" if isinstance(lines, JsonLines) else None
    before, *_ = lines.end(AT, "r", Reported(1, None, 128, 30, "timeout"), gone)
    assert (started(start), started(first)) == ("r", None)
    assert (is_init_start(first), is_init_start(start)) == (True, False)
    assert all(map(is_platform, (start, first, lines.init_report(AT, 1, "Runtime.ExitError"), before)))
    assert (ended(before), ended(start)) == (True, False)
    assert not is_platform('{"type": "mine"}')
    assert not is_platform("hello")


@pytest.mark.parametrize(
    "line",
    [
        "[ERROR] ValueError: no\nTraceback (most recent call last):\n",
        json.dumps({"timestamp": "t", "log_level": "ERROR", "errorMessage": "no", "errorType": "ValueError"}),
    ],
)
def test_an_error_of_a_handler_is_known_in_either_format(line):
    assert tells_error(line, "ValueError", "no")
    assert tells_error(line, "ValueError")
    assert not tells_error(line, "ValueError", "yes")
    assert not tells_error(line, "KeyError")


def test_a_function_whose_format_is_json_logs_so(runtime, function, logs):
    source = """
import logging

def handler(event, context):
    logging.getLogger().warning("said")
    print("printed")
    if event.get("raise"):
        raise ValueError("no")
"""
    spec = function(source, handler="app.handler", log_format="JSON", memory_mb=256)
    runtime.invoke(spec, b"{}")
    failed = runtime.invoke(spec, b'{"raise": true}')
    assert failed.function_error == "Unhandled"
    kinds = [json.loads(each).get("type") for each in logs.messages if each.startswith("{")]
    platform = [kind for kind in kinds if kind]
    assert platform == [
        *("platform.initStart", "platform.start", "platform.report"),
        *("platform.start", "platform.report"),
    ]
    said = [json.loads(each) for each in logs.messages if '"said"' in each]
    assert [each["level"] for each in said] == ["WARNING", "WARNING"]
    assert logs.messages.count("printed\n") == 2
    (error,) = [json.loads(each) for each in logs.messages if "errorType" in each]
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no")
    reports = [found for each in logs.messages if (found := parse_report(each))]
    assert [report.status for report in reports] == [None, "error"]
    assert reports[0].init_ms is not None
