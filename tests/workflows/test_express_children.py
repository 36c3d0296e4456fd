"""Express children of a distributed Map: what every command tells of them comes from the log of the machine."""

import json

import pytest

from tests.workflows.conftest import HANDLER
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow

RANKS = 2


@pytest.fixture
def express(probe):
    card = probe / "statemachines/probe.yaml"
    card.write_text(f"children: express\n{card.read_text()}")
    template = probe / "statemachines/probe.asl.json"
    definition = json.loads(template.read_text())
    (each,) = (state for state in definition["States"].values() if state["Type"] == "Map")
    processor = each["ItemProcessor"]
    call = {"FunctionName": "${work}", "Payload.$": "$"}
    processor["States"]["Work"] |= {"Resource": "arn:aws:states:::lambda:invoke", "Parameters": call}
    processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "${children}"}
    template.write_text(json.dumps(definition))
    return probe


def test_they_are_priced_and_their_ranks_are_told(express, lanes_in):
    with kept_cloud(express):
        ran = lanes_in(express, "run", "prober", "probe", "--json")
        assert ran.code == 0, ran.err
        told = json.loads(ran.out)
        paid = {item["name"]: item["amount"] for item in told["cost"]["items"]}
        assert paid["express_requests"] == RANKS
        steps = paid["express_gb_seconds"] / (0.1 * 64 / 1024)
        assert steps == pytest.approx(round(steps))
        assert steps > RANKS
        assert paid["log_gb"] > 0
        asked = json.loads(lanes_in(express, "cost", "prober", told["run_id"], "--json").out)
        assert {item["name"]: item["amount"] for item in asked["items"]}["express_gb_seconds"] == pytest.approx(
            paid["express_gb_seconds"]
        )
        rows = json.loads(lanes_in(express, "metrics", "prober", told["run_id"], "--json").out)["invocations"]
        assert sorted((row["rank"], row["state"]) for row in rows) == [(0, rows[0]["state"]), (1, rows[0]["state"])]
        assert rows[0]["state"]
        debugged = lanes_in(express, "debug", "prober", told["run_id"], "--rank", "1")
        assert "state Work, rank 1, attempt 1: SUCCEEDED" in debugged.err  # its code is that of another project


def test_the_child_that_failed_is_named(express, lanes_in):
    work = express / "shared/handlers/probe/work.py"
    work.write_text(HANDLER.replace("    return", '    if event["rank"]: raise ValueError("no more")\n    return'))
    with kept_cloud(express):
        ran = lanes_in(express, "run", "prober", "probe", "--json")
        assert ran.code == 1
        failure = json.loads(ran.out)["failure"]
        assert (failure["error"], failure["message"], failure["rank"]) == ("ValueError", "no more", 1)
        debugged = lanes_in(express, "debug", "prober", json.loads(ran.out)["run_id"])
        assert "state Work, rank 1, attempt 1: FAILED" in debugged.err
