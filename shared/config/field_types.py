"""The kinds of values that fields of the project's files have: each a type with its check, for pydantic."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

# What CloudWatch Logs accepts (PutRetentionPolicy).
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)
ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"
CODE_OWNER = rf"@[A-Za-z0-9][A-Za-z0-9-]{{0,38}}(/[A-Za-z0-9._-]{{1,100}})?|{ADDRESS}"
"""Whom GitHub's CODEOWNERS may name: ``@name``, ``@organisation/team``, or the address of an account there."""
TAG_SIGNS, LONGEST_TAG = "_.:/=+-@", 256
"""What a tag's value may have beside letters, digits and spaces (IAM API, Tag), and its length at the most."""
SECONDS_IN = {"minute": 60, "hour": 3600, "day": 86_400}
_MAX_PORT = 65535


def _plain(value: object) -> object:
    """Return a number as text, because YAML reads ``course: 5110`` as a number. A boolean stays one."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _retention(days: int) -> int:
    if days not in RETENTION_DAYS:
        raise ValueError(f"must be one of {', '.join(map(str, RETENTION_DAYS))}")
    return days


def _endpoint(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not re.fullmatch(r"[A-Za-z0-9.-]+", host) or not port.isdecimal() or not 0 < int(port) <= _MAX_PORT:
        raise ValueError("must be host:port, such as rendezvous.example.org:10000")
    return text


def _address(text: str) -> str:
    if not re.fullmatch(ADDRESS, text):
        raise ValueError("must be an address, such as team@example.edu")
    return text


def _code_owner(text: str) -> str:
    if not re.fullmatch(CODE_OWNER, text):
        raise ValueError("must be GitHub's @name or @organisation/team, or an address")
    return text


def tag_value_problem(text: str) -> str | None:
    """Say what AWS refuses of *text* as the value of a tag: letters, digits, spaces and a few signs are allowed."""
    wrong = sorted({sign for sign in text if unicodedata.category(sign)[0] not in "LZN" and sign not in TAG_SIGNS})
    if wrong:
        return f"becomes a tag, and AWS takes letters, digits, spaces and {TAG_SIGNS}, not {' '.join(map(repr, wrong))}"
    return None if len(text) <= LONGEST_TAG else f"becomes a tag, which may have {LONGEST_TAG} characters"


def _tag_value(text: str) -> str:
    if wrong := tag_value_problem(text):
        raise ValueError(wrong)
    return text


def _schedule(text: str) -> str:
    if not re.fullmatch(r"rate\((1 (minute|hour|day)|[1-9]\d* (minutes|hours|days))\)|cron\(\S+( \S+){5}\)", text):
        raise ValueError("must be an EventBridge schedule: rate(5 minutes) or cron(0 * * * ? *)")
    return text


def rate_seconds(schedule: str) -> int:
    """Return the seconds between two invocations by *schedule*, ``rate(5 minutes)``; 0 when it is no rate."""
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule)
    return int(rate[1]) * SECONDS_IN[rate[2]] if rate else 0


Plain = BeforeValidator(_plain)
Text = Annotated[str, Plain, WithJsonSchema({"type": ["string", "number"]})]
TagText = Annotated[str, AfterValidator(_tag_value)]
RetentionDays = Annotated[int, AfterValidator(_retention), WithJsonSchema({"enum": list(RETENTION_DAYS)})]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Address = Annotated[str, AfterValidator(_address)]
CodeOwner = Annotated[str, AfterValidator(_code_owner)]
RendezvousProtocol = Literal["v1", "v2"]
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
