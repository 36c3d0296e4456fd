"""What a run used, by its history: transitions, retries, times; and in full where nobody knows the end."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.handlers.ledger.prices import LAMBDA_REQUEST_USD, TRANSITION, nano
from shared.handlers.ledger.used import used_by

CALLS = {"Step": (2.0, 30_000), "Put": (0.0, 500)}
REQUEST = nano(LAMBDA_REQUEST_USD)


def history(*rows):
    """Make a history of (type, previous id, seconds, details)."""
    begin = datetime(2026, 12, 1, tzinfo=UTC)
    return [
        {"id": number, "type": kind, "previousEventId": before, "timestamp": begin + timedelta(seconds=at), **details}
        for number, (kind, before, at, details) in enumerate(rows, 1)
    ]


def entered(before, at=0, name="Step"):
    return ("TaskStateEntered", before, at, {"stateEnteredEventDetails": {"name": name}})


STARTED = ("ExecutionStarted", 0, 0, {})


def failed(before, at, error):
    return ("TaskFailed", before, at, {"taskFailedEventDetails": {"error": error}})


def test_a_call_counts_its_time_and_its_state_a_transition():
    events = history(
        STARTED, entered(1), ("TaskScheduled", 2, 0, {}), ("TaskStarted", 3, 0.1, {}), ("TaskSucceeded", 4, 1, {})
    )
    assert used_by(events, CALLS) == TRANSITION + REQUEST + 2 * 1002


def test_a_retry_is_a_transition_and_a_call_more():
    events = history(
        STARTED,
        entered(1),
        ("TaskScheduled", 2, 0, {}),
        ("TaskStarted", 3, 0, {}),
        failed(4, 1, "ValueError"),
        ("TaskScheduled", 5, 2, {}),
        ("TaskStarted", 6, 2, {}),
        ("TaskSucceeded", 7, 3, {}),
    )
    assert used_by(events, CALLS) == 2 * (TRANSITION + REQUEST + 2 * 1002)


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_a_parallel_or_a_map_that_is_tried_again_is_a_transition_more_whatever_state_failed_in_it(kind):
    inner = [("FailStateEntered", 3, 0, {"stateEnteredEventDetails": {"name": "No"}})]
    around = (f"{kind}StateEntered", 1, 0, {"stateEnteredEventDetails": {"name": "All"}})
    once = [STARTED, around, (f"{kind}StateStarted", 2, 0, {}), *inner]
    again = [(f"{kind}StateStarted", 4, 1, {}), ("FailStateEntered", 5, 1, inner[0][3])]
    assert used_by(history(*once), CALLS) == 2 * TRANSITION
    assert used_by(history(*once, *again), CALLS) == 4 * TRANSITION


@pytest.mark.parametrize(
    "ends",
    [
        [],
        [("TaskTimedOut", 4, 1, {})],
        [failed(4, 1, "Lambda.Unknown")],
        [failed(4, 1, "Lambda.SdkClientException")],
        [("ExecutionAborted", 0, 1, {})],
        [("TaskFailed", 4, 1, {})],
    ],
)
def test_a_call_whose_end_nobody_knows_is_charged_in_full(ends):
    events = history(STARTED, entered(1), ("TaskScheduled", 2, 0, {}), ("TaskStarted", 3, 0, {}), *ends)
    assert used_by(events, CALLS) == TRANSITION + 30_000


def test_no_call_is_charged_more_than_it_can_have_cost():
    events = history(
        STARTED, entered(1), ("TaskScheduled", 2, 0, {}), ("TaskStarted", 3, 0, {}), ("TaskSucceeded", 4, 900, {})
    )
    assert used_by(events, CALLS) == TRANSITION + 30_000


def test_a_call_that_never_began_costs_its_transition():
    events = history(STARTED, entered(1), ("TaskScheduled", 2, 0, {}), ("TaskStartFailed", 3, 1, {}))
    assert used_by(events, CALLS) == TRANSITION


def test_a_service_counts_in_full_and_a_functions_own_arn_as_any_call():
    events = history(
        STARTED,
        entered(1, 0, "Put"),
        ("TaskScheduled", 2, 0, {}),
        ("TaskSucceeded", 3, 1, {}),
        ("TaskStateExited", 4, 1, {}),
        entered(5, 1),
        ("LambdaFunctionScheduled", 6, 1, {}),
        ("LambdaFunctionStarted", 7, 1, {}),
        ("LambdaFunctionSucceeded", 8, 2, {}),
    )
    assert used_by(events, CALLS) == 2 * TRANSITION + 500 + REQUEST + 2 * 1002


def test_calls_of_branches_are_kept_apart():
    events = history(
        STARTED,
        ("ParallelStateEntered", 1, 0, {"stateEnteredEventDetails": {"name": "Both"}}),
        ("ParallelStateStarted", 2, 0, {}),
        entered(3),
        entered(3, 0, "Put"),
        ("TaskScheduled", 4, 0, {}),
        ("TaskScheduled", 5, 0, {}),
        ("TaskSucceeded", 7, 1, {}),
        ("TaskStarted", 6, 0, {}),
        ("TaskSucceeded", 9, 2, {}),
    )
    assert used_by(events, CALLS) == 3 * TRANSITION + 500 + REQUEST + 2 * 2002
