"""What a browser sends, and what fills a form before: names of files, secrets, and what two drafts have in common."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from werkzeug.datastructures import FileStorage

from shared.config.lane import Parameter, Workflow
from shared.console.drafts import Draft, Drafts
from shared.console.forms import digest_of, draft_of_run, draft_sent, filled_of
from shared.errors import LanesError, UsageError

SPECS = (
    Parameter("script", "string", None, "", upload="scripts"),
    Parameter("db_password", "string", "", ""),
    Parameter("env", "object", {}, ""),
    Parameter("size", "integer", 4, ""),
)
WORKFLOW = Workflow(
    "w",
    "team-w-0",
    Path("w.asl.json"),
    "role",
    "/logs",
    {},
    SPECS,
    {"script": None, "db_password": "", "env": {}, "size": 4},
)


def ran_on(value):
    return SimpleNamespace(input=json.dumps(value))


@pytest.mark.parametrize("name", ["a.py", "../../a.py", "/etc/a.py", "C:\\users\\me\\a.py"])
def test_of_a_files_name_the_last_part_counts(name):
    draft = draft_sent(WORKFLOW, {}, [("file.script", FileStorage(BytesIO(b"x"), name))], None)
    assert draft.files == {"script": ("a.py", b"x")}


@pytest.mark.parametrize("name", ["..", "a/..", "a\0b", "x" * 256])
def test_a_name_that_no_file_can_have_is_refused(name):
    with pytest.raises(LanesError, match="a file cannot be called"):
        draft_sent(WORKFLOW, {}, [("file.script", FileStorage(BytesIO(b"x"), name))], None)


@pytest.mark.parametrize("field", ["file.size", "file.../../x"])
def test_a_file_for_what_takes_none_is_refused(field):
    with pytest.raises(UsageError, match="the form asks for"):
        draft_sent(WORKFLOW, {}, [(field, FileStorage(BytesIO(b"x"), "a.py"))], None)


def test_a_file_that_was_chosen_before_is_kept_if_it_is_ticked_and_no_other_is_chosen():
    before = Draft("k", files={"script": ("a.py", b"x")})
    assert draft_sent(WORKFLOW, {"keep.script": "yes"}, [], before).files == before.files
    assert draft_sent(WORKFLOW, {}, [("file.script", FileStorage(BytesIO(b""), ""))], before).files == {}
    other = [("file.script", FileStorage(BytesIO(b"y"), "b.py"))]
    assert draft_sent(WORKFLOW, {"keep.script": "yes"}, other, before).files == {"script": ("b.py", b"y")}


def test_secrets_of_an_earlier_run_are_not_filled_in_and_it_is_said():
    draft = draft_of_run(
        WORKFLOW, ran_on({"db_password": "hunter2", "env": {"A": "1"}, "size": 5, "script": None}), "k"
    )
    assert "hunter2" not in repr(draft)
    assert draft.json is None
    assert draft.texts["size"] == "5"
    assert draft.notes == (
        "db_password of the run is a secret, and is not filled in",
        "env of the run is a secret, and is not filled in",
    )
    anything = draft_of_run(replace(WORKFLOW, specs=(), parameters={}), ran_on([{"password": "hunter2"}]), "k")
    assert (anything.json, anything.notes) == ("{}", ("the input of the run has a secret, and is not filled in",))


def test_what_the_fields_cannot_say_is_filled_in_as_json():
    specs = (Parameter("size", "integer", 4, ""), Parameter("limit", "integer", None, "", instead_of="size"))
    flow = replace(WORKFLOW, specs=specs, parameters={"size": 4, "limit": None})
    assert draft_of_run(flow, ran_on({"limit": 3}), "k").texts == {"limit": "3"}
    both = draft_of_run(flow, ran_on({"size": 4, "limit": 3}), "k")
    assert json.loads(both.json) == {"size": 4, "limit": 3}
    assert filled_of(flow, both).given == {"size": 4, "limit": 3}
    assert "so it stands below as JSON" in both.notes[0]


def test_drafts_that_ask_for_the_same_are_known_by_it():
    one = Draft("a", {"size": "5"}, {"script": ("a.py", b"x")})
    assert digest_of(one) == digest_of(replace(one, key="b", refused=True))
    for other in (
        replace(one, texts={"size": "6"}),
        replace(one, files={"script": ("a.py", b"y")}),
        replace(one, json=""),
    ):
        assert digest_of(one) != digest_of(other)


def test_the_newest_drafts_are_kept():
    drafts = Drafts()
    made = [drafts.keep(Draft(str(number))) for number in range(40)]
    assert drafts.get(made[0]) is None
    assert drafts.get(made[-1]).key == "39"
