"""What a run may cost before it starts: sure where its ranks are known, and said to be unknown where they are not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from shared.config.lane import Function, Lane, Parameter, Place, Rendezvous, Workflow
from shared.measure.billing.before import worst_case
from shared.measure.billing.cost import cost_of
from shared.measure.billing.usage import Usage

SIZE = Parameter("world_size", "integer", 4, "")


def task(key, **more):
    return {"Type": "Task", "Resource": f"${{{key}}}", "End": True, **more}


def mapped(key):
    return {"Type": "Map", "ItemProcessor": {"StartAt": "T", "States": {"T": key}}, "End": True}


@pytest.fixture
def lane(tmp_path):
    """Return a maker of lanes with functions ``work`` and ``end``, whose machine has the states given."""

    def make(**states):
        definition = {"StartAt": next(iter(states)), "States": states}
        template = Path(tmp_path, "w.asl.json")
        template.write_text(json.dumps(definition))
        functions = {
            f"w-{step}": Function(f"w-{step}", f"team-w-{step}-0", "h", "r", "/g", memory, seconds, None, {})
            for step, memory, seconds in (("work", 2048, 10), ("end", 1024, 5))
        }
        steps = {"work": "w-work", "end": "w-end"}
        flow = Workflow("w", "team-w-0", template, "r", "/l", steps, (SIZE,), {"world_size": 4})
        place = Place("123456789012", "us-east-1", "dev")
        whose = {"team": "team", "owner": "o@x", "hash": "0", "place": place, "tags": {}}
        names = {"bucket": "b", "boundary": "b", "deployer": "d", "deployer_boundary": "l"}
        has = {"functions": functions, "workflows": {"w": flow}, "rendezvous": Rendezvous("h", 1, 1, 1, 1, 1, "")}
        return Lane(**whose, **names, **has, log_retention_days=7, scratch_days=7)

    return make


def test_each_state_is_called_once_and_in_a_map_for_each_rank(lane):
    found = worst_case(lane(A=mapped(task("work")), B=task("end"), C=task("end")), "w", {"world_size": 3})
    assert [(each.key, each.states, each.calls) for each in found.functions] == [("w-work", 1, 3), ("w-end", 2, 2)]
    work, end = found.functions
    assert work.usd == pytest.approx(cost_of(Usage(lambda_requests=3, lambda_gb_seconds=3 * 10 * 2)).usd)
    assert end.usd == pytest.approx(cost_of(Usage(lambda_requests=2, lambda_gb_seconds=2 * 5)).usd)
    assert (found.ranks, found.usd) == (3, pytest.approx(work.usd + end.usd))
    assert found.as_record()["functions"][0]["key"] == "w-work"


@pytest.mark.parametrize("payload", [{}, None, [1], {"world_size": None}])
def test_without_ranks_the_whole_is_not_known_and_a_call_is(lane, payload):
    found = worst_case(lane(A=mapped(task("work")), B=task("end")), "w", payload)
    work, end = found.functions
    assert (found.ranks, found.usd, work.calls, end.calls) == (None, None, None, 1)
    assert work.usd == pytest.approx(cost_of(Usage(lambda_requests=1, lambda_gb_seconds=20)).usd)


def test_a_map_in_a_map_is_not_known(lane):
    found = worst_case(lane(A=mapped(mapped(task("work")))), "w", {"world_size": 3})
    assert (found.usd, found.functions[0].calls) == (None, None)


def test_branches_count_and_what_is_not_called_does_not(lane):
    branch = {"StartAt": "T", "States": {"T": task("work")}}
    found = worst_case(lane(A={"Type": "Parallel", "Branches": [branch, branch], "End": True}), "w", {"world_size": 3})
    assert [(each.key, each.calls) for each in found.functions] == [("w-work", 2)]


def test_more_of_tmp_than_what_comes_with_it_is_billed(lane):
    made = lane(A=task("work"))
    large = replace(made, functions={**made.functions, "w-work": replace(made.functions["w-work"], ephemeral_mb=10240)})
    found = worst_case(large, "w", {"world_size": 1})
    more = cost_of(Usage(storage_gb_seconds=10 * (10240 - 512) / 1024)).usd
    assert found.usd == pytest.approx(worst_case(made, "w", {"world_size": 1}).usd + more)


@pytest.mark.parametrize(
    ("kind", "usd"),
    [("STANDARD", 0.000025), ("EXPRESS", cost_of(Usage(express_requests=1, express_gb_seconds=10 * 64 / 1024)).usd)],
)
def test_a_child_costs_its_states_or_its_start_and_the_longest_time(lane, kind, usd):
    each = mapped(task("work"))
    each["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    (child,) = worst_case(lane(A=each), "w", {"world_size": 3}).children
    assert (child.state, child.express, child.usd) == ("A", kind == "EXPRESS", pytest.approx(usd))
