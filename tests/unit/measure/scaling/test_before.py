"""The model of time, asked for the run that an input describes."""

from dataclasses import replace

import pytest

from shared.config.load import load_project
from shared.measure.scaling.before import is_modelled, predict_run, same_records
from shared.measure.scaling.time_model import Size, predict, published
from tests.helpers.owned import owned
from tests.helpers.project import REPOSITORY


@pytest.fixture(scope="module")
def lane():
    return load_project(REPOSITORY, ["team2"]).lane("team2")


def test_it_is_asked_with_the_ranks_the_batch_and_the_memory_of_the_lane(lane):
    found = predict_run(lane, "cosmic", {"world_size": 8, "batch_size": 64}, 10_000)
    assert found == predict(published(), Size(10_000, 8, 64, lane.functions["cosmic-inference"].memory_mb))


@pytest.mark.parametrize("payload", [None, [], {"world_size": 8}, {"batch_size": 64}])
def test_what_it_is_not_told_it_does_not_guess(lane, payload):
    assert predict_run(lane, "cosmic", payload, 10_000) is None


def test_a_teams_own_workflow_of_the_same_name_has_no_model(lane):
    own = owned(lane, replace(lane.workflows["cosmic"], owner="team2"))
    assert is_modelled(lane, "cosmic")
    assert not is_modelled(own, "cosmic")
    assert predict_run(own, "cosmic", {"world_size": 8, "batch_size": 64}, 10_000) is None


def test_the_same_data_is_known_by_what_an_input_names():
    run = {"data_prefix": "datasets", "world_size": 2, "file_limit": None}
    assert same_records({"data_prefix": "datasets", "world_size": 4}, run)
    assert not same_records({"data_prefix": "others"}, run)
    assert not same_records({"data_prefix": "datasets", "file_limit": 3}, run)
    assert not same_records([], run)
