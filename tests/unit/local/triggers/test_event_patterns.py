"""Event patterns: what matches, and what AWS refuses."""

from __future__ import annotations

import json

import pytest

from shared.local.triggers.event_patterns import Pattern, PatternError

EVENT = {
    "source": "my.app",
    "account": "123456789012",
    "resources": ["arn:one", "arn:two"],
    "detail": {
        "state": "Running",
        "n": 5,
        "price": 3.0,
        "nothing": None,
        "ok": True,
        "empty": [],
        "inner": {"deep": "x"},
        "ip": "10.0.0.7",
        "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
        "star": "a*b",
    },
}


def detail(**fields):
    return {"detail": fields}


MATCHES = [
    {"source": ["other", "my.app"]},
    {"resources": ["arn:two"]},
    detail(n=[5.0]),
    detail(price=[3]),
    detail(nothing=[None]),
    detail(ok=[True]),
    detail(state=[{"prefix": "Run"}]),
    detail(state=[{"prefix": {"equals-ignore-case": "rUN"}}]),
    detail(state=[{"suffix": "ing"}]),
    detail(state=[{"suffix": {"equals-ignore-case": "ING"}}]),
    detail(state=[{"equals-ignore-case": "RUNNING"}]),
    detail(state=[{"anything-but": ["Stopped", "Terminated"]}]),
    detail(state=[{"anything-but": "Stopped"}]),
    detail(n=[{"anything-but": [1, 2]}]),
    detail(state=[{"anything-but": {"prefix": "Stop"}}]),
    detail(state=[{"anything-but": {"prefix": ["Stop", "Term"]}}]),
    detail(state=[{"anything-but": {"equals-ignore-case": ["stopped"]}}]),
    detail(state=[{"anything-but": {"wildcard": "St*ed"}}]),
    detail(n=[{"numeric": [">", 0, "<=", 5]}]),
    detail(n=[{"numeric": ["=", 5]}]),
    detail(n=[{"exists": True}]),
    detail(absent=[{"exists": False}]),
    detail(inner=[{"exists": False}]),
    detail(empty=[{"exists": False}]),
    detail(n=[{"exists": False}, 5]),
    detail(ip=[{"cidr": "10.0.0.0/24"}]),
    detail(state=[{"wildcard": "R*n*g"}]),
    detail(star=[{"wildcard": "a\\*b"}]),
    detail(inner={"deep": ["x"]}),
    detail(rows={"a": [2], "b": ["y"]}),
    {"$or": [{"source": ["no"]}, {"detail": {"n": [5]}}]},
    detail(**{"$or": [{"n": [9]}, {"state": ["Running"]}], "ok": [True]}),
]
DIFFERS = [
    {"source": ["other"]},
    {"account": [123456789012]},
    detail(n=["5"]),
    detail(n=[True]),
    detail(ok=[1]),
    detail(ok=[{"numeric": ["=", 1]}]),
    detail(nothing=["null"]),
    detail(state=[{"prefix": "run"}]),
    detail(state=[{"anything-but": ["Running"]}]),
    detail(absent=[{"anything-but": ["x"]}]),
    detail(state=[{"anything-but": {"suffix": "ing"}}]),
    detail(n=[{"numeric": [">", 5]}]),
    detail(n=[{"exists": False}]),
    detail(inner=[{"exists": True}]),
    detail(ip=[{"cidr": "10.0.1.0/24"}]),
    detail(state=[{"cidr": "10.0.1.0/24"}]),
    detail(state=[{"wildcard": "R*x"}]),
    detail(rows={"a": [1], "b": ["y"]}),
    detail(inner={"deep": {"deeper": ["x"]}}),
    {"$or": [{"source": ["no"]}, {"detail": {"n": [6]}}]},
]


@pytest.mark.parametrize("pattern", MATCHES, ids=json.dumps)
def test_it_matches(pattern):
    assert Pattern(json.dumps(pattern)).matches(EVENT)


@pytest.mark.parametrize("pattern", DIFFERS, ids=json.dumps)
def test_it_does_not_match(pattern):
    assert not Pattern(json.dumps(pattern)).matches(EVENT)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{", "Unexpected"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        ('{"detail": {}}', "Empty objects are not allowed"),
        ('{"source": "x"}', '"source" must be an object or an array'),
        ('{"source": []}', "Empty arrays are not allowed"),
        ('{"source": [["x"]]}', "Match value must be String"),
        ('{"source": [{"regex": "x"}]}', "Unrecognized match type regex"),
        ('{"source": [{"prefix": ["x"]}]}', "prefix match pattern must be a string"),
        ('{"source": [{"prefix": "x", "suffix": "y"}]}', "Only one key"),
        ('{"source": [{"exists": "true"}]}', "must be either true or false"),
        ('{"source": [{"numeric": [">", "1"]}]}', "Value of > must be numeric"),
        ('{"source": [{"numeric": ["!", 1]}]}', "Unrecognized numeric range operator: !"),
        ('{"source": [{"numeric": [">", 5, "<", 1]}]}', "Bottom must be less than top"),
        ('{"source": [{"numeric": ["<", 5, ">", 1]}]}', "Too many elements"),
        ('{"source": [{"numeric": ["=", 6e9]}]}', "5.0E9"),
        ('{"source": [{"anything-but": [1, "x"]}]}', "mixed type"),
        ('{"source": [{"anything-but": [null]}]}', "null|boolean"),
        ('{"source": [{"anything-but": {"numeric": ["=", 1]}}]}', "Unsupported anything-but pattern: numeric"),
        ('{"source": [{"anything-but": {"prefix": ""}}]}', "Null prefix"),
        ('{"source": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR"),
        ('{"source": [{"wildcard": "a**b"}]}', "Consecutive wildcard"),
        ('{"source": [{"wildcard": "a\\\\b"}]}', "Invalid escape"),
        ('{"$or": [{"source": ["x"]}]}', "at least 2"),
        ('{"$or": {"source": ["x"]}}', "must be an Array"),
    ],
)
def test_what_aws_refuses(pattern, why):
    with pytest.raises(PatternError, match=why.replace("|", "\\|")):
        Pattern(pattern)


def test_what_is_nested_too_deeply_is_no_pattern():
    with pytest.raises(PatternError, match="nested too deeply"):
        Pattern('{"detail":' * 100_000)
