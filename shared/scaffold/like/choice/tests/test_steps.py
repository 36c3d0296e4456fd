"""Run with: lanes test __TEAM__ __NAME__"""

import steps

from shared.testing import returns, sequence


def test_a_later_round_is_nearer():
    first, later = (steps.estimate({"round": number}, None) for number in (1, 7))
    assert later["error"] < first["error"] < 0.5
    assert later["round"] == 7


def found(error):
    return returns({"Payload": {"pi": 3.14, "error": error}})


def test_it_goes_round_until_it_is_good_enough(workflow):
    run = workflow.run({"tolerance": 0.1, "pause": 3600}, mocks={"Estimate": sequence(found(0.5), found(0.2), found(0.1))})
    assert run.output == {"pi": 3.14, "error": 0.1}
    assert run.seconds == 2 * 3600  # of virtual time


def test_it_gives_up_after_so_many_rounds(workflow):
    run = workflow.run({"tolerance": 0, "rounds": 2})  # its own estimates
    assert (run.error, run.attempts("Estimate")) == ("NotGoodEnough", 2)
