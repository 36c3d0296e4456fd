"""DynamoDB of moto, with its reads by key."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from shared.local import dynamodb

KEYS = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
TABLE = "items"


@pytest.fixture
def client():
    with mock_aws(), dynamodb.install():
        yield boto3.client("dynamodb", **KEYS)


def make_table(client, name=TABLE, *, ranges=True):
    """Make a table with the keys ``p`` (text) and ``r`` (number), a GSI ``by_g`` (g, n) and an LSI ``by_l`` (p, l)."""
    keys = [{"AttributeName": "p", "KeyType": "HASH"}] + [{"AttributeName": "r", "KeyType": "RANGE"}] * ranges
    local = {
        "IndexName": "by_l",
        "KeySchema": [keys[0], {"AttributeName": "l", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    own = {
        "IndexName": "by_g",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    types = {"p": "S", "g": "S", "n": "N"} | ({"r": "N", "l": "S"} if ranges else {})
    client.create_table(
        TableName=name,
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": kind} for each, kind in types.items()],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[own],
        **({"LocalSecondaryIndexes": [local]} if ranges else {}),
    )


@pytest.fixture
def table(client):
    make_table(client)
    return client
