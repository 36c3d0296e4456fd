"""The two files of a recorded test: what they hold, where they lie, and that neither is overwritten."""

import ast
import json

import pytest

from shared.config.load import load_project
from shared.errors import LanesError
from shared.testing.recorded.recorded_test import name_of_test, write_test


@pytest.fixture
def project(tmp_path, copy_project):
    return load_project(copy_project(tmp_path / "project"))


def recording(**more):
    calls = [
        {"state": "Keep", "after": 0, "returns": {}},
        {"state": "Log item", "after": 0, "returns": {"Payload": 1}},
    ]
    return json.dumps({"status": "SUCCEEDED", "calls": calls, **more})


def test_a_shared_workflow_s_test_names_its_team_and_a_state_with_code(project):
    kept, module = write_test(project, ("topics", "item-map"), "four", "Run r on AWS", recording())
    assert kept == project.root / "statemachines/tests/item-map/recorded/four.json"
    text = module.read_text()
    assert text.startswith('"""Run r on AWS, recorded. Run with: lanes test topics item-map"""')
    assert 'workflow.of("topics", "item-map").recorded(RECORDED)' in text
    assert '  # replay(real=["Log item"]) runs' in text
    compile(text, str(module), "exec")


def test_a_failed_run_s_test_expects_the_failure(project):
    failed = recording(status="FAILED", error="EmptyTable", calls=[])
    _, module = write_test(project, ("topics", "item-map"), "four", "Run r", failed)
    assert '== ("FAILED", "EmptyTable", recorded.path)' in module.read_text()
    assert "real=" not in module.read_text()


@pytest.mark.parametrize("said", ['a", exit(9), "', "two\nlines", "\\", "\u2028", None])
def test_what_a_run_says_is_never_code(project, said):
    calls = [{"state": said or "S", "returns": {"Payload": 1}}]
    failed = recording(status="FAILED", error=said, calls=calls)
    _, module = write_test(project, ("topics", "item-map"), "four", "Run r", failed)
    (test,) = (node for node in ast.parse(module.read_text()).body if isinstance(node, ast.FunctionDef))
    assert isinstance(test.body[-1], ast.Assert)
    assert len(test.body) == 3
    expected = ast.unparse(test.body[-1].test).partition(" == ")[2]
    assert expected == f"('FAILED', {said!r}, recorded.path)"


def test_nothing_is_overwritten(project):
    write_test(project, ("topics", "item-map"), "four", "Run r", recording())
    with pytest.raises(LanesError, match="it is there already, and was not changed"):
        write_test(project, ("topics", "item-map"), "four", "Run s", recording())


@pytest.mark.parametrize(
    ("name", "made"), [("four-ranks", "four_ranks"), (None, "run_20260102t030405z_a1b2c3"), ("Größe 1", "gr_e_1")]
)
def test_a_name_is_part_of_a_function_s(name, made):
    assert name_of_test(name, "20260102T030405Z-a1b2c3") == made
