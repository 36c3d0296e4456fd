"""Rules by prefix, and policies of buses."""

import json

import pytest
from moto.core.base_backend import BackendDict
from moto.core.exceptions import JsonRESTError
from moto.events.models import events_backends

from shared.local.corrections.event_buses import event_buses_asked_rightly

STATEMENT = {
    "Sid": "s",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "events:PutEvents",
    "Resource": "*",
}


@pytest.fixture
def events():
    with event_buses_asked_rightly():
        yield events_backends["123456789012"]["us-east-1"]
    BackendDict.reset()


def permit(events, policy):
    events.put_permission("default", None, None, None, None, json.dumps(policy))


def test_a_prefix_is_plain_text(events):
    for name in ("a.b", "axb"):
        events.put_rule(name, event_pattern='{"source": ["s"]}')
    found, _ = events.list_rules(prefix="a.", event_bus_arn=None)
    assert [each.name for each in found] == ["a.b"]
    with pytest.raises(JsonRESTError, match="namePrefix"):
        events.list_rules(prefix="(", event_bus_arn=None)


@pytest.mark.parametrize("statements", [STATEMENT, [STATEMENT]])
def test_a_policy_is_kept(events, statements):
    permit(events, {"Version": "2012-10-17", "Statement": statements})
    (kept,) = json.loads(events.event_buses["default"].policy)["Statement"]
    assert kept["Sid"] == "s"


@pytest.mark.parametrize(
    "policy",
    [
        [],
        {},
        {"Statement": ["x"]},
        {"Statement": {name: value for name, value in STATEMENT.items() if name != "Sid"}},
    ],
)
def test_another_one_is_refused(events, policy):
    with pytest.raises(JsonRESTError):
        permit(events, policy)
