"""A function's handler, called in this process."""

import importlib
import os
import sys

import pytest

from shared.local.handler import Context, OwnModules, as_lambda_tells, environment, find_handler, through_json


@pytest.fixture
def folder(tmp_path):
    """Return a function that makes a workflow's folder whose steps.py answers with a word."""

    def make(name, word):
        made = tmp_path / name
        (made / "parts").mkdir(parents=True)
        (made / "parts" / "words.py").write_text(f"WORD = {word!r}\n")
        (made / "steps.py").write_text(
            "from parts.words import WORD\n\n\ndef handler(event, context):\n    return WORD\n"
        )
        return made

    return make


def test_two_folders_have_modules_of_the_same_names(folder):
    one, two = OwnModules(folder("one", "sea")), OwnModules(folder("two", "wind"))
    path = list(sys.path)
    for modules, word in ((one, "sea"), (two, "wind"), (one, "sea")):
        with modules:
            assert find_handler("steps.handler")({}, None) == word
    assert sys.path == path
    assert not {"steps", "parts", "parts.words"} & set(sys.modules)


def test_a_module_is_loaded_once_until_it_is_forgotten(folder):
    made = folder("one", "sea")
    modules = OwnModules(made)
    with modules:
        first = find_handler("steps.handler")
    with modules, modules:
        assert find_handler("steps.handler") is first
    (made / "steps.py").write_text("def handler(event, context):\n    return 'mended, and longer'\n")
    modules.forget()
    with modules:
        assert find_handler("steps.handler")({}, None) == "mended, and longer"


def test_a_package_whose_parent_is_gone_is_nobody_s(folder, tmp_path, monkeypatch):
    (tmp_path / "outer/inner").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("outer.inner")
    monkeypatch.delitem(sys.modules, "outer")
    with OwnModules(folder("one", "sea")):
        find_handler("steps.handler")
    assert "steps" not in sys.modules
    assert sys.modules.pop("outer.inner")


def test_shared_handlers_are_the_projects_own():
    with OwnModules(None):
        assert find_handler("shared.errors.unknown") is sys.modules["shared.errors"].unknown


def test_the_environment_is_given_back(monkeypatch):
    monkeypatch.setenv("THERE", "before")
    monkeypatch.delenv("NEW", raising=False)
    with environment({"THERE": "now", "NEW": "1"}):
        assert (os.environ["THERE"], os.environ["NEW"]) == ("now", "1")
    assert os.environ["THERE"] == "before"
    assert "NEW" not in os.environ


def test_the_context_object_counts_down():
    now = 10.0
    context = Context("f", "arn:f", "128", "request", deadline=13.5, clock=lambda: now)
    assert context.get_remaining_time_in_millis() == 3500
    now = 20.0
    assert context.get_remaining_time_in_millis() == 0
    assert context.log_group_name == "/aws/lambda/f"


def test_an_error_is_told_as_lambda_tells_it():
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the same error is asked for its message below
        int("no number")
    told = as_lambda_tells(raised.value)
    assert (told["errorType"], told["errorMessage"]) == (
        "ValueError",
        "invalid literal for int() with base 10: 'no number'",
    )
    assert "test_handler.py" in told["stackTrace"][0]


def test_what_is_not_json_does_not_come_through():
    assert through_json({1: (2, 3)}) == {"1": [2, 3]}
    with pytest.raises(TypeError):
        through_json({1, 2})
