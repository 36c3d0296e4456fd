"""A form's fields, and that a form starts what the command starts that it tells."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.cli.lazy import whole
from shared.cli.main import app
from shared.cli.options import with_values
from shared.cli.run import split_words
from shared.config.lane import Parameter, Workflow
from shared.config.parameters import read_value
from shared.run import form
from shared.run.form import command_of, fields_of, read_fields, read_json, text_of, texts_for
from shared.run.given_input import read_given
from shared.run.payload import build_payload

RUN = cast("Any", whole(app)).commands["run"]
OWN = {option for each in RUN.params for option in each.opts if option.startswith("--")}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=12)
NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
VALUES = {
    "integer": st.integers(-(10**20), 10**20),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99),
    "string": TEXTS,
    "boolean": st.booleans(),
    "object": st.dictionaries(TEXTS, JSON, max_size=3),
    "array": st.lists(JSON, max_size=3),
}


def workflow(*specs, **values):
    """A workflow with these parameters, and the team's values for some."""
    named = {spec.name: values.get(spec.name, spec.default) for spec in specs}
    return Workflow("w", "team-w-0", Path("w.asl.json"), "role", "/logs", {}, specs, named)


@st.composite
def parameters(draw):
    """A parameter, the team's value for it, and another value that it may have."""
    kind = draw(st.sampled_from(sorted(VALUES)))
    values = VALUES[kind]
    spec = Parameter(draw(NAMES), kind, None, "what it is", words=False)
    if kind == "array" and draw(st.booleans()):
        of = draw(st.sampled_from(["string", "integer", "boolean"]))
        words = of == "string" and draw(st.booleans())
        spec = replace(spec, items=Parameter("", of, None, ""), words=words)
        values = st.lists(VALUES[of], max_size=3)
    if kind in {"integer", "string", "number"} and draw(st.booleans()):
        choices = tuple(draw(st.lists(values, min_size=1, max_size=3, unique=True)))
        spec, values = replace(spec, choices=choices), st.sampled_from(choices)
    base, chosen = draw(values), draw(values)
    if draw(st.booleans()):
        spec = replace(spec, default=base)
    elif draw(st.booleans()):
        base = None
    elif draw(st.booleans()):
        chosen = None
    if spec.default is None and not text_of(spec, chosen):
        chosen = None if text_of(spec, base) else base  # an empty field leaves out what may be left out
    return spec, base, chosen


SPECS = st.lists(parameters(), min_size=1, max_size=2, unique_by=lambda each: each[0].name.replace("_", "-"))


def wanted(flow, chosen):
    """Return the input that *chosen* values make, as the parameters' own reading has them."""
    read = {spec.name: read_value(spec, chosen[spec.name])[0] for spec in flow.specs}
    return {**flow.parameters, **read}


def started_by(command, flow):
    """Return the input of the run that *command* starts."""
    words = with_values(shlex.split(command)[2:], OWN)
    given = "{}"
    if "--input" in words:
        at = words.index("--input")
        given, words = words[at + 1], words[:at] + words[at + 2 :]
    names, options = split_words(words)
    assert names == ["team2", "w"]
    return build_payload(flow, read_given(given), options)


@given(SPECS)
@example([(Parameter("args", "array", [], "", items=Parameter("", "string", None, ""), words=True), [], ["-h", "a b"])])
@example([(Parameter("output", "string", "a", ""), "a", "--json")])
@example([(Parameter("names", "array", None, "", items=Parameter("", "string", None, "")), None, ["null"])])
def test_a_form_starts_what_its_command_starts(drawn):
    flow = workflow(*(spec for spec, _, _ in drawn), **{spec.name: base for spec, base, _ in drawn})
    chosen = {spec.name: value for spec, _, value in drawn}
    filled = read_fields(flow, {spec.name: text_of(spec, chosen[spec.name]) for spec in flow.specs})
    assert not filled.problems
    payload = build_payload(flow, filled.given, filled.options)
    assert payload == wanted(flow, chosen)
    assert started_by(command_of("team2", "w", filled), flow) == payload


@given(SPECS)
def test_an_untouched_form_gives_nothing(drawn):
    flow = workflow(*(spec for spec, _, _ in drawn), **{spec.name: base for spec, base, _ in drawn})
    filled = read_fields(flow, {field.name: field.base for field in fields_of(flow)})
    assert (filled.given, filled.options, filled.problems) == ({}, {}, {})
    assert command_of("team2", "w", filled, " --aws") == "lanes run team2 w --aws"


@given(SPECS, st.lists(TEXTS, min_size=2, max_size=2))
def test_whatever_is_written_is_refused_as_the_command_refuses_it(drawn, texts):
    flow = workflow(*(spec for spec, _, _ in drawn), **{spec.name: base for spec, base, _ in drawn})
    written = dict(zip((spec.name for spec in flow.specs), texts, strict=False))
    filled = read_fields(flow, written)
    for spec in flow.specs:
        text, base = written[spec.name], text_of(spec, flow.parameters[spec.name])
        given = text != base and (text or spec.default is not None)
        told = tuple(each.what for each in read_value(spec, text)[1]) if given else ()
        assert filled.problems.get(spec.name, ()) == told
    if not filled.problems:
        assert started_by(command_of("team2", "w", filled), flow) == build_payload(flow, filled.given, filled.options)


def test_the_options_of_the_command_itself_are_known():
    assert {f"--{name}" for name in form._OWN_OPTIONS} == OWN


def test_all_that_is_wrong_is_told_beside_its_field():
    flow = workflow(
        Parameter("size", "integer", 4, "", 1, 10),
        Parameter("map", "object", {}, ""),
        Parameter("name", "string", "a", ""),
    )
    filled = read_fields(flow, {"size": "11", "map": "{oops", "name": "b"})
    assert filled.problems["size"] == ('size is "11", not 1 to 10',)
    assert filled.problems["map"][0].startswith('map is "{oops", not an object of keys to values')
    assert "name" not in filled.problems


def test_an_empty_field_leaves_out_what_may_be_left_out():
    flow = workflow(
        Parameter("limit", "integer", None, ""), Parameter("script", "string", None, ""), limit=3, script="a"
    )
    filled = read_fields(flow, {"limit": "", "script": ""})
    assert build_payload(flow, filled.given, filled.options) == {"limit": None, "script": None}
    filled = read_fields(workflow(Parameter("size", "integer", 4, "")), {"size": ""})
    assert filled.problems == {"size": ('size is "", not a whole number',)}


def test_a_parameter_that_follows_another_is_not_given_with_it():
    flow = workflow(
        Parameter("world_size", "integer", 4, "", 1), Parameter("limit", "integer", None, "", instead_of="world_size")
    )
    filled = read_fields(flow, {"world_size": "4", "limit": "3"})
    assert build_payload(flow, filled.given, filled.options) == {"limit": 3}
    words = {field.name: field.words for field in fields_of(flow)}
    assert "follows from limit where that is given and this is left as it is" in words["world_size"]
    assert "world_size follows from it" in words["limit"]


def test_a_file_goes_before_what_is_written():
    flow = workflow(Parameter("the-script", "string", None, "", 1, upload="scripts"))
    filled = read_fields(flow, {"the-script": "old.py"}, {"the-script": "new.py"})
    assert filled.options == {"the_script": "new.py"}
    assert command_of("team2", "w", filled) == "lanes run team2 w --the-script new.py"


def test_a_reference_goes_as_json():
    names = Parameter("names", "array", None, "", items=Parameter("", "string", None, ""), by_reference=True)
    reference = {"bucket": "b", "key": "inputs/r/names.json"}
    flow = workflow(names)
    filled = read_fields(flow, texts_for(flow, {"names": reference}))
    assert build_payload(flow, filled.given, filled.options) == {"names": reference}
    assert started_by(command_of("team2", "w", filled), flow) == {"names": reference}


@pytest.mark.parametrize(
    ("spec", "kind", "words"),
    [
        (Parameter("a", "integer", 4, "", 1, 10000), "number", "integer; 1 to 10,000; 4 by the card"),
        (Parameter("a", "number", 0.5, "", 0), "number", "number; at least 0; 0.5 by the card"),
        (Parameter("a", "string", "x", "", 1), "text", "string; at least 1 character; x by the card"),
        (Parameter("a", "string", "", "", choices=("", "w")), "choice", "string; empty by the card"),
        (Parameter("a", "boolean", default=True, description=""), "choice", "boolean; true by the card"),
        (Parameter("a", "object", None, "", maximum=3), "json", "object; at most 3 keys; left out where empty"),
        (Parameter("a", "string", "x\ny", ""), "lines", "string; x\ny by the card"),
    ],
)
def test_each_type_has_its_field_and_its_words(spec, kind, words):
    [field] = fields_of(workflow(spec))
    assert (field.kind, field.words) == (kind, words)


def test_choices_are_offered_and_what_may_be_left_out_can_be():
    [field] = fields_of(workflow(Parameter("a", "boolean", None, "")))
    assert [choice.value for choice in field.choices] == ["", "true", "false"]
    [field] = fields_of(workflow(Parameter("a", "integer", 1, "", choices=(1, 2))))
    assert [choice.value for choice in field.choices] == ["1", "2"]


def test_the_value_of_the_teams_file_is_told_as_such():
    [field] = fields_of(workflow(Parameter("a", "integer", 4, ""), a=10))
    assert (field.base, field.words) == ("10", "integer; 10 by the team's file")


def test_json_is_taken_whole_and_refused_with_its_place():
    assert read_json('[1, {"a": 2}]').given == [1, {"a": 2}]
    assert read_json(" ").given == {}
    assert read_json('{"a": 1, "a": 2}').problems[""]
    large = read_json(json.dumps({"a": "x" * 200_000}))
    assert command_of("team2", "w", large) == "lanes run team2 w --input payload.json"
