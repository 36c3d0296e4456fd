import json

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


def test_a_distributed_map_is_asked_for_its_failed_child(aws):
    text = cause("CorruptPartition", "no header")
    fail(aws.states, "arn:child", [entered(2, 1, "Inference"), failed(3, 2, "CorruptPartition", text)])
    aws.states.executions["arn:child"][0]["input"] = '{"rank": "2"}'
    aws.states.children[ARN] = ["arn:child"]
    over = "States.ExceedToleratedFailureThreshold"
    run_failed = {
        "id": 3,
        "previousEventId": 2,
        "type": "MapRunFailed",
        "mapRunFailedEventDetails": {"error": over, "cause": "too many"},
    }
    fail(aws.states, ARN, [entered(2, 1, "Ranks"), run_failed, ended(4, 3, over, "too many")])
    found = find_failure(aws.states, ARN)
    assert (found.state, found.rank, found.error, found.message) == ("Inference", 2, "CorruptPartition", "no header")


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
    aws.states.children[ARN] = ["arn:aws:states:us-east-1:123456789012:express:m/Ranks:child:1"]
    over = "States.ExceedToleratedFailureThreshold"
    fail(aws.states, ARN, [entered(2, 1, "Ranks"), failed(3, 2, over, "too many"), ended(4, 3, over, "too many")])
    assert find_failure(aws.states, ARN) == Failure("FAILED", "Ranks", None, over, "too many", None)
