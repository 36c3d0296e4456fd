"""Numbers of AWS that may change: each says where it is from, and when it was read there."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shared.config import aws_facts
from shared.config.aws_facts import MAP_CHILDREN, STATE_DATA, Fact, Throttle
from shared.handlers.cosmic import deal
from shared.handlers.cosmic import payload as cosmic
from shared.handlers.random_mean import payload as random_mean
from shared.handlers.wssr import init as wssr

FACTS = {name: value for name, value in vars(aws_facts).items() if isinstance(value, Fact | Throttle)}
PAGE = re.compile(r"https://(docs\.)?aws\.amazon\.com/\S+")


@pytest.mark.parametrize("name", FACTS)
def test_every_number_has_a_page_of_aws_and_a_day(name):
    fact = FACTS[name]
    assert PAGE.fullmatch(fact.source)
    assert date(2026, 1, 1) <= fact.read <= datetime.now(UTC).date() + timedelta(days=1)


def test_every_number_of_the_module_is_such_a_fact_and_says_its_unit():
    source = Path(aws_facts.__file__).read_text(encoding="utf-8")
    named = re.findall(r"^([A-Z][A-Z_]+) = ", source, flags=re.MULTILINE)
    assert set(named) == set(FACTS)
    explained = re.findall(r'^([A-Z][A-Z_]+) = .*\n"""', source, flags=re.MULTILINE)
    assert explained == named


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STANDARD_STARTS", 100), ("EXPRESS_STARTS", 1000), ("STATE_DATA", 262_144), ("SYNC_PAYLOAD", 6_291_456),
        ("ASYNC_PAYLOAD", 1_048_576), ("DIRECT_UPLOAD", 52_428_800), ("UNZIPPED", 262_144_000),
        ("LOG_EVENT", 1_048_576), ("KEPT_UNRESERVED", 100), ("NEW_ACCOUNT_MEMORY", 3008),
        ("INLINE_AT_ONCE", 40), ("OBJECT_GETS", 5500), ("OBJECT_PUTS", 3500), ("MAP_CHILDREN", 10_000),
    ],
)  # fmt: skip
def test_the_numbers_are_those_of_the_pages(name, value):
    assert FACTS[name].value == value


def test_what_handlers_keep_for_themselves_is_the_same():
    assert {cosmic.MAX_RANKS, random_mean.MOST_AT_ONCE, wssr.MOST_AT_ONCE} == {MAP_CHILDREN.value}
    assert STATE_DATA.value == deal.ITEM_BYTES
