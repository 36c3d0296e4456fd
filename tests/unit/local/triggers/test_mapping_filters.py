"""What filters of mappings see of messages and records."""

import base64
import json

import pytest
from moto.awslambda.exceptions import InvalidParameterValueException

from shared.local.triggers.mapping_filters import filters_of, seen_of_kinesis, seen_of_message


def wanted(*patterns):
    return filters_of({"Filters": [{"Pattern": json.dumps(each)} for each in patterns]})


@pytest.mark.parametrize(
    ("body", "pattern", "asked"),
    [
        ('{"kind": "star"}', {"body": {"kind": ["star"]}}, True),
        ('{"kind": "star"}', {"body": {"kind": ["planet"]}}, False),
        ("plain", {"body": ["plain"]}, True),
        ("plain", {"body": {"kind": ["star"]}}, False),
        ('{"kind": "star"}', {"body": ['{"kind": "star"}']}, False),
        ('{"kind": NaN}', {"body": ['{"kind": NaN}']}, True),
        ("[" * 100_000, {"body": {"kind": ["star"]}}, False),
        ("x", {"messageAttributes": {"kind": {"stringValue": ["star"]}}}, True),
    ],
)
def test_of_a_message(body, pattern, asked):
    record = {"body": body, "messageAttributes": {"kind": {"stringValue": "star"}}}
    assert wanted(pattern)(seen_of_message(record)) is asked


def test_of_a_record_of_kinesis():
    data = base64.b64encode(b'{"n": 5}').decode()
    seen = seen_of_kinesis({"data": data, "partitionKey": "p"})
    assert wanted({"data": {"n": [{"numeric": [">", 4]}]}, "partitionKey": ["p"]})(seen)


def test_one_of_several_is_enough_and_without_any_all_are_asked_for():
    assert wanted({"a": ["x"]}, {"b": ["y"]})({"b": "y"})
    assert filters_of(None)({})
    assert filters_of({"Filters": []})({})


def test_a_pattern_that_is_none_is_refused():
    with pytest.raises(InvalidParameterValueException, match="Invalid filter pattern definition"):
        filters_of({"Filters": [{"Pattern": '{"a": "x"}'}]})
