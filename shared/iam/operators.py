"""The condition operators: each compares one value of a request with one value of a policy.

An operator that asks for no match (``StringNotEquals``) has the test of the plain one;
:mod:`shared.iam.conditions` negates it. What cannot be compared, such as a text in the place of a number, raises
:class:`UndecidedError`, so it never counts as a yes.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" (read 2026-11-29).
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import operator as compare
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from shared.iam.patterns import Pattern, is_arn, matches_arn, matches_text, spelt

if TYPE_CHECKING:
    from collections.abc import Callable


class UndecidedError(Exception):
    """A condition of which IAM's documentation does not say whether it holds. The text is the reason."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    Args:
        test: Whether the request's value matches the policy's.
        negated: Whether it asks for no match. Such an operator also holds where the key is missing.
        variables: Whether its values may hold policy variables.
    """

    test: Callable[[str, Pattern], bool]
    negated: bool = False
    variables: bool = False


T = TypeVar("T", Decimal, float)

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?")
_EPOCH = re.compile(r"\d{5,}(\.\d+)?")  # four digits are a year
# The coarser forms of W3C's profile of ISO 8601: a year, a month, a day. The finer one has a time and a zone.
_DAY = re.compile(r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2}))?)?")


def _text(value: str, pattern: Pattern) -> bool:
    return value == spelt(pattern)


def _text_in_any_case(value: str, pattern: Pattern) -> bool:
    return value.lower() == spelt(pattern).lower()


def _arn(value: str, pattern: Pattern) -> bool:
    """Compare segment by segment. ArnEquals and ArnLike do the same, and both take wildcards."""
    if not is_arn(pattern):
        raise UndecidedError(f"{spelt(pattern)!r} is no ARN")
    return matches_arn(value, pattern)


def _bool(value: str, pattern: Pattern) -> bool:
    wanted = spelt(pattern).lower()
    if wanted not in {"true", "false"}:
        raise UndecidedError(f"{wanted!r} is neither true nor false")
    return value.lower() == wanted


def _address(value: str, pattern: Pattern) -> bool:
    try:
        network = ipaddress.ip_network(spelt(pattern), strict=False)
        address = ipaddress.ip_address(value)
    except ValueError as error:
        raise UndecidedError(str(error)) from None
    return address in network


def _ordered(parse: Callable[[str], T], relation: Callable[[T, T], bool]) -> Callable[[str, Pattern], bool]:
    return lambda value, pattern: relation(parse(value), parse(spelt(pattern)))


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise UndecidedError(f"{text!r} is no number")
    return Decimal(text)


def _moment(text: str) -> float:
    """Return the seconds since the epoch that *text* names: W3C's ISO 8601, or the seconds themselves."""
    if _EPOCH.fullmatch(text):
        return float(text)
    try:
        day = _DAY.fullmatch(text)
        if day:
            first = [int(day[part] or 1) for part in ("year", "month", "day")]
            return dt.datetime(first[0], first[1], first[2], tzinfo=dt.UTC).timestamp()
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UndecidedError(f"{text!r} is no date") from None
    if moment.tzinfo is None:
        raise UndecidedError(f"the time {text!r} has no zone")
    return moment.timestamp()


def _family(name: str, parse: Callable[[str], T]) -> dict[str, Operator]:
    """Return the six operators of what can be ordered."""
    relations: dict[str, Callable[[T, T], bool]] = {
        "LessThan": compare.lt,
        "LessThanEquals": compare.le,
        "GreaterThan": compare.gt,
        "GreaterThanEquals": compare.ge,
        "Equals": compare.eq,
    }
    made = {name + suffix: Operator(_ordered(parse, relation)) for suffix, relation in relations.items()}
    made[f"{name}NotEquals"] = Operator(_ordered(parse, compare.eq), negated=True)
    return made


OPERATORS = {
    "StringEquals": Operator(_text, variables=True),
    "StringNotEquals": Operator(_text, negated=True, variables=True),
    "StringEqualsIgnoreCase": Operator(_text_in_any_case, variables=True),
    "StringNotEqualsIgnoreCase": Operator(_text_in_any_case, negated=True, variables=True),
    "StringLike": Operator(matches_text, variables=True),
    "StringNotLike": Operator(matches_text, negated=True, variables=True),
    "ArnEquals": Operator(_arn, variables=True),
    "ArnLike": Operator(_arn, variables=True),
    "ArnNotEquals": Operator(_arn, negated=True, variables=True),
    "ArnNotLike": Operator(_arn, negated=True, variables=True),
    **_family("Numeric", _number),
    **_family("Date", _moment),
    "Bool": Operator(_bool),
    "IpAddress": Operator(_address),
    "NotIpAddress": Operator(_address, negated=True),
}
"""By name. ``Null`` asks for the key alone (:mod:`shared.iam.conditions`). ``BinaryEquals`` is missing: no key of a
service that the embedded cloud has is binary, so it is undecided, like every operator that is not here."""
