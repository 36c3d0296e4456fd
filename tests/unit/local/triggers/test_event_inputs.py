"""What targets of rules get of an event. The templates are those of AWS's guide."""

from __future__ import annotations

import json

import pytest

from shared.local.triggers.event_inputs import input_of, wrong_inputs

RULE = "arn:aws:events:us-east-1:123456789012:rule/r"
NOW = "2026-11-30T09:00:01Z"
EVENT = {
    "version": "0",
    "source": "aws.ec2",
    "time": "2026-11-30T09:00:00Z",
    "detail": {"instance-id": "i-1", "state": 'RUN "x"', "n": 3, "list": [{"a": 1}, {"a": 2}], "texts": ["p", "q"]},
}
PATHS = {"instance": "$.detail.instance-id", "state": "$.detail.state", "n": "$.detail.n", "gone": "$.detail.gone"}


def got(**target):
    return input_of(target, EVENT, RULE, NOW)


def transformed(template, **paths):
    return got(InputTransformer={"InputPathsMap": PATHS | paths, "InputTemplate": template})


@pytest.mark.parametrize(
    ("template", "gets"),
    [
        ('{"instance": <instance>, "n": <n>}', {"instance": "i-1", "n": 3}),
        ('{"s": "<instance> is in \\"<n>\\""}', {"s": 'i-1 is in "3"'}),
        ('{"s": <state>, "t": "<state>"}', {"s": 'RUN "x"', "t": 'RUN "x"'}),
        ('{"gone": <gone>, "too": "a<gone>b"}', {"gone": "", "too": "ab"}),
        ('"<instance> has <n>"', "i-1 has 3"),
        ("<n>", 3),
        ('{"e": <aws.events.event.json>}', {"e": EVENT}),
        ('{"e": <aws.events.event>}', {"e": {k: v for k, v in EVENT.items() if k != "detail"}}),
        (
            '{"r": <aws.events.rule-name>, "a": "<aws.events.rule-arn>", "t": <aws.events.event.ingestion-time>}',
            {"r": "r", "a": RULE, "t": NOW},
        ),
    ],
)
def test_a_template_is_filled_in(template, gets):
    assert json.loads(transformed(template)) == gets


def test_an_object_and_an_array_in_quotes_lose_their_quotes():
    assert transformed('"<d>, <l>"', d="$.detail.list[0]", l="$.detail.texts") == '"{a:1}, [p,q]"'


def test_rows_of_strings_stay_text():
    assert transformed('"<instance>"\n"<n>"') == '"i-1"\n"3"'


@pytest.mark.parametrize(
    ("path", "gets"),
    [
        ("$.detail.n", 3),
        ("$.detail.list[1].a", 2),
        ("$.detail.list[*].a", [1, 2]),
        ("$.detail.list[0].*", [1]),
        ("$", EVENT),
        ("$.detail.none", {}),
    ],
)
def test_a_path_takes_a_part(path, gets):
    assert json.loads(got(InputPath=path)) == gets


def test_without_anything_it_is_the_event_and_a_constant_is_itself():
    assert json.loads(got()) == EVENT
    assert got(Input='{"a": "<instance>"}') == '{"a": "<instance>"}'


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"Input": "{"}, "JSON syntax error"),
        ({"Input": "{}", "InputPath": "$"}, "Only one of"),
        ({"InputPath": "$.detail['x']"}, "Invalid InputPath"),
        ({"InputTransformer": {"InputTemplate": '{"a": <b>}'}}, "invalid placeholder b"),
        ({"InputTransformer": {"InputTemplate": "plain text"}}, "Invalid InputTemplate"),
        ({"InputTransformer": {"InputTemplate": '{"a": <b>', "InputPathsMap": {"b": "$"}}}, "Invalid InputTemplate"),
        ({"InputTransformer": {"InputTemplate": "1", "InputPathsMap": {"aws.x": "$"}}}, "must not start with AWS"),
        ({"InputTransformer": {"InputTemplate": "1", "InputPathsMap": {"x": "$..y"}}}, "Invalid InputPathsMap"),
        ({"InputTransformer": {}}, None),
        ({"InputTransformer": {"InputPathsMap": {"x": "$"}}}, "InputTemplate must be specified"),
    ],
)
def test_what_aws_refuses(target, why):
    told = list(wrong_inputs({"Id": "1", **target}))
    assert (told == []) if why is None else (len(told) == 1 and why in told[0])
