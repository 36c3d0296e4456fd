"""A run that has ended, with its outcome, its trace and its cost."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from shared.measure.billing.finished_run import FinishedRun, finish_run
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
