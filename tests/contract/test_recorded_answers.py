"""The embedded cloud against all four sets of answers recorded on AWS, each difference explained.

Executions without resources are replayed in process on a virtual clock. All else goes through a server on a loopback
port, whose Wait states and retry delays are short; what waits for a time-out takes the seconds it says. A difference
that is no longer one must be taken out of its table: the test fails both ways.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from shared.config.lane import Place
from shared.local.asl.engine import Engine
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import Machine
from shared.local.asl.scheduler import VirtualScheduler
from shared.local.asl.validation import problems_of
from shared.local.cloud import EmbeddedCloud
from tests.contract.recorded_misses import API, CASES, TASKS, TESTSTATE
from tests.helpers.recorded_answers import check_misses, judge, judge_of, needs_recordings, recorded, replayed

NOW = 1_795_219_200.0  # after the latest time that a recorded execution waits for
SHORTENED = 20.0
ACCOUNT = "123456789012"

pytestmark = needs_recordings


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = Place(ACCOUNT, "us-east-1", "test")
    with EmbeddedCloud(place, tmp_path_factory.mktemp("cloud"), speed=SHORTENED, any_key=True) as cloud:
        yield judge_of(cloud.endpoint)


def run(case: dict[str, Any]) -> Execution:
    """Run a recorded *case* to its end, in virtual time."""
    definition = case["definition"].replace("000000000000", ACCOUNT)
    assert problems_of(definition) == []
    scheduler = VirtualScheduler(NOW)
    engine = Engine(scheduler, lambda function, *_: pytest.fail(f"{function} was called"), random=Random(0))
    name = "machine-1"
    prefix = f"arn:aws:states:us-east-1:{ACCOUNT}"
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    identity = Identity(f"{prefix}:execution:{name}:run", "run", f"{prefix}:stateMachine:{name}", name, role)
    text = case["input"] or "{}"
    execution = Execution(engine, Machine(json.loads(definition)), identity, text)
    execution.start(json.loads(text))
    scheduler.run()
    return execution


def reported(judge: Any, case: dict[str, Any]) -> Any:
    """Return the judge's report of a recorded *case*, run here."""
    execution, expected = run(case), case["expected"]
    report = judge.Report(case, frozenset(judge.RUN_ONLY))
    report.hold("status", expected["status"], execution.status)
    if expected["status"] == "SUCCEEDED":
        report.hold("output", judge.read(expected.get("output")), judge.read(execution.output_text()))
    for name in ("error", "cause"):
        if expected.get(name) is not None:
            report.hold(name, expected[name], getattr(execution, name))
    if "history" in expected:
        events = execution.history.page(0, 10**6, reverse=False, data=True)
        report.history(expected["history"], json.loads(json.dumps(events, default=str)))
    return report


def test_executions_without_resources() -> None:
    module = judge(ACCOUNT)
    check_misses([reported(module, case) for case in recorded("cases")], CASES)


@pytest.mark.parametrize(
    ("kind", "workers", "explained"),
    [("api", 1, API), ("teststate", 4, TESTSTATE), ("tasks", 8, TASKS)],  # scripts of calls list the whole account
)
def test_answers_of_the_server(cloud: Any, kind: str, workers: int, explained: dict[str, str]) -> None:
    check_misses(replayed(cloud, kind, workers), explained)
