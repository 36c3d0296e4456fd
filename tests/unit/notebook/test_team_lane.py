"""A lane in a notebook: what is asked of it, before anything starts."""

import sys
from pathlib import Path

import numpy as np
import pytest

from shared.errors import LanesError, UsageError
from shared.notebook import lane
from shared.notebook.sweeping import read_axes
from shared.notebook.team_lane import plain, split
from tests.helpers.project import REPOSITORY


def test_a_cell_shows_the_workflows_of_a_lane():
    team2 = lane("team2", root=REPOSITORY / "docs")
    assert team2.workflows == ["cosmic"]
    assert repr(team2) == "<TeamLane team2: cosmic>"
    assert "data_prefix=&#34;datasets&#34;" in team2._repr_html_()
    assert "the embedded cloud" in team2._repr_html_()
    assert "AWS" in lane("team2", root=REPOSITORY, aws=True)._repr_html_()


def test_a_lane_knows_the_call_that_gives_it_again():
    assert lane("team2", root=REPOSITORY)._connection.call == 'lane("team2")'
    on_aws = lane("team2", root=REPOSITORY, aws=True, profile="field", role="deployer")
    assert on_aws._connection.call == 'lane("team2", aws=True, profile="field", role="deployer")'


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(LanesError, match="no project here"):
        lane("team2", root=tmp_path)
    with pytest.raises(UsageError, match="profile is for AWS"):
        lane("team2", root=REPOSITORY, profile="field")
    team2 = lane("team2", root=REPOSITORY)
    for ask in (team2.run, team2.start, team2.runs, team2.read_sweep):
        with pytest.raises(UsageError, match="unknown workflow 'cosmc'"):
            ask("cosmc")
    with pytest.raises(UsageError, match="unknown workflow 'cosmc'"):
        team2.sweep("cosmc", world_size=[1])


def test_what_the_card_refuses_starts_nothing(copy_project, tmp_path):
    root = copy_project(tmp_path / "project")
    team2 = lane("team2", root=root)
    with pytest.raises(UsageError, match="batch_size"):
        team2.run("cosmic", batch_size=-3)
    with pytest.raises(UsageError, match="a sweep over which parameters"):
        team2.sweep("cosmic")
    with pytest.raises(UsageError, match="repeat is 0"):
        team2.sweep("cosmic", world_size=[1], repeat=0)
    with pytest.raises(UsageError, match="there is no sweep in this folder"):
        team2.read_sweep("cosmic")
    assert not (root / ".lanes" / "cloud.json").exists()


def test_texts_and_paths_may_name_files_and_other_values_are_json():
    given, texts = split("w", {"a": 1}, {"script": Path("ring.py"), "n": np.int64(3), "l": (1, 2)}, any_input=False)
    assert (given, texts) == ({"a": 1, "n": 3, "l": [1, 2]}, {"script": "ring.py"})
    assert split("w", None, {}, any_input=False) == ({}, {})


def test_a_workflow_of_any_input_takes_it_whole():
    assert split("w", [1, 2], {}, any_input=True) == ([1, 2], {})
    assert split("w", None, {}, any_input=True) == ({}, {})
    with pytest.raises(UsageError, match="declares no parameters, so n is none"):
        split("w", None, {"n": 3}, any_input=True)
    with pytest.raises(UsageError, match="no object"):
        split("w", [1], {"n": 3}, any_input=False)


def test_values_of_numpy_and_ranges_are_plain():
    assert plain({"a": np.array([1, 2]), "b": range(3), "c": np.float64(0.5)}) == {
        "a": [1, 2],
        "b": [0, 1, 2],
        "c": 0.5,
    }
    for value in (object(), float("nan"), {1, 2}):
        with pytest.raises(UsageError, match="no value of JSON"):
            plain({"a": value})


def test_an_axis_is_checked_by_the_card(lane):
    workflow = lane.workflows["cosmic"]
    axes = read_axes(workflow, {"world_size": [1, 2, 2], "data_prefix": "datasets"})
    assert axes == {"world_size": [1, 2], "data_prefix": ["datasets"]}
    for wrong in ({"world_size": [0]}, {"world_size": []}, {"data_map": [{"0": "key"}]}, {"worldsize": [1]}):
        with pytest.raises(UsageError):
            read_axes(workflow, wrong)


def test_the_room_of_notebooks_needs_no_extra_to_be_imported(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("shared.notebook")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("pandas", "pyarrow", "IPython"):
        monkeypatch.setitem(sys.modules, name, None)
    import shared.notebook

    assert shared.notebook.lane("team2", root=REPOSITORY).team == "team2"
