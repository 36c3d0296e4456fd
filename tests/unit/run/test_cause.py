"""Which invocation a failure is of: by the request that its cause names, or by its error and its time."""

import json
from datetime import UTC, datetime

import pytest

from shared.run.cause import find_error_without_request, find_request
from shared.run.failure import Failure, find_invocation
from shared.run.logs import Invocation

REQUEST = "0f8fad5b-d9cb-469f-a165-70867728950e"
SAME = "[ERROR] KeyError: 'b'\nTraceback (most recent call last):"


def moment(second):
    return datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC)


def failure(**said):
    """Return a failure between second 10 and 12, with what Lambda's runtime says of code that it cannot load."""
    cause = json.dumps({"errorType": "KeyError", "errorMessage": "'b'", "requestId": "", "stackTrace": [], **said})
    without = find_error_without_request(cause, moment(10), moment(12))
    return Failure("FAILED", "Merge", None, "KeyError", "'b'", find_request(cause), without_request=without)


def logged(request, second, *lines):
    return Invocation(request, "merge", lines=list(lines), started_ms=int(moment(second).timestamp() * 1000))


@pytest.mark.parametrize(
    "cause",
    [
        json.dumps({"errorType": "E", "errorMessage": "m", "requestId": REQUEST}),
        json.dumps({"errorMessage": f"2026-01-02T03:04:05.000Z {REQUEST} Task timed out after 3.01 seconds"}),
        json.dumps({"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {REQUEST} Error: exit status 1"}),
        f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed",
    ],
    ids=["a function's", "a timeout's", "a crash's", "a text"],
)
def test_a_request_is_found_in_every_form_that_names_it(cause):
    assert find_request(cause) == REQUEST
    assert find_error_without_request(cause, moment(10), moment(12)) is None


def test_an_error_without_a_request_is_found_by_its_log_and_its_time():
    ours = logged("ours", 11, "START", SAME)
    others = [
        *[logged("before", 5, SAME), logged("after", 20, SAME)],
        *[logged("other", 11, "[ERROR] KeyError: 'c'"), logged("fine", 11, "START")],
    ]
    assert find_invocation(failure(), [*others[:2], ours, *others[2:]]) is ours
    assert find_invocation(failure(), others) is None


def test_of_two_tries_the_last_is_the_one():
    first, last = logged("first", 10, SAME), logged("last", 12, SAME)
    assert find_invocation(failure(), [last, first]) is last


def test_a_request_that_is_named_is_taken_by_its_name():
    found = failure(requestId=REQUEST)
    assert find_invocation(found, [logged("ours", 11, SAME), logged(REQUEST, 30)]).request_id == REQUEST
    assert find_invocation(found, [logged("ours", 11, SAME)]) is None


def test_an_error_of_the_service_has_no_invocation():
    throttled = Failure("FAILED", "Merge", None, "Lambda.TooManyRequestsException", "Rate Exceeded.", None)
    assert find_invocation(throttled, [logged("ours", 11, SAME)]) is None
