from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.deploy.model import Call, Resource, Step
from shared.deploy.steps import compare, created, differences, missing_tags, removed, updated

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(values, values)
def test_a_difference_is_told_exactly_when_there_is_one(want, have):
    assert bool(differences(want, have)) == (want != have)


def test_a_difference_is_told_at_the_innermost_key():
    want = {"memory": 1024, "environment": {"A": "1", "B": "2"}, "statements": [{"x": 1}, {"y": 2}]}
    have = {"memory": 512, "environment": {"A": "1", "C": "3"}, "statements": [{"x": 1}, {"z": 3}]}
    assert differences(want, have) == (
        "memory: 512 -> 1024",
        "environment.B: absent -> 2",
        "environment.C: 3 -> absent",
        'statements: - {"z": 3}',
        'statements: + {"y": 2}',
    )
    assert differences([1, 2], [2, 1], "list") == ("list: reordered",)
    assert differences([{"a": {"b": 1}}, 2], [{"a": {"b": 3}}, 2], "list") == ("list[0].a.b: 3 -> 1",)


def test_long_values_are_cut_to_a_line():
    (line,) = created(Resource("role", "r", {}, {"definition": {"States": "x" * 500}, "boundary": None})).diff
    assert line.startswith('definition: {"States": "xxx')
    assert len(line) < 120
    (line,) = differences({"group": "x" * 100 + "-mine"}, {"group": "x" * 100 + "-theirs"})
    assert "-theirs -> " in line
    assert line.endswith("-mine")


def test_tags_of_others_are_left_alone():
    want = Resource("role", "r", {"team": "team2", "owner": "a"}, {})
    have = Resource("role", "r", {"team": "team2", "owner": "b", "note": "mine"}, {})
    assert missing_tags(want, have) == ("tag owner: b -> a",)


def test_only_what_is_wanted_is_compared():
    want = Resource("role", "r", {"team": "team2"}, {"trust": "a", "boundary": None})
    have = Resource("role", "r", {}, {"trust": "b", "arn": "arn:aws:iam::1:role/r"})
    assert compare(want, have) == (("trust: b -> a",), ("tag team: none -> team2",))
    assert compare(want, have).lines == ("trust: b -> a", "tag team: none -> team2")


def test_a_step_without_a_difference_does_nothing():
    want, call = Resource("role", "r", {}, {}), Call("iam", "tag_role", {})
    assert updated(want, (), call) == Step("nothing", "role", "r")
    assert updated(want, ("a: 1 -> 2",), call) == Step("update", "role", "r", ("a: 1 -> 2",), (call,))
    assert removed(want, call) == Step("delete", "role", "r", calls=(call,))
