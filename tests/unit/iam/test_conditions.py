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
DOCUMENTED = """
holds | StringEquals                      | aws:username          | ada
holds | StringEquals                      | AWS:UserName          | ada
fails | StringEquals                      | aws:username          | Ada
fails | StringEquals                      | aws:username          | a*
holds | StringEquals                      | aws:username          | bob or ada
fails | StringNotEquals                   | aws:username          | bob or ada
holds | StringNotEquals                   | aws:username          | bob or eve
holds | StringEqualsIgnoreCase            | aws:username          | ADA
fails | StringNotEqualsIgnoreCase         | aws:username          | ADA
holds | StringLike                        | aws:username          | a?a
fails | StringLike                        | aws:username          | A*
fails | StringNotLike                     | aws:username          | a* or zz
holds | StringLike                        | s3:prefix             | home/${aws:username}/*
fails | StringLike                        | s3:prefix             | home/${aws:userid}/*
fails | StringLike                        | s3:prefix             | home/${*}
holds | StringEquals                      | aws:principaltag/TEAM | ${aws:PrincipalTag/team}
holds | StringEquals                      | aws:username          | ${aws:nothing, 'ada'}
holds | NumericLessThanEquals             | s3:max-keys           | 10
fails | NumericLessThan                   | s3:max-keys           | 10
holds | NumericGreaterThan                | s3:max-keys           | 9.5
holds | NumericGreaterThanEquals          | s3:max-keys           | 10.0
holds | NumericEquals                     | s3:max-keys           | 1e1
fails | NumericNotEquals                  | s3:max-keys           | 10
holds | DateGreaterThan                   | aws:CurrentTime       | 2019-07-16T12:00:00Z
fails | DateLessThan                      | aws:CurrentTime       | 2019-07-16T15:00:00Z
holds | DateEquals                        | aws:CurrentTime       | 2026-11-29T13:00:00+01:00
holds | DateEquals                        | aws:CurrentTime       | 1795953600
holds | DateEquals                        | aws:EpochTime         | 2026-11-29T12:00:00Z
fails | DateNotEquals                     | aws:CurrentTime       | 2026-11-29T12:00:00Z
fails | DateLessThanEquals                | aws:CurrentTime       | 2026-11-29
holds | DateGreaterThanEquals             | aws:CurrentTime       | 2026-11
holds | DateGreaterThan                   | aws:CurrentTime       | 2026
holds | Bool                              | aws:SecureTransport   | true
holds | Bool                              | aws:SecureTransport   | TRUE
fails | Bool                              | aws:SecureTransport   | false
holds | IpAddress                         | aws:SourceIp          | 203.0.113.0/24
holds | IpAddress                         | aws:SourceIp          | 203.0.113.9
fails | IpAddress                         | aws:SourceIp          | 2001:db8::/32
holds | IpAddress                         | vpc:Ip6               | 2001:DB8:1234:5678::/64 or 2001:db8::/64
fails | NotIpAddress                      | aws:SourceIp          | 203.0.113.0/24 or 198.51.100.0/24
holds | NotIpAddress                      | aws:SourceIp          | 198.51.100.0/24
holds | ArnEquals                         | aws:SourceArn         | arn:aws:states:us-east-1:111122223333:stateMachine:*
holds | ArnLike                           | aws:SourceArn         | arn:aws:states:*:111122223333:stateMachine:m
fails | ArnLike                           | aws:SourceArn         | arn:aws:states:*:stateMachine:m:x:y
holds | ArnLike                           | aws:SourceArn         | *
holds | ArnNotLike                        | aws:SourceArn         | arn:aws:states:*:*:stateMachine:other
fails | ArnNotEquals                      | aws:SourceArn         | arn:aws:states:*:*:*
holds | Null                              | aws:username          | false
fails | Null                              | aws:username          | true
holds | Null                              | aws:TokenIssueTime    | true
holds | Null                              | empty                 | true
holds | Null                              | blank                 | true
holds | Null                              | aws:username          | true or false
# Each value of the request is among the policy's.
holds | ForAllValues:StringEquals         | aws:TagKeys           | environment or team or cost
fails | ForAllValues:StringEquals         | aws:TagKeys           | environment
# No key, or no value but an empty one.
holds | ForAllValues:StringEquals         | aws:RequestTag        | environment
holds | ForAllValues:StringEquals         | empty                 | environment
holds | ForAllValues:StringEquals         | blank                 | environment
# None of the request's values is among the policy's.
holds | ForAllValues:StringNotEquals      | aws:TagKeys           | cost
fails | ForAllValues:StringNotEquals      | aws:TagKeys           | team
# At least one value of the request is among the policy's.
holds | ForAnyValue:StringEquals          | aws:TagKeys           | team
holds | ForAnyValue:StringLike            | aws:TagKeys           | env*
fails | ForAnyValue:StringEquals          | aws:TagKeys           | cost
fails | ForAnyValue:StringEquals          | aws:RequestTag        | cost
holds | ForAnyValue:StringNotEquals       | aws:TagKeys           | team
fails | ForAnyValue:StringNotEquals       | aws:TagKeys           | team or environment
fails | ForAnyValue:StringNotEquals       | aws:RequestTag        | team
holds | ForAnyValue:StringEqualsIfExists  | aws:RequestTag        | team
fails | ForAllValues:StringEqualsIfExists | aws:TagKeys           | team
holds | StringEqualsIfExists              | aws:RequestTag        | x
fails | StringEqualsIfExists              | aws:username          | x
fails | StringNotEqualsIfExists           | aws:username          | ada
holds | BoolIfExists                      | aws:MultiFactorAuthPresent | true
fails | Bool                              | aws:MultiFactorAuthPresent | false
"""
UNDECIDED = """
BinaryEquals               | aws:username        | YWRh                | BinaryEquals
stringequals               | aws:username        | ada                 | stringequals
ForSomeValues:StringEquals | aws:username        | ada                 | ForSomeValues
NullIfExists               | aws:username        | true                | NullIfExists
StringEquals               | aws:TagKeys         | team                | several values
NumericEquals              | s3:max-keys         | ten                 | 'ten'
NumericNotEquals           | aws:username        | 10                  | 'ada'
DateEquals                 | aws:CurrentTime     | noon                | 'noon'
DateEquals                 | aws:CurrentTime     | 2026-13             | '2026-13'
DateEquals                 | aws:CurrentTime     | 2026-11-29T12:00:00 | no zone
Bool                       | aws:SecureTransport | yes                 | 'yes'
NotIpAddress               | aws:SourceIp        | 203.0.113           | 203.0.113
ArnNotLike                 | aws:SourceArn       | arn:aws:states      | no ARN
Null                       | aws:username        | maybe               | true or false
StringNotEquals            | aws:username        | ${aws:userid}       | variable
"""


def rows(table: str) -> list[list[str]]:
    lines = [line for line in table.splitlines() if line and not line.startswith("#")]
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


@pytest.mark.parametrize(("expected", "operator", "key", "values"), rows(DOCUMENTED))
def test_as_documented(expected: str, operator: str, key: str, values: str) -> None:
    assert holds(operator, key, *values.split(" or ")) is (expected == "holds")


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_a_missing_key_fails_all_but_those_that_ask_for_no_match(name: str) -> None:
    assert holds(name, "not:there", "1") is ("Not" in name)
    assert holds(f"{name}IfExists", "not:there", "1")


@pytest.mark.parametrize(("operator", "key", "value", "named"), rows(UNDECIDED))
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
