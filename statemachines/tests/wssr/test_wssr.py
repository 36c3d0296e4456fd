"""Every path of wssr, without R: whole runs are in tests/workflows. Run with: lanes test wssr wssr"""

import pytest

from shared.testing import per_item, raises, returns, sequence

BUSY, KILLED = raises("Lambda.TooManyRequestsException"), raises("Runtime.ExitError")
SIX_EACH = [BUSY, KILLED] * 6
GROWING = [wait for each in (2, 4, 8, 16, 32, 64) for wait in (each, each)]  # each of two rules counts for itself


@pytest.fixture
def wssr(workflow):
    return workflow.of("wssr", "wssr")


def init(call):
    given = {key: value for key, value in call["Payload"]["payload"].items() if value is not None}
    return {"Payload": {**given, "run_id": call["Payload"]["run_id"]}}


MOCKS = {
    "Init": init,
    "Simulate": lambda call: {"Payload": {"iteration": call["Payload"]["iteration"]}},
    "Collation and output": lambda call: {"Payload": {"run_id": call["Payload"]["run_id"]}},
}


def test_every_iteration_is_simulated_and_all_are_collated(wssr):
    run = wssr.run({"iterations": 3, "concurrency": 2}, mocks=MOCKS)
    assert run.path == ["Init", "Simulation", "Collation and output", "Done"]
    assert [visit.input["iteration"] for visit in run.visits("Simulate")] == [1, 2, 3]
    assert {visit.input["run_id"] for visit in run.visits("Simulate")} == {"test"}
    assert run.output == {"run_id": "test"}


@pytest.mark.parametrize("state", list(MOCKS))
def test_busy_services_and_killed_workers_are_tried_again(state, wssr):
    again = sequence(*SIX_EACH, MOCKS[state])
    mock = per_item(lambda index: again if index == 1 else MOCKS[state]) if state == "Simulate" else again
    run = wssr.run({"iterations": 2}, mocks={**MOCKS, state: mock})
    assert run.succeeded
    assert run.waits == GROWING


@pytest.mark.parametrize("state", ["Init", "Collation and output"])
def test_a_step_that_fails_ends_the_run_by_its_name(state, wssr):
    run = wssr.run({}, mocks={**MOCKS, state: raises("MissingR", "apt install r-base-core")})
    assert (run.error, run.path[-1], run.attempts(state)) == ("MissingR", state, 1)


def test_one_iteration_that_fails_fails_the_run(wssr):
    fails = per_item(lambda index: raises("RFailed") if index == 1 else returns({"Payload": {}}))
    run = wssr.run({"iterations": 3}, mocks={**MOCKS, "Simulate": fails})
    assert (run.error, run.path[-1]) == ("States.ExceedToleratedFailureThreshold", "Simulation")


def test_init_is_told_the_teams_values_beside_the_payload(wssr):
    asked = []
    wssr.run({"years": 5}, mocks={**MOCKS, "Init": lambda call: asked.append(call) or init(call)})
    (call,) = asked
    assert call["Payload"]["payload"]["years"] == 5
    assert call["Payload"]["defaults"] == {
        "iterations": 10, "years": 10, "seed": 1, "headcount": 1000, "joiners": None, "concurrency": 100,
    }  # fmt: skip
