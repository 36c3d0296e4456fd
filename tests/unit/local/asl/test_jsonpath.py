"""JSONPath as AWS evaluates it: held against Jayway's own program, whose answers lie in jsonpath_conformance.json."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local.asl.languages.jsonpath import NoResultError, PathSyntaxError, compile_path, compile_reference

CONFORMANCE = json.loads(Path(__file__).with_name("jsonpath_conformance.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", CONFORMANCE["rows"], ids=lambda row: f"{row['source']}: {row['path']}")
def test_a_path_selects_what_it_selects_in_jayways_evaluator(row):
    document = CONFORMANCE["documents"][row["of"]] if isinstance(row["of"], str) else row["of"]
    if "refused" in row:
        with pytest.raises(PathSyntaxError):
            compile_path(row["path"])
    elif "error" in row:
        with pytest.raises(NoResultError) as error:
            compile_path(row["path"]).read(document)
        assert str(error.value) == row["error"]
    else:
        assert compile_path(row["path"]).read(document) == row["value"]


def test_only_what_is_not_there_is_passed_over():
    assert compile_path("$[*].a").read([{"a": 1}, {}, 2]) == [1]
    with pytest.raises(NoResultError, match=r"Filter: \[0\] can only be applied to arrays"):
        compile_path("$[*][0]").read([[1], {}])


def test_a_reading_tells_how_much_it_looks_at_and_ends_when_it_is_told_so():
    class Enough(Exception):
        pass

    def spend(steps):
        spent.append(steps)
        if sum(spent) > 50:
            raise Enough

    deep = [0, 1]
    for _ in range(5_000):  # deeper than Python's own stack
        deep = [deep, 1]
    spent = []
    with pytest.raises(Enough):
        compile_path("$..[0]..[0]").read(deep, spend)
    assert sum(spent) == 51
    assert len(compile_path("$..[1]").read(deep)) == 5_001


def test_a_regular_expression_ends_in_time():
    path = compile_path("$[?(@.a =~ /(a|aa)+b/)]")
    with pytest.raises(NoResultError, match="gives up on the regular expression"):
        path.read([{"a": "a" * 60}])


@pytest.mark.parametrize("path", ["", "x", "$x", "$.", "$[", "$[]", "$.a[?(@.b]", "$.a..", "$['a"])
def test_what_is_no_path(path):
    with pytest.raises(PathSyntaxError):
        compile_path(path)


@pytest.mark.parametrize("path", ["$..a", "$.a[*]", "$.a[1:]", "$.a[?(@.b)]", "$['a','b']", "$.a[0,1]"])
def test_a_reference_names_one_place(path):
    with pytest.raises(PathSyntaxError):
        compile_reference(path)


def test_writing_shares_what_it_does_not_change():
    value = {"a": {"b": 1}, "big": [1, 2]}
    written = compile_reference("$.a.c.d").write(value, 5)
    assert written == {"a": {"b": 1, "c": {"d": 5}}, "big": [1, 2]}
    assert written["big"] is value["big"]
    assert value == {"a": {"b": 1}, "big": [1, 2]}


def test_writing_through_a_scalar_fails():
    with pytest.raises(NoResultError):
        compile_reference("$.a.b").write({"a": 1}, 5)


KEYS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=5)
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(value=st.dictionaries(KEYS, VALUES, max_size=4), key=KEYS, content=VALUES)
def test_what_is_written_is_read_back(value, key, content):
    path = compile_reference(f"$['{key}']")
    assert path.read(path.write(value, content)) == content


LETTERS = st.text(st.sampled_from("$.[]()*?@'\"\\ab0-:,!=<>~/&| "), max_size=20)


@given(tail=LETTERS, value=VALUES | st.lists(VALUES, max_size=3))
def test_any_text_is_a_path_or_is_refused_and_any_value_is_read_or_has_no_result(tail, value):
    try:
        path = compile_path(f"${tail}")
    except PathSyntaxError:
        return
    try:
        path.read(value)
    except NoResultError:
        return
