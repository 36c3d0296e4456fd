"""A Step Functions and a CloudWatch Logs that say what a test tells them to, in AWS's own shapes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.config.lane import Function, Lane, Place, Rendezvous, Workflow
from shared.run.start import Run

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Pages:
    def __init__(self, read):
        self.paginate = read


@dataclass
class FakeLogs:
    """Groups of (stream, milliseconds, message). A line in ``late`` shows up one read later."""

    groups: dict[str, list[tuple[str, int, str]]] = field(default_factory=dict)
    late: list[tuple[str, tuple[str, int, str]]] = field(default_factory=list)
    asked_from: list[int] = field(default_factory=list)
    ids: bool = True

    def get_paginator(self, name):
        assert name == "filter_log_events"
        return Pages(self._read)

    def _read(self, *, logGroupName, startTime=0, filterPattern='""'):
        self.asked_from.append(startTime)
        events = [
            {
                **({"eventId": f"{stream}/{index}"} if self.ids else {}),
                "logStreamName": stream,
                "timestamp": at,
                "message": message,
            }
            for index, (stream, at, message) in enumerate(self.groups.get(logGroupName, []))
            if at >= startTime and filterPattern.strip(chr(34)) in message
        ]
        yield {"events": events[:2]}
        yield {"events": events[2:]}
        while self.late:
            group, line = self.late.pop()
            self.groups[group].append(line)


@dataclass
class FakeStates:
    """Executions by ARN: what describe says, one answer after another, and the events of the history.

    ``children`` are the failed ones of each map run, ``tolerated`` a map run's count and percentage, 0 for none.
    """

    executions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    histories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    children: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tolerated: tuple[int, float] = (0, 0.0)

    def describe_execution(self, *, executionArn):
        answers = self.executions[executionArn]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def get_execution_history(self, *, executionArn, reverseOrder, maxResults):
        assert reverseOrder
        return {"events": self.histories.get(executionArn, [])[::-1][:maxResults]}

    def get_paginator(self, name):
        return Pages(getattr(self, f"_{name}"))

    def _get_execution_history(self, *, executionArn, PaginationConfig):
        return [{"events": self.histories.get(executionArn, [])}]

    def describe_map_run(self, *, mapRunArn):
        count, percentage = self.tolerated
        return {
            "toleratedFailureCount": count,
            "toleratedFailurePercentage": percentage,
            "executionCounts": {"total": 8},
            "itemCounts": {"total": 8},
            "mapRunArn": mapRunArn,
        }

    def _list_executions(self, *, mapRunArn, PaginationConfig, statusFilter="FAILED"):
        assert statusFilter == "FAILED"
        return [{"executions": [child]} for child in self.children.get(mapRunArn, [])]


@pytest.fixture
def aws():
    return SimpleNamespace(states=FakeStates(), logs=FakeLogs())


@pytest.fixture
def lane():
    place = Place("123456789012", "us-east-1", "dev")
    function = Function("w-work", "team-w-work-0", "h", "role", "/aws/lambda/team-w-work-0", 128, 3, None, {})
    workflow = Workflow("w", "team-w-0", Path("w.asl.json"), "role", "/logs", {"work": "w-work"}, (), {})
    rendezvous = Rendezvous("host", 1, 1, 1, 1, 1, "")
    whose = {"team": "team", "owner": "o@x", "hash": "0", "place": place, "tags": {}}
    names = {"bucket": "bucket", "boundary": "boundary", "deployer": "deployer", "deployer_boundary": "limit"}
    has = {"functions": {"w-work": function}, "workflows": {"w": workflow}, "rendezvous": rendezvous}
    return Lane(**whose, **names, **has, log_retention_days=7, scratch_days=7)


@pytest.fixture
def run(lane):
    return Run("run-1", "arn:run-1", lane, "w")


@pytest.fixture
def started():
    return START


@pytest.fixture
def lines():
    """Return a maker of the lines one invocation writes: START, progress, END, REPORT."""

    def make(request_id, rank, done, *, at=0, run_id="run-1", stream=None, reported=True):
        stream = stream or request_id
        moment = int((START + timedelta(seconds=at)).timestamp() * 1000)
        written = [
            f"START RequestId: {request_id} Version: $LATEST\n",
            f'{{"progress": {{"run_id": "{run_id}", "rank": {rank}, "done": {done}, "of": 300}}}}\n',
            f"END RequestId: {request_id}\n",
        ]
        if reported:
            written.append(
                f"REPORT RequestId: {request_id}\tDuration: 2000.00 ms\tBilled Duration: 2501 ms\t"
                "Memory Size: 1769 MB\tMax Memory Used: 210 MB\tInit Duration: 500.40 ms\t\n"
            )
        return [(stream, moment + index, text) for index, text in enumerate(written)]

    return make
