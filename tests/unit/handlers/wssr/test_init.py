"""What a run is asked for, and whether it can be done here."""

import pytest

from shared.handlers.payload import BadInput
from shared.handlers.wssr.rscript import MissingR

DEFAULTS = {"iterations": 10, "years": 10, "seed": 1, "headcount": 1000, "joiners": None, "concurrency": 100}


@pytest.fixture
def init(step):
    return lambda payload: step("init")({"run_id": "run-1", "payload": payload, "defaults": DEFAULTS}, None)


def test_the_teams_figures_lie_under_those_of_the_payload(init, with_r):
    assert init({"iterations": "3", "seed": 0, "headcount": 500}) == {
        "run_id": "run-1",
        "iterations": 3,
        "years": 10,
        "seed": 0,
        "headcount": 500,
        "joiners": 40,
        "concurrency": 100,
    }
    assert init({"joiners": 0})["joiners"] == 0


def test_everything_that_cannot_be_is_told_at_once(init):
    with pytest.raises(BadInput) as caught:
        init({"iterations": 0, "years": 101, "seed": -1, "headcount": "many", "joiners": 1.5, "iteration": 3})
    for name in (
        "iterations is 0",
        "years is 101",
        "seed is -1",
        "headcount is 'many'",
        "joiners is 1.5",
        "'iteration'",
    ):
        assert name in caught.value.what


def test_another_teams_bucket_is_refused(init):
    with pytest.raises(BadInput, match="reach 'wssr-data-0badcafe' only"):
        init({"bucket": "elsewhere"})


def test_without_r_the_first_step_says_how_to_get_it(init, without_r):
    with pytest.raises(MissingR, match=r"no Rscript on its PATH\n  fix: .*apt install r-base-core.*lanes doctor"):
        init({})
