"""The glob algebra against brute force, and the traps that IAM sets."""

from __future__ import annotations

import fnmatch
import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.iam.globs import (
    complete_arn,
    contains,
    counterexample,
    intersect,
    is_literal,
    literal_prefix,
    matches,
)

PATTERNS = st.text(alphabet="ab:*?", max_size=6)
STRINGS = ["".join(s) for n in range(7) for s in itertools.product("ab:z", repeat=n) if n < 6 or len(set(s)) < 3]


def slow_match(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern)


@given(PATTERNS, st.text(alphabet="ab:z", max_size=7))
def test_matching_is_the_standard_librarys(pattern: str, text: str) -> None:
    assert matches(text, pattern) == slow_match(text, pattern)


@settings(max_examples=150, deadline=None)
@given(PATTERNS, PATTERNS)
@example("a*", "*a")
@example("a?*", "a*?")
def test_intersection_agrees_with_brute_force(one: str, other: str) -> None:
    # Two patterns of n and m tokens that meet, meet in a string of at most n + m characters; these have few literals.
    found = any(slow_match(text, one) and slow_match(text, other) for text in STRINGS)
    if found:
        assert intersect(one, other)
    if intersect(one, other) and len(one) + len(other) <= 5:
        assert found


@settings(max_examples=150, deadline=None)
@given(PATTERNS, st.lists(PATTERNS, min_size=1, max_size=3))
@example("a*", ["a", "a?*"])
@example("*", ["?*"])
@example("a?", ["aa", "ab", "a:"])
def test_containment_agrees_with_brute_force(pattern: str, union: list[str]) -> None:
    counter = next((s for s in STRINGS if slow_match(s, pattern) and not any(slow_match(s, w) for w in union)), None)
    if counter is not None:
        assert not contains(tuple(union), pattern)
    witness = counterexample(tuple(union), pattern)
    if witness is not None:
        assert matches(witness, pattern)
        assert not any(matches(witness, whole) for whole in union)


@given(PATTERNS, PATTERNS)
def test_containment_is_consistent_with_intersection(one: str, other: str) -> None:
    # Every pattern matches something, so one inside the other must meet it.
    if contains((other,), one):
        assert intersect(one, other)


def test_containment_needs_the_whole_union() -> None:
    assert contains(("a", "a?*"), "a*")
    assert not contains(("a", "a??*"), "a*")


@pytest.mark.parametrize(
    ("whole", "pattern", "inside"),
    [
        ("arn:aws:s3:::team1-*", "arn:aws:s3:::team1-data/*", True),
        ("arn:aws:s3:::team1-*", "arn:aws:s3:::team1*", False),
        ("arn:aws:s3:::team1-*", "arn:aws:s3:::team?-*", False),
        ("arn:aws:lambda:us-east-1:1:function:t-*", "arn:aws:lambda:*:1:function:t-x", False),
        # The star of the region segment can run over the account and into the name.
        ("arn:aws:lambda:us-east-1:1:function:t-*", "arn:aws:lambda:us-east-1*function:t-x", False),
        ("arn:aws:lambda:us-east-1:1:function:t-*", "arn:aws:lambda:us-east-1:1:function:t-a:*", True),
    ],
)
def test_own_names(whole: str, pattern: str, *, inside: bool) -> None:
    assert contains((whole,), pattern) is inside


def test_a_witness_is_a_readable_name_outside() -> None:
    assert counterexample(("arn:aws:s3:::team1-*",), "arn:aws:s3:::team1*") == "arn:aws:s3:::team1"
    assert counterexample(("b-*",), "b?*") == "bx"


def test_a_witness_is_found_also_where_patterns_spell_every_character_that_is_tried_first() -> None:
    spelt = tuple(f"{char}*" for char in "x0zQ~\N{GREEK SMALL LETTER ALPHA}")
    assert counterexample(spelt, "?*") == "\N{GREEK SMALL LETTER BETA}"


def test_missing_segments_are_filled_as_iam_fills_them() -> None:
    assert complete_arn("arn:aws:sqs") == "arn:aws:sqs:*:*:*"
    assert complete_arn("arn:aws:s3:::b/k") == "arn:aws:s3:::b/k"
    assert complete_arn("*") == "*"


def test_prefixes() -> None:
    assert literal_prefix("ab*c?") == "ab"
    assert literal_prefix("abc") == "abc"
    assert is_literal("abc")
    assert not is_literal("a?c")
