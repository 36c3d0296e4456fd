"""Counting what an environment asks of the cloud."""

import gc

import pytest

from shared.local.calls import Call
from shared.local.requests import Requests, billed_as


def call(name, **parameters):
    service, _, operation = name.partition(":")
    return Call(service, operation, parameters, "us-east-1")


def test_an_invocation_takes_what_was_asked_since_the_one_before():
    requests = Requests()
    tally = requests.tally("a")
    requests.note("a", call("s3:PutObject"))
    requests.note("a", call("s3:PutObject"))
    requests.note("a", call("dynamodb:Query"))
    assert tally.take() == {"dynamodb:Query": 1, "s3:PutObject": 2}
    assert tally.take() == {}
    requests.note("a", call("s3:GetObject"))
    assert tally.take() == {"s3:GetObject": 1}


def test_environments_are_counted_apart_and_those_that_ended_not_at_all():
    requests = Requests()
    one, other = requests.tally("one"), requests.tally("other")
    requests.note("one", call("s3:PutObject"))
    requests.note("nobody", call("s3:PutObject"))
    assert (one.take(), other.take()) == ({"s3:PutObject": 1}, {})
    del one
    gc.collect()
    requests.note("one", call("s3:PutObject"))
    assert len(requests._tallies) == 1


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (call("s3:PutObject"), 1),
        (call("dynamodb:BatchWriteItem", RequestItems={"t": [{}, {}, {}], "u": [{}]}), 4),
        (call("dynamodb:BatchGetItem", RequestItems={"t": {"Keys": [{}, {}]}, "u": {"Keys": [{}]}}), 3),
        (call("dynamodb:TransactWriteItems", TransactItems=[{}, {}]), 4),
        (call("dynamodb:TransactGetItems", TransactItems=[{}]), 2),
        (call("events:PutEvents", Entries=[{}] * 5), 5),
        (call("dynamodb:BatchWriteItem"), 0),
    ],
)
def test_a_call_that_bundles_several_is_billed_as_several(asked, count):
    assert billed_as(asked) == count
