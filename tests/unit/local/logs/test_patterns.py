"""Filter patterns match as CloudWatch Logs' documentation says, and what is not done is refused by name."""

from __future__ import annotations

import json
import sqlite3

import pytest

from shared.local.logs.patterns import BadPatternError, compiled

EVENT = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "cluster.name": "c",
        "ThisFlag": True,
        "latency": 12.5,
        "user": {"id": 1, "email": "John.Stiles@example.com"},
    }
)


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR] a", True),
        ("ERROR", "error", False),
        ("ERROR ARGUMENTS", "ARGUMENTS before ERROR", True),
        ("ERROR ARGUMENTS", "ERROR", False),
        ('"INTERNAL SERVER ERROR"', "an INTERNAL SERVER ERROR", True),
        ('"INTERNAL SERVER ERROR"', "SERVER INTERNAL ERROR", False),
        (r'"\"progress\""', '{"progress": 1}', True),
        ("?ERROR ?ARGUMENTS", "ARGUMENTS", True),
        ("?ERROR ?ARGUMENTS", "neither", False),
        ("?ERROR INFO", "INFO", True),  # ? is ignored beside a term that must be there
        ("ERROR -ARGUMENTS", "ERROR", True),
        ("ERROR -ARGUMENTS", "ERROR ARGUMENTS", False),
        ("%[Aa]uth.*4[0-9]{2}%", "auth failed with 401", True),
        ("%[Aa]uth.*4[0-9]{2}%", "auth 5", False),
        ('{ $.eventType = "UpdateTrail" }', EVENT, True),
        ('{ $.eventType = "Update*" }', EVENT, True),
        ('{ $.eventType != "UpdateTrail" }', EVENT, False),
        ("{ $.eventType = UpdateTrail }", EVENT, True),
        ("{ $.sourceIPAddress = 111.111.* }", EVENT, True),
        ("{ $.sourceIPAddress != 123.123.* }", EVENT, True),
        ('{ $.arrayKey[0] = "value" }', EVENT, True),
        ('{ $.arrayKey[5] = "value" }', EVENT, False),
        ('{ $.objectList[*].name = "b" }', EVENT, True),
        ("{ $.objectList[1].id = 2 }", EVENT, True),
        ("{ $.SomeObject IS NULL }", EVENT, True),
        ("{ $.Other NOT EXISTS }", EVENT, True),
        ("{ $.ThisFlag IS TRUE }", EVENT, True),
        ("{ $.ThisFlag IS FALSE }", EVENT, False),
        ("{ $['cluster.name'] = \"c\" }", EVENT, True),
        ("{ $.latency > 12 && $.latency <= 12.5 }", EVENT, True),
        ("{ $.latency < 12 || $.user.id = 1 }", EVENT, True),
        ('{ ($.user.id = 2 && $.latency > 1) || $.user.email = "*@example.com" }', EVENT, True),
        ("{ $.user.email = %John.*com% }", EVENT, True),
        ("{ $.user.id = 1 }", "no JSON", False),
        ("{ $.user.id = 1 }", '"text"', False),
    ],
)
def test_a_pattern(pattern, message, matches):
    assert compiled(pattern).matches(message) is matches


@pytest.mark.parametrize("pattern", ["a", "a b", "a -b", "?a ?b", "?a ?b -c", '"a b"', "ö", "-a"])
def test_sql_tells_the_same(pattern):
    read = compiled(pattern)
    database = sqlite3.connect(":memory:")
    for message in ("a", "b", "ab", "a b", "c", "bc", "ö", "", "A"):
        row = (message.encode(), *read.values)
        found = database.execute(f"SELECT 1 FROM (SELECT ? AS m) WHERE {read.where.replace('{}', 'm')}", row).fetchall()
        assert bool(found) is read.matches(message), message
    database.close()


def test_sql_cannot_tell_of_expressions_and_json():
    assert [compiled(pattern).where for pattern in ("", "%a%", "a %b%", "{ $.a = 1 }")] == [""] * 4


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("[ip, user]", "space-delimited"),
        ("{ $.a = 1", "ends in }"),
        ("{ $.a }", "lacks a operator or word"),
        ("{ $.a > x }", "compares numbers"),
        ("{ $.a IS MAYBE }", "is none of"),
        ("{ ($.a = 1 }", r"\) is missing"),
        ("{ $.a = 1 $.b = 2 }", "at '"),
        ("{ a = 1 }", "lacks a path"),
        ('"open', "Invalid"),
        ("%[%", "regular expression"),
    ],
)
def test_a_wrong_pattern_is_refused(pattern, told):
    with pytest.raises(BadPatternError, match=told):
        compiled(pattern)
