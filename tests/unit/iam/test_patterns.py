"""How one text matches one pattern: segments, variables, and stars that are letters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.iam import globs
from shared.iam.patterns import fill, fold, matches_action, matches_arn, matches_resource, matches_text, plain, spelt

CONTEXT = fold(
    {
        "aws:username": ("ada",),
        "aws:PrincipalTag/Team": ("red*",),
        "aws:TagKeys": ("one", "two"),
        "aws:Colon": ("a:b",),
    }
)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab:z\n", max_size=9))
def test_matching_a_text_is_the_glob_of_the_proof(pattern: str, text: str) -> None:
    assert matches_text(text, plain(pattern)) == globs.matches(text, pattern)


ARNS = st.lists(st.text(alphabet="ab*?", max_size=3), min_size=5, max_size=7).map(
    lambda parts: ":".join(["arn", *parts])
)
TEXTS = st.lists(st.text(alphabet="ab", max_size=3), min_size=5, max_size=7).map(
    lambda parts: ":".join(["arn", *parts])
)


@settings(max_examples=500, deadline=None)
@given(ARNS, TEXTS)
def test_what_iam_matches_the_proofs_plain_glob_matches_too(pattern: str, text: str) -> None:
    if matches_resource(text, plain(pattern)):
        assert globs.matches(text, globs.complete_arn(pattern))


@settings(max_examples=300, deadline=None)
@given(ARNS, TEXTS)
def test_an_arn_is_matched_segment_by_segment(pattern: str, text: str) -> None:
    wanted, have = pattern.split(":", 5), text.split(":", 5)
    naive = all(globs.matches(one, glob) for one, glob in zip(have, wanted, strict=True))
    assert matches_arn(text, plain(pattern)) == naive


@pytest.mark.parametrize(
    ("resource", "pattern", "matched"),
    [
        ("arn:aws:s3:::team1-data/a/b:c", "arn:aws:s3:::team1-*", True),
        ("arn:aws:sns:eu-west-1:111122223333:topic", "arn:aws:sns:*:topic", False),  # a star crosses no colon
        ("arn:aws:sqs:eu-west-1:111122223333:queue", "arn:aws:sqs", True),  # IAM completes it
        ("arn:aws:sqs:eu-west-1:111122223333:queue", "arn:aws:sqs:eu-west-1", True),
        ("arn:aws:sqs:eu-west-1:111122223333:queue", "arn:aws:s3", False),
        ("arn:aws:s3:::Data", "arn:aws:s3:::data", False),
        ("*", "*", True),
        ("*", "arn:aws:s3:::*", False),  # an action without resources is granted on * alone
        ("*", "arn:*", False),
        ("arn:aws:s3:::data", "*", True),
        (
            "arn:aws:lambda:us-east-1:111122223333:function:f:live",
            "arn:aws:lambda:us-east-1:111122223333:function:f",
            False,
        ),
        (
            "arn:aws:lambda:us-east-1:111122223333:function:f:live",
            "arn:aws:lambda:us-east-1:111122223333:function:f*",
            True,
        ),
    ],
)
def test_resources(resource: str, pattern: str, matched) -> None:
    assert matches_resource(resource, plain(pattern)) == matched


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("home/${aws:username}/", "home/ada/"),
        ("home/${AWS:UserName}/", "home/ada/"),
        ("${aws:PrincipalTag/team}", "red*"),
        ("${aws:PrincipalTag/other, 'none'}", "none"),
        ("${aws:username, 'none'}", "ada"),
        ("${*}${?}${$}", "*?$"),
        ("no variable", "no variable"),
        ("$5 and {x}", "$5 and {x}"),
    ],
)
def test_variables(text: str, filled: str) -> None:
    pattern = fill(text, CONTEXT)
    assert pattern is not None
    assert spelt(pattern) == filled


@pytest.mark.parametrize(
    "text", ["${aws:userid}", "${aws:TagKeys}", "${aws:TagKeys, 'x'}", "${aws:username", "${}", "a${ b"]
)
def test_a_variable_that_stands_for_nothing(text: str) -> None:
    assert fill(text, CONTEXT) is None


def test_what_a_variable_brings_is_taken_letter_by_letter() -> None:
    tag = fill("${aws:PrincipalTag/Team}", CONTEXT)
    star = fill("${*}", CONTEXT)
    colon = fill("arn:aws:s3:::${aws:Colon}", CONTEXT)
    assert tag is not None
    assert star is not None
    assert colon is not None
    assert matches_text("red*", tag)
    assert not matches_text("reddish", tag)
    assert not matches_arn("arn:aws:s3:::anything", star)
    assert matches_arn("arn:aws:s3:::a:b", colon)


def test_actions_have_no_case() -> None:
    assert matches_action("S3:getobject", "s3:Get*")
    assert matches_action("s3:GetObject", "*")
    assert not matches_action("s3:GetObject", "s3:GetObject?")


def test_a_pattern_of_many_stars_comes_to_an_end() -> None:
    # Backtracking, it would take longer than the universe has had.
    assert not matches_text("a" * 5000, plain("*a" * 40 + "b"))
