"""``lanes test``: whose tests it runs, what it passes on, and what it says when there is nothing to run."""

import json
import shutil
import subprocess
import sys
import textwrap
from functools import partial

import pytest

from shared.cli.test import split_names
from tests.helpers.project import REPOSITORY

CARD = "description: One function.\nfunctions: {work: {handler: steps.work}}\n"
TEMPLATE = {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "${work}", "End": True}}}
PASSES = "import steps\n\ndef test_it_works():\n    assert steps.work(1, None) == 1\n"


@pytest.fixture
def root(tmp_path, copy_project):
    root = copy_project(tmp_path / "project")
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    return root


@pytest.fixture
def lanes(root, lanes_in):
    return partial(lanes_in, root)


@pytest.fixture
def workflow(root):
    """Return a function that writes a workflow of a team's own, with a module of tests."""

    def write(team, key, test=None, requirements=""):
        folder = root / f"teams/{team}/{key}"
        (folder / "tests").mkdir(parents=True)
        (folder / "workflow.yaml").write_text(CARD)
        (folder / "workflow.asl.json").write_text(json.dumps(TEMPLATE))
        (folder / "steps.py").write_text("def work(event, context):\n    return event\n")
        (folder / "requirements.txt").write_text(requirements)
        if test:
            (folder / "tests/test_steps.py").write_text(textwrap.dedent(test))

    return write


def test_a_workflow_s_a_team_s_and_all_tests(lanes, workflow):
    workflow("team1", "one", PASSES)
    workflow("team1", "two", PASSES)
    workflow("topics", "three", PASSES)
    for words, count in ((("team1", "one"), 1), (("team1",), 2), ((), 3)):
        told = lanes("test", *words, "--json")
        assert told.code == 0, told.err
        assert json.loads(told.out)["passed"] >= count


def test_what_fails_is_exit_code_1_with_its_name(lanes, workflow):
    workflow("team1", "one", PASSES + "\ndef test_it_fails():\n    assert steps.work(1, None) == 2\n")
    told = lanes("test", "team1", "one", "--json")
    assert told.code == 1
    summary = json.loads(told.out)
    assert (summary["passed"], summary["skipped"]) == (1, [])
    (failure,) = summary["failed"]
    assert failure["test"] == "teams/team1/one/tests/test_steps.py::test_it_fails"
    assert "assert 1 == 2" in failure["said"]


def test_a_module_that_cannot_be_imported_fails(lanes, workflow):
    workflow("team1", "one", "import nowhere\n")
    told = lanes("test", "team1", "one", "--json")
    assert told.code == 1
    (failure,) = json.loads(told.out)["failed"]
    assert failure["test"] == "teams/team1/one/tests/test_steps.py"
    assert "No module named 'nowhere'" in failure["said"]


def test_options_choose_and_go_to_pytest(lanes, workflow):
    workflow("team1", "one", PASSES + "\ndef test_another():\n    pass\n")
    assert json.loads(lanes("test", "team1", "-k", "another", "--json").out)["passed"] == 1
    told = lanes(
        "test", "team1", "one", "--json", "--", "--deselect", "teams/team1/one/tests/test_steps.py::test_another"
    )
    assert json.loads(told.out)["passed"] == 1
    none = lanes("test", "team1", "one", "-k", "nothing")
    assert (none.code, "no test of teams/team1/one is left" in none.err) == (2, True)
    assert lanes("test", "team1", "one", "--", "--no-such-option").code == 2
    assert lanes("test", "team1", "--no-such-option").code == 2


def test_what_pytest_prints_is_seen_and_leaves_json_alone(root, workflow):
    workflow("team1", "one", PASSES)
    command = [sys.executable, "-m", "shared.cli", "test", "team1", "one"]
    shown = subprocess.run([*command, "--", "-v"], cwd=root, capture_output=True, text=True, check=True)
    assert "test_steps.py::test_it_works PASSED" in shown.stdout
    shown = subprocess.run([*command, "--json"], cwd=root, capture_output=True, text=True, check=True)
    assert "1 passed" in shown.stderr
    assert json.loads(shown.stdout)["passed"] == 1


def test_words_are_names_until_an_option_of_pytest_s():
    assert split_names(["team1", "one", "-x", "--tb", "short"]) == (["team1", "one"], ["-x", "--tb", "short"])
    assert split_names(["-x"]) == ([], ["-x"])


def test_a_library_that_is_not_here_is_no_failure(lanes, workflow):
    workflow("team1", "one", "import no_such_library\n\ndef test_it():\n    pass\n", "no-such-library==1.0\n")
    told = lanes("test", "team1", "one", "--json")
    assert told.code == 0, told.err
    (skip,) = json.loads(told.out)["skipped"]
    assert "uv pip install -r teams/team1/one/requirements.txt" in skip["said"]


def test_without_a_test_it_says_how_to_come_to_one(lanes, workflow, root):
    workflow("team1", "one")
    told = lanes("test", "team1", "one")
    assert told.code == 1
    assert "team1 one has no test yet" in told.err
    assert "write teams/team1/one/tests/test_one.py; lanes workflow new team1 NAME --dry-run shows one" in told.err
    (root / "statemachines/tests").exists() and shutil.rmtree(root / "statemachines/tests")
    assert "write statemachines/tests/item-map/test_item_map.py" in lanes("test", "topics", "item-map").err
    assert "topics has no test yet" in lanes("test", "topics").err
    assert "no workflow has a test yet" in lanes("test").err


def test_what_does_not_exist_is_asked_wrongly(lanes):
    for words, said in (
        (("nobody",), "unknown team 'nobody'"),
        (("team1", "nothing"), "unknown workflow 'nothing'"),
        (("team1", "fmi-script", "more"), "too many names"),
    ):
        told = lanes("test", *words)
        assert (told.code, said in told.err) == (2, True), told.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--record", "r"), 2, "which team's run?"),
        (("team1", "--record", "r"), 1, "no cloud runs here, and what a run did ends with its cloud"),
        (("team1", "one", "two", "--record", "r"), 2, "too many names: team1 one two"),
        (("team1", "--record", "r", "-k", "x"), 2, "--record runs no test"),
        (("team1", "--record", "r", "--name", "-"), 2, "'-' can be no test's name"),
        (("team1", "--aws"), 2, "tests run on no cloud"),
        (("team1", "--name", "x"), 2, "tests run on no cloud"),
    ],
)
def test_what_can_be_recorded(lanes, words, code, said):
    told = lanes("test", *words)
    assert (told.code, said in told.err) == (code, True), told.err
