"""Runs that have ended, with what others wrote in them, and a connection to a cloud that answers as it is told."""

import contextlib
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from shared.config.load import load_project
from shared.measure.billing.cost import cost_of
from shared.measure.billing.finished_run import FinishedRun
from shared.measure.billing.usage import Usage
from shared.run.failure import Failure
from shared.run.gather import Outcome, Rank
from shared.run.start import Run as Execution
from tests.helpers.project import REPOSITORY

RUN_ID = "20260102T030405Z-a1b2c3"
BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RANKS = (
    Rank(0, 300, 2.0, 210, 1769, 2501, 500.4, "request-0"),
    Rank(1, 100, None, None, 1769, None, None, "<script>alert(1)</script>"),
)


@pytest.fixture(scope="session")
def lane():
    return load_project(REPOSITORY, ["team2"]).lane("team2")


@pytest.fixture
def execution(lane):
    arn = f"arn:aws:states:us-east-1:123456789012:execution:team2-COSMIC-AI-7078ea12:{RUN_ID}"
    return Execution(RUN_ID, arn, lane, "cosmic")


@pytest.fixture
def finished(execution):
    cost = cost_of(Usage(lambda_requests=1_000_000, state_transitions=10))
    return FinishedRun(execution, Outcome("SUCCEEDED", 4.0, RANKS, {"records": 400}), cost=cost)


@pytest.fixture
def broken(execution):
    frame = '  File "teams/team2/mine/steps.py", line 3, in work\n    TABLE["b"]'
    failure = Failure("FAILED", "Ranks", 1, "KeyError", "<b>\x1b[2J", "request-1", traceback=(frame,))
    return FinishedRun(execution, Outcome("FAILED", 1.5, (), None, failure))


class Connection:
    """A lane, and a cloud whose clients are *aws*."""

    call = 'lane("team2")'

    def __init__(self, lane, aws):
        self.lane = lane
        self._aws = aws

    @contextlib.contextmanager
    def open(self, note):
        yield self._aws


@pytest.fixture
def connect(lane):
    return lambda **clients: Connection(lane, SimpleNamespace(**clients))


@pytest.fixture
def began():
    return BEGAN
