"""What the tab key offers, asked as a shell asks."""

import pytest

from tests.helpers.small_project import SmallProject


@pytest.fixture
def offered(tmp_path, monkeypatch, lanes_in):
    small = SmallProject(tmp_path)
    small.write("teams/team8.yaml", "team: team8\nowner: b@example.edu\nworkflows:\n  stars: {world_size: 2}\n")
    small.write("statemachines/stars.yaml", "parameters:\n  world_size: {type: integer}\n  file_limit: {}\n")
    small.write("teams/team9/words/workflow.yaml", "parameters: {text: {}}\n")
    small.write("teams/broken.yaml", "team: [\n")

    def ask(*words):
        monkeypatch.setenv("_LANES_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(("lanes", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        monkeypatch.setattr("sys.argv", ["lanes"])
        return lanes_in(tmp_path).out.split()

    return ask


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["run", "te"], ["team8", "team9"]),
        (["run", "team8", ""], ["stars"]),
        (["run", "team9", "w"], ["words"]),
        (["run", "broken", ""], []),
        (["run", "nobody", ""], []),
        (["run", "team8", "stars", "--w"], ["--world-size"]),
        (["sweep", "team8", "stars", "--file"], ["--file-limit"]),
        (["dev", "team9", "words", "--te"], ["--text"]),
        (["plan", "team8", "team"], ["team8", "team9"]),
        (["logs", "b"], ["broken"]),
        (["access", "team9"], ["team9"]),
        (["access", "gr"], ["grant"]),
        (["access", "grant", "team8"], ["team8"]),
    ],
)
def test_teams_workflows_and_parameters_are_offered(offered, words, answer):
    assert offered(*words) == answer


def test_outside_of_a_project_nothing_is_offered(offered, tmp_path):
    (tmp_path / "naming.yaml").unlink()
    assert offered("run", "te") == []
