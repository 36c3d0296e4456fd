"""Conditions against what IAM's documentation says of each operator, and of keys that are missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.iam.conditions import hold
from shared.iam.operators import OPERATORS, UndecidedError
from shared.iam.patterns import fold
from shared.iam.statements import Condition

CONTEXT = fold(
    {
        "aws:username": ("ada",),
        "aws:SourceArn": ("arn:aws:states:us-east-1:111122223333:stateMachine:m",),
        "aws:SourceIp": ("203.0.113.9",),
        "vpc:Ip6": ("2001:db8::1",),
        "aws:SecureTransport": ("true",),
        "s3:max-keys": ("10",),
        "aws:CurrentTime": ("2026-11-29T12:00:00Z",),
        "aws:EpochTime": ("1795953600",),  # the same moment
        "aws:TagKeys": ("environment", "team"),
        "aws:PrincipalTag/Team": ("red",),
        "s3:prefix": ("home/ada/x",),
        "empty": (),
        "blank": ("",),
    }
)


def holds(operator: str, key: str, *values: str, variables: bool = True) -> bool:
    return hold([Condition(operator, key, values)], CONTEXT, variables=variables)


# The examples and rules of "IAM JSON policy elements: Condition operators" and of "Set operators for multivalued
# context keys", IAM User Guide, 2026-11-29.
DOCUMENTED = [
    ("StringEquals", "aws:username", ("ada",), True),
    ("StringEquals", "AWS:UserName", ("ada",), True),
    ("StringEquals", "aws:username", ("Ada",), False),
    ("StringEquals", "aws:username", ("a*",), False),
    ("StringEquals", "aws:username", ("bob", "ada"), True),
    ("StringNotEquals", "aws:username", ("bob", "ada"), False),
    ("StringNotEquals", "aws:username", ("bob", "eve"), True),
    ("StringEqualsIgnoreCase", "aws:username", ("ADA",), True),
    ("StringNotEqualsIgnoreCase", "aws:username", ("ADA",), False),
    ("StringLike", "aws:username", ("a?a",), True),
    ("StringLike", "aws:username", ("A*",), False),
    ("StringNotLike", "aws:username", ("a*", "zz"), False),
    ("StringLike", "s3:prefix", ("home/${aws:username}/*",), True),
    ("StringLike", "s3:prefix", ("home/${aws:userid}/*",), False),
    ("StringLike", "s3:prefix", ("home/${*}",), False),
    ("StringEquals", "aws:principaltag/TEAM", ("${aws:PrincipalTag/team}",), True),
    ("StringEquals", "aws:username", ("${aws:nothing, 'ada'}",), True),
    ("NumericLessThanEquals", "s3:max-keys", ("10",), True),
    ("NumericLessThan", "s3:max-keys", ("10",), False),
    ("NumericGreaterThan", "s3:max-keys", ("9.5",), True),
    ("NumericGreaterThanEquals", "s3:max-keys", ("10.0",), True),
    ("NumericEquals", "s3:max-keys", ("1e1",), True),
    ("NumericNotEquals", "s3:max-keys", ("10",), False),
    ("DateGreaterThan", "aws:CurrentTime", ("2019-07-16T12:00:00Z",), True),
    ("DateLessThan", "aws:CurrentTime", ("2019-07-16T15:00:00Z",), False),
    ("DateEquals", "aws:CurrentTime", ("2026-11-29T13:00:00+01:00",), True),
    ("DateEquals", "aws:CurrentTime", ("1795953600",), True),
    ("DateEquals", "aws:EpochTime", ("2026-11-29T12:00:00Z",), True),
    ("DateNotEquals", "aws:CurrentTime", ("2026-11-29T12:00:00Z",), False),
    ("DateLessThanEquals", "aws:CurrentTime", ("2026-11-29",), False),
    ("DateGreaterThanEquals", "aws:CurrentTime", ("2026-11",), True),
    ("DateGreaterThan", "aws:CurrentTime", ("2026",), True),
    ("Bool", "aws:SecureTransport", ("true",), True),
    ("Bool", "aws:SecureTransport", ("TRUE",), True),
    ("Bool", "aws:SecureTransport", ("false",), False),
    ("IpAddress", "aws:SourceIp", ("203.0.113.0/24",), True),
    ("IpAddress", "aws:SourceIp", ("203.0.113.9",), True),
    ("IpAddress", "aws:SourceIp", ("2001:db8::/32",), False),
    ("IpAddress", "vpc:Ip6", ("2001:DB8:1234:5678::/64", "2001:db8::/64"), True),
    ("NotIpAddress", "aws:SourceIp", ("203.0.113.0/24", "198.51.100.0/24"), False),
    ("NotIpAddress", "aws:SourceIp", ("198.51.100.0/24",), True),
    ("ArnEquals", "aws:SourceArn", ("arn:aws:states:us-east-1:111122223333:stateMachine:*",), True),
    ("ArnLike", "aws:SourceArn", ("arn:aws:states:*:111122223333:stateMachine:m",), True),
    ("ArnLike", "aws:SourceArn", ("arn:aws:states:*:stateMachine:m:x:y",), False),
    ("ArnLike", "aws:SourceArn", ("*",), True),
    ("ArnNotLike", "aws:SourceArn", ("arn:aws:states:*:*:stateMachine:other",), True),
    ("ArnNotEquals", "aws:SourceArn", ("arn:aws:states:*:*:*",), False),
    ("Null", "aws:username", ("false",), True),
    ("Null", "aws:username", ("true",), False),
    ("Null", "aws:TokenIssueTime", ("true",), True),
    ("Null", "empty", ("true",), True),
    ("Null", "blank", ("true",), True),
    ("Null", "aws:username", ("true", "false"), True),
    # Each value of the request is among the policy's.
    ("ForAllValues:StringEquals", "aws:TagKeys", ("environment", "team", "cost"), True),
    ("ForAllValues:StringEquals", "aws:TagKeys", ("environment",), False),
    ("ForAllValues:StringEquals", "aws:RequestTag", ("environment",), True),  # no key, or none but empty ones
    ("ForAllValues:StringEquals", "empty", ("environment",), True),
    ("ForAllValues:StringEquals", "blank", ("environment",), True),
    ("ForAllValues:StringNotEquals", "aws:TagKeys", ("cost",), True),
    ("ForAllValues:StringNotEquals", "aws:TagKeys", ("team",), False),
    # At least one is.
    ("ForAnyValue:StringEquals", "aws:TagKeys", ("team",), True),
    ("ForAnyValue:StringLike", "aws:TagKeys", ("env*",), True),
    ("ForAnyValue:StringEquals", "aws:TagKeys", ("cost",), False),
    ("ForAnyValue:StringEquals", "aws:RequestTag", ("cost",), False),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", ("team",), True),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", ("team", "environment"), False),
    ("ForAnyValue:StringNotEquals", "aws:RequestTag", ("team",), False),
    ("ForAnyValue:StringEqualsIfExists", "aws:RequestTag", ("team",), True),
    ("ForAllValues:StringEqualsIfExists", "aws:TagKeys", ("team",), False),
    ("StringEqualsIfExists", "aws:RequestTag", ("x",), True),
    ("StringEqualsIfExists", "aws:username", ("x",), False),
    ("StringNotEqualsIfExists", "aws:username", ("ada",), False),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", ("true",), True),
    ("Bool", "aws:MultiFactorAuthPresent", ("false",), False),
]


@pytest.mark.parametrize(("operator", "key", "values", "expected"), DOCUMENTED)
def test_as_documented(operator: str, key: str, values: tuple[str, ...], expected) -> None:
    assert holds(operator, key, *values) is expected


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_a_missing_key_fails_all_but_those_that_ask_for_no_match(name: str) -> None:
    assert holds(name, "not:there", "1") is ("Not" in name)
    assert holds(f"{name}IfExists", "not:there", "1")


@pytest.mark.parametrize(
    ("operator", "key", "value", "named"),
    [
        ("BinaryEquals", "aws:username", "YWRh", "BinaryEquals"),
        ("stringequals", "aws:username", "ada", "stringequals"),
        ("ForSomeValues:StringEquals", "aws:username", "ada", "ForSomeValues"),
        ("NullIfExists", "aws:username", "true", "NullIfExists"),
        ("StringEquals", "aws:TagKeys", "team", "several values"),
        ("NumericEquals", "s3:max-keys", "ten", "'ten'"),
        ("NumericNotEquals", "aws:username", "10", "'ada'"),
        ("DateEquals", "aws:CurrentTime", "noon", "'noon'"),
        ("DateEquals", "aws:CurrentTime", "2026-13", "'2026-13'"),
        ("DateEquals", "aws:CurrentTime", "2026-11-29T12:00:00", "no zone"),
        ("Bool", "aws:SecureTransport", "yes", "'yes'"),
        ("NotIpAddress", "aws:SourceIp", "203.0.113", "203.0.113"),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:states", "no ARN"),
        ("Null", "aws:username", "maybe", "true or false"),
        ("StringNotEquals", "aws:username", "${aws:userid}", "variable"),
    ],
)
def test_what_cannot_be_told_says_so(operator: str, key: str, value: str, named: str) -> None:
    with pytest.raises(UndecidedError, match=named):
        holds(operator, key, value)


def test_a_line_that_fails_settles_it_whatever_another_cannot_tell() -> None:
    unknown = Condition("BinaryEquals", "aws:username", ("YWRh",))
    failing = Condition("StringEquals", "aws:username", ("bob",))
    assert not hold([unknown, failing], CONTEXT)


def test_variables_are_text_in_the_older_version() -> None:
    assert holds("StringEquals", "aws:username", "${aws:username}")
    assert not holds("StringEquals", "aws:username", "${aws:username}", variables=False)


@given(st.lists(st.sampled_from("abc"), max_size=3), st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
def test_set_operators_are_all_and_any(values: list[str], wanted: list[str]) -> None:
    context = fold({"k": tuple(values)})
    each = [value in wanted for value in values]
    assert hold([Condition("ForAllValues:StringEquals", "k", tuple(wanted))], context) == all(each)
    assert hold([Condition("ForAnyValue:StringEquals", "k", tuple(wanted))], context) == any(each)
