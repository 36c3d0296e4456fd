"""Why an execution failed, by its history and those of its children."""

import json
from datetime import UTC, datetime

import pytest

from shared.errors import LanesError
from shared.run.cause import ErrorWithoutRequest
from shared.run.failure import Failure, find_failure

ARN = "arn:run"
REQUEST = "0f8fad5b-d9cb-469f-a165-70867728950e"


def cause(error, message):
    return json.dumps({"errorMessage": message, "errorType": error, "requestId": REQUEST, "stackTrace": []})


def entered(number, before, name, value=None):
    return {
        "id": number,
        "previousEventId": before,
        "type": "TaskStateEntered",
        "stateEnteredEventDetails": {"name": name, "input": json.dumps(value or {})},
    }


def failed(number, before, error, text):
    return {
        "id": number,
        "previousEventId": before,
        "type": "TaskFailed",
        "taskFailedEventDetails": {"error": error, "cause": text, "resource": "invoke", "resourceType": "lambda"},
    }


def ended(number, before, error, text):
    details = {"error": error, "cause": text}
    return {
        "id": number,
        "previousEventId": before,
        "type": "ExecutionFailed",
        "executionFailedEventDetails": details,
    }


def fail(states, arn, events, **description):
    states.histories[arn] = [{"id": 1, "previousEventId": 0, "type": "ExecutionStarted"}, *events]
    states.executions[arn] = [{"status": "FAILED", "input": "{}", **description}]


def test_a_function_that_raised(aws):
    text = cause("EmptyPrefix", "nothing under datasets/")
    events = [entered(2, 1, "Init"), failed(3, 2, "EmptyPrefix", text), ended(4, 3, "EmptyPrefix", text)]
    fail(aws.states, ARN, events, error="EmptyPrefix", cause=text)
    found = find_failure(aws.states, ARN)
    assert found == Failure("FAILED", "Init", None, "EmptyPrefix", "nothing under datasets/", REQUEST)


def test_events_that_name_none_before_them_are_read_too(aws):
    """AWS calls previousEventId optional."""
    ending = {"id": 2, "type": "ExecutionFailed", "executionFailedEventDetails": {"error": "Odd", "cause": "so it is"}}
    aws.states.executions["arn"] = [{"status": "FAILED", "error": "Odd", "cause": "so it is"}]
    aws.states.histories["arn"] = [{"id": 1, "type": "ExecutionStarted"}, ending]
    failure = find_failure(aws.states, "arn")
    assert (failure.error, failure.message, failure.state) == ("Odd", "so it is", None)


def test_the_rank_is_read_from_the_states_input(aws):
    text = cause("CorruptPartition", "no header")
    events = [entered(2, 1, "Inference", {"rank": 3}), failed(3, 2, "CorruptPartition", text)]
    fail(aws.states, ARN, [*events, ended(4, 3, "CorruptPartition", text)])
    assert find_failure(aws.states, ARN).rank == 3


def test_the_iteration_is_the_rank_where_the_input_names_none(aws):
    text = cause("E", "m")
    iteration = {
        "id": 3,
        "previousEventId": 2,
        "type": "MapIterationStarted",
        "mapIterationStartedEventDetails": {"name": "Ranks", "index": 7},
    }
    events = [entered(2, 1, "Ranks", {"rank": 99}), iteration, entered(4, 3, "Work"), failed(5, 4, "E", text)]
    fail(aws.states, ARN, [*events, ended(6, 5, "E", text)])
    found = find_failure(aws.states, ARN)
    assert (found.state, found.rank) == ("Work", 7)


def test_a_retried_failure_that_healed_is_not_blamed(aws):
    healed, real = cause("Flaky", "went by itself"), cause("Real", "this one")
    events = [
        *[entered(2, 1, "First"), failed(3, 2, "Flaky", healed)],
        *[entered(4, 3, "Second"), failed(5, 4, "Real", real), ended(6, 5, "Real", real)],
    ]
    fail(aws.states, ARN, events)
    assert find_failure(aws.states, ARN).message == "this one"


OVER = "States.ExceedToleratedFailureThreshold"


def map_run(number, before, run, *, error=OVER):
    """Return the events of a distributed map that failed. Its state was entered at *number*."""
    began = {"type": "MapRunStarted", "mapRunStartedEventDetails": {"mapRunArn": run}}
    over = {"type": "MapRunFailed", "mapRunFailedEventDetails": {"error": error, "cause": f"too many of {run}"}}
    return [
        entered(number, before, run),
        {"id": number + 1, "previousEventId": number, **began},
        {"id": number + 2, "previousEventId": number + 1, **over},
        {"id": number + 3, "previousEventId": number + 2, "type": "MapStateFailed"},
    ]


def fail_child(states, run, rank, *, second=0):
    text = cause("CorruptPartition", f"no header in {rank}")
    events = [entered(2, 1, "Inference"), failed(3, 2, "CorruptPartition", text), ended(4, 3, "CorruptPartition", text)]
    arn = f"{run}/{rank}"
    fail(states, arn, events)
    states.executions[arn][0]["input"] = json.dumps({"rank": rank})
    stopped = datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC)
    states.children.setdefault(run, []).append({"executionArn": arn, "stopDate": stopped})


def test_a_distributed_map_is_asked_for_its_failed_child(aws):
    fail_child(aws.states, "Ranks", 2)
    fail(aws.states, ARN, [*map_run(2, 1, "Ranks"), ended(6, 5, OVER, "too many of Ranks")])
    found = find_failure(aws.states, ARN)
    expected = ("Inference", 2, "CorruptPartition", "no header in 2", REQUEST)
    assert (found.state, found.rank, found.error, found.message, found.request_id) == expected


@pytest.mark.parametrize(
    ("tolerated", "rank"),
    [((0, 0.0), 3), ((1, 0.0), 1), ((0, 25.0), 2), ((1, 25.0), 1), ((9, 0.0), 0)],
    ids=["none", "one", "a quarter of 8", "the stricter", "more than failed"],
)
def test_the_child_that_was_one_too_many_is_blamed(aws, tolerated, rank):
    for place, second in enumerate((40, 20, 30, 10)):  # the last to fail was the first to start
        fail_child(aws.states, "Ranks", place, second=second)
    aws.states.tolerated = tolerated
    fail(aws.states, ARN, [*map_run(2, 1, "Ranks"), ended(6, 5, OVER, "too many of Ranks")])
    assert find_failure(aws.states, ARN).rank == rank


def test_a_child_that_was_tolerated_is_not_blamed_for_what_failed_later(aws):
    fail_child(aws.states, "Ranks", 2)
    began = {"type": "MapRunStarted", "mapRunStartedEventDetails": {"mapRunArn": "Ranks"}}
    text = cause("NoResult", "nothing to join")
    events = [
        *[entered(2, 1, "Ranks"), {"id": 3, "previousEventId": 2, **began}],
        {"id": 4, "previousEventId": 3, "type": "MapRunSucceeded"},
        *[entered(5, 4, "Join"), failed(6, 5, "NoResult", text), ended(7, 6, "NoResult", text)],
    ]
    fail(aws.states, ARN, events)
    found = find_failure(aws.states, ARN)
    assert (found.state, found.rank, found.error) == ("Join", None, "NoResult")


def test_a_map_whose_failure_was_caught_is_not_blamed_for_the_next(aws):
    fail_child(aws.states, "First", 2)
    fail_child(aws.states, "Second", 5)
    events = [*map_run(2, 1, "First"), *map_run(6, 5, "Second"), ended(10, 9, OVER, "too many of Second")]
    fail(aws.states, ARN, events)
    assert find_failure(aws.states, ARN).message == "no header in 5"


def test_a_map_without_a_failed_child_says_its_own(aws):
    fail(aws.states, ARN, [*map_run(2, 1, "Ranks", error="States.ItemReaderFailed"), ended(6, 5, "E", "unreadable")])
    assert find_failure(aws.states, ARN).message == "unreadable"


def test_what_was_caught_is_not_blamed_for_a_fail_state_or_an_expression(aws):
    caught = [entered(2, 1, "Try"), failed(3, 2, "Flaky", cause("Flaky", "caught"))]
    state = {"type": "FailStateEntered", "stateEnteredEventDetails": {"name": "Give up", "input": "{}"}}
    fail(aws.states, ARN, [*caught, {"id": 4, "previousEventId": 3, **state}, ended(5, 4, "Nope", "why")])
    aws.states.executions[ARN][0] |= {"error": "Nope", "cause": "why"}
    assert find_failure(aws.states, ARN) == Failure("FAILED", "Give up", None, "Nope", "why", None)
    fail(aws.states, ARN, [*caught, entered(4, 3, "Choose"), ended(5, 4, "States.Runtime", "no such path")])
    assert find_failure(aws.states, ARN) == Failure("FAILED", "Choose", None, "States.Runtime", "no such path", None)


def test_what_was_caught_is_not_blamed_when_time_ran_out(aws):
    fail(aws.states, ARN, [entered(2, 1, "Try"), failed(3, 2, "Flaky", cause("Flaky", "caught"))], status="TIMED_OUT")
    assert find_failure(aws.states, ARN) == Failure("TIMED_OUT", None, None, "TIMED_OUT", "it took too long", None)


def test_a_timeout_names_its_invocation_in_the_text(aws):
    text = json.dumps({"errorMessage": f"2026-01-02T03:04:05.000Z {REQUEST} Task timed out after 3.01 seconds"})
    events = [entered(2, 1, "Work"), failed(3, 2, "Sandbox.Timedout", text), ended(4, 3, "Sandbox.Timedout", text)]
    fail(aws.states, ARN, events)
    found = find_failure(aws.states, ARN)
    assert (found.error, found.request_id) == ("Sandbox.Timedout", REQUEST)


def test_a_fail_state_says_its_own_error(aws):
    state = {
        "id": 2,
        "previousEventId": 1,
        "type": "FailStateEntered",
        "stateEnteredEventDetails": {"name": "Not here", "input": "{}"},
    }
    fail(aws.states, ARN, [state, ended(3, 2, "Nope", "why")], error="Nope", cause="why")
    assert find_failure(aws.states, ARN) == Failure("FAILED", "Not here", None, "Nope", "why", None)


def test_a_stopped_execution_has_no_state_to_blame(aws):
    aws.states.histories[ARN] = [{"id": 1, "previousEventId": 0, "type": "ExecutionStarted"}]
    aws.states.executions[ARN] = [{"status": "ABORTED"}]
    assert find_failure(aws.states, ARN) == Failure("ABORTED", None, None, "ABORTED", "it was stopped", None)


def test_a_failure_of_the_language_itself_is_placed_by_the_state_before_it(aws):
    fail(aws.states, ARN, [entered(2, 1, "Choose"), ended(3, 2, "States.Runtime", "no such path")])
    assert find_failure(aws.states, ARN) == Failure("FAILED", "Choose", None, "States.Runtime", "no such path", None)


def test_an_express_child_has_no_history_to_ask(aws):
    arn = "arn:aws:states:us-east-1:123456789012:express:m/Ranks:child:1"
    aws.states.children["Ranks"] = [{"executionArn": arn, "stopDate": datetime(2026, 1, 2, tzinfo=UTC)}]
    fail(aws.states, ARN, [*map_run(2, 1, "Ranks"), ended(6, 5, OVER, "too many of Ranks")])
    assert find_failure(aws.states, ARN) == Failure("FAILED", "Ranks", None, OVER, "too many of Ranks", None)


def test_a_map_that_was_left_before_has_no_rank_to_give(aws):
    text = cause("E", "m")
    iteration = {"type": "MapIterationStarted", "mapIterationStartedEventDetails": {"name": "Ranks", "index": 3}}
    events = [
        {"id": 2, "previousEventId": 1, "type": "MapStateEntered", "stateEnteredEventDetails": {"name": "Ranks"}},
        {"id": 3, "previousEventId": 2, **iteration},
        entered(4, 3, "Count", {"rank": 3}),
        {"id": 5, "previousEventId": 4, "type": "TaskStateExited", "stateExitedEventDetails": {"name": "Count"}},
        {"id": 6, "previousEventId": 5, "type": "MapIterationSucceeded"},
        {"id": 7, "previousEventId": 6, "type": "MapStateExited", "stateExitedEventDetails": {"name": "Ranks"}},
        *[entered(8, 7, "Merge"), failed(9, 8, "E", text), ended(10, 9, "E", text)],
    ]
    fail(aws.states, ARN, events)
    found = find_failure(aws.states, ARN)
    assert (found.state, found.rank) == ("Merge", None)


def at(event, seconds):
    return event | {"timestamp": datetime(2026, 1, 2, 3, 4, seconds, tzinfo=UTC)}


def not_loaded(aws, **said):
    """Let Merge fail between second 10 and 12 with what Lambda's runtime says of code that it cannot load."""
    text = json.dumps({"errorType": "KeyError", "errorMessage": "'b'", "requestId": "", "stackTrace": [], **said})
    events = [at(entered(2, 1, "Merge"), 10), at(failed(3, 2, "KeyError", text), 12), ended(4, 3, "KeyError", text)]
    fail(aws.states, ARN, events)
    return find_failure(aws.states, ARN)


def test_a_traceback_comes_with_the_failure(aws):
    frames = [
        '  File "/var/runtime/x.py", line 1, in f\n',
        '  File "/var/task/m.py", line 3, in <module>\n    T["b"]\n',
    ]
    assert not_loaded(aws, stackTrace=frames).traceback == ('  File "m.py", line 3, in <module>\n    T["b"]',)


def test_an_error_of_ours_has_no_traceback_for_its_message_tells_all(aws):
    frames = ['  File "/var/task/shared/handlers/cosmic/init.py", line 79, in find_partitions\n    raise NoData(\n']
    message = str(LanesError("no partitions under 'x/'", where="s3://b", fix="upload some"))
    assert not_loaded(aws, errorType="NoData", errorMessage=message, stackTrace=frames).traceback == ()


def test_an_error_that_names_no_request_is_kept_with_its_time(aws):
    began, ended = (datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC).timestamp() for second in (10, 12))
    assert not_loaded(aws).without_request == ErrorWithoutRequest("KeyError", "'b'", began, ended)
    assert not_loaded(aws, requestId=REQUEST).without_request is None


def test_an_error_of_the_service_is_of_no_invocation(aws):
    text = "Rate Exceeded."
    events = [at(entered(2, 1, "Merge"), 10), at(failed(3, 2, "Lambda.TooManyRequestsException", text), 12)]
    fail(aws.states, ARN, [*events, ended(4, 3, "Lambda.TooManyRequestsException", text)])
    found = find_failure(aws.states, ARN)
    assert (found.request_id, found.without_request) == (None, None)
