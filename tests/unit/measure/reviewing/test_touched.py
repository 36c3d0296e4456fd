"""Whose lanes a path may change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.measure.reviewing.touched import touched

TEAMS = ("team1", "team10", "words")
LENT = {"teams/words/count": ("team10",)}


@pytest.mark.parametrize(
    ("path", "teams", "gone"),
    [
        ("teams/team1.yaml", ["team1"], ()),
        ("teams/team10.yaml", ["team10"], ()),
        ("teams/words/other/steps.py", ["words"], ()),
        ("teams/words/count/steps.py", ["team10", "words"], ()),
        ("teams/words/counter/steps.py", ["words"], ()),
        ("teams/team2.yaml", [], ("team2",)),
        ("teams/team2/x/y.py", [], ("team2",)),
        ("teams/ruff.toml", [], ()),
        ("shared/handlers/cosmic/inference.py", list(TEAMS), ()),
        ("statemachines/cosmic.yaml", list(TEAMS), ()),
        ("statemachines/tests/test_cosmic.py", [], ()),
        ("naming.yaml", list(TEAMS), ()),
        ("docs/fmi.md", [], ()),
        ("README.md", [], ()),
        ("tests/conftest.py", [], ()),
        (".github/workflows/ci.yml", [], ()),
    ],
)
def test_a_path_touches_whom_it_may_change(path, teams, gone):
    found = touched([path], TEAMS, LENT)
    assert (list(found.teams), found.gone) == (teams, gone)
    assert set(found.teams.values()) <= {path}


@given(st.lists(st.sampled_from(["teams/team1.yaml", "teams/words/count/a", "docs/x", "naming.yaml"])))
def test_several_paths_touch_those_whom_each_touches(paths):
    alone = {team for path in paths for team in touched([path], TEAMS, LENT).teams}
    assert set(touched(paths, TEAMS, LENT).teams) == alone
