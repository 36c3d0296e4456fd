"""A run that has ended, with its outcome, its trace and its cost."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from shared.measure.billing.cost import cost_of
from shared.measure.billing.finished_run import FinishedRun, finish_run
from shared.measure.billing.usage import Usage
from shared.measure.observed.trace import Trace, Visit
from shared.run.failure import Failure
from shared.run.gather import Outcome, Rank
from shared.run.start import Run
from shared.run.watch import Snapshot

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RUN = Run("run-1", "arn:run-1", cast("Any", None), "w")  # no lane is asked for


class Refusing:
    """A Step Functions that lets nobody read a history."""

    def get_paginator(self, name):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name)


@pytest.fixture
def reader():
    return SimpleNamespace(invocations={}, of_run=lambda _: [])


def test_a_result_is_there_where_its_cost_is_not_known(reader):
    end = Snapshot("SUCCEEDED", "Done", {}, NOW, NOW, '{"mae": 0.02}')
    finished = finish_run(SimpleNamespace(states=Refusing()), RUN, end, reader)
    assert finished.outcome.output == {"mae": 0.02}
    assert (finished.trace, finished.cost) == (None, None)
    assert "AccessDeniedException" in finished.unpriced
    assert finished.as_record()["cost"] is None


def test_a_failure_s_record_has_the_end_of_the_log_and_nothing_of_the_search():
    failure = Failure("FAILED", "Work", 2, "E", "m", "request-1")
    outcome = Outcome(
        "FAILED", 1.0, (Rank(0, 10, 2.0, 1, 2, 3, None, "request-1", ("hello",)),), None, failure, ("END",)
    )
    record = FinishedRun(RUN, outcome).as_record()
    assert record["failure"] == {
        "status": "FAILED",
        "state": "Work",
        "rank": 2,
        "error": "E",
        "message": "m",
        "request_id": "request-1",
        "traceback": (),
        "fix": None,
        "log_tail": ["END"],
    }
    assert "printed" not in record["ranks"][0]


@pytest.mark.parametrize(("counted", "missing"), [(0, 3), (2, 1), (3, 0), (9, 0)])
def test_invocations_that_neither_history_nor_log_tell_are_missed_in_the_cost(counted, missing):
    """Two calls of a function's own ARN, which name no request, and one by lambda:invoke."""
    visits = [Visit("A", "Task", None, NOW, unnamed=2), Visit("B", "Task", None, NOW, requests=["request-1"])]
    cost = cost_of(Usage(lambda_requests=counted, state_transitions=3))
    finished = FinishedRun(RUN, Outcome("SUCCEEDED", 1.0, (), None), Trace(tuple(visits), 3), cost)
    assert finished.uncounted == missing
    assert finished.as_record()["cost"]["uncounted_invocations"] == missing


@pytest.mark.parametrize(
    ("failures", "lacking"),
    [([], 1), (["ExecutionAborted"], 1), (["States.Timeout"], 1), (["Sandbox.Timedout"], 0)],
)
def test_a_call_that_goes_on_after_a_failure_is_missed_in_the_cost(failures, lacking):
    visit = Visit("A", "Task", None, NOW, calls=1, services=[("lambda", "invoke")], failures=failures)
    finished = FinishedRun(RUN, Outcome("FAILED", 1.0, (), None), Trace((visit,), 1), cost_of(Usage()))
    assert finished.uncounted == lacking
