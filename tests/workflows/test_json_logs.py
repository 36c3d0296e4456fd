"""A function whose card says ``logFormat: JSON``: every command that reads logs goes on working."""

import json

import pytest

from tests.workflows.conftest import HANDLER
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow


@pytest.fixture
def json_probe(probe):
    card = probe / "statemachines/probe.yaml"
    card.write_text(card.read_text().replace("timeout: 60", "timeout: 60, logFormat: JSON"))
    return probe


def test_runs_logs_and_metrics_read_it(json_probe, lanes_in):
    with kept_cloud(json_probe):
        ran = lanes_in(json_probe, "run", "prober", "probe", "--json")
        assert ran.code == 0, ran.err
        told = json.loads(ran.out)
        assert [(rank["rank"], rank["records"]) for rank in told["ranks"]] == [(0, 5), (1, 5)]
        assert all(rank["billed_ms"] > 0 and rank["memory_size_mb"] == 1024 for rank in told["ranks"])
        logs = lanes_in(json_probe, "logs", "prober", told["run_id"])
        assert '"type": "platform.start"' in logs.out
        assert "REPORT RequestId" not in logs.out
        rows = json.loads(lanes_in(json_probe, "metrics", "prober", told["run_id"], "--json").out)["invocations"]
        assert sorted((row["rank"], row["run"], row["failed"]) for row in rows) == [
            (rank, told["run_id"], False) for rank in (0, 1)
        ]
        assert sum(row["billed_ms"] for row in rows) == sum(rank["billed_ms"] for rank in told["ranks"])
        assert "prober: nothing to do" in lanes_in(json_probe, "plan", "prober").out


def test_a_failure_is_told_from_it(json_probe, lanes_in):
    work = json_probe / "shared/handlers/probe/work.py"
    work.write_text(HANDLER.replace("    return", '    raise ValueError("no more")\n    return'))
    with kept_cloud(json_probe):
        ran = lanes_in(json_probe, "run", "prober", "probe", "--json")
        assert ran.code == 1
        failure = json.loads(ran.out)["failure"]
        assert (failure["error"], failure["message"]) == ("ValueError", "no more")
        assert failure["request_id"]
        assert any('"errorType": "ValueError"' in line for line in failure["log_tail"])
        rows = json.loads(lanes_in(json_probe, "metrics", "prober", "--json").out)["invocations"]
        assert {(row["failed"], row["traceback"]) for row in rows} == {(True, True)}


def test_a_handler_that_cannot_be_loaded_is_found_in_it(json_probe, lanes_in):
    (json_probe / "shared/handlers/probe/work.py").write_text(
        'TABLE = {"a": 1}["b"]\n\ndef handler(event, context): ...\n'
    )
    with kept_cloud(json_probe):
        ran = lanes_in(json_probe, "run", "prober", "probe")
        assert ran.code == 1
        assert 'TABLE = {"a": 1}["b"]' in ran.err
        assert "all of its log: lanes logs prober" in ran.err
