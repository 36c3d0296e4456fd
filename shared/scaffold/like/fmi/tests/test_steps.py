"""Run with: lanes test __TEAM__ __NAME__"""

import steps

from shared.testing import raises, returns


def test_some_four_fifths_of_the_points_hit():
    assert 700 < steps.hits(1000, seed=1) < 870


def test_ranks_draw_points_of_their_own():
    assert steps.hits(1000, seed=1) != steps.hits(1000, seed=2)


def test_each_rank_is_told_its_number(workflow):
    meets = returns({"Payload": {"status": "healthy"}})  # ranks meet in a rehearsal: lanes run
    run = workflow.run({"world_size": 3}, mocks={"Rendezvous check": meets, "Rank": lambda call: call})
    assert [visit.input["rank"] for visit in run.visits("Rank")] == [0, 1, 2]
    assert run.output["size"] == 3


def test_no_rank_starts_where_none_can_meet(workflow):
    run = workflow.run(mocks={"Rendezvous check": raises("RendezvousDown")})
    assert (run.error, run.path) == ("RendezvousDown", ["Rendezvous check"])
