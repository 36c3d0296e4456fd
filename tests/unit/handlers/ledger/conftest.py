"""A ledger on moto's DynamoDB, in this process."""

import boto3
import pytest
from moto import mock_aws

from shared.handlers.ledger.account import Ledger, Reservation

TABLE = "platform-ledger-0a1b2c3d"


@pytest.fixture
def dynamodb(monkeypatch):
    """A client, and the ledger's table."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        make_table(client)
        yield client


def make_table(client):
    keys = [{"AttributeName": "lane", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}]
    kinds = [{"AttributeName": each["AttributeName"], "AttributeType": "S"} for each in keys]
    client.create_table(TableName=TABLE, KeySchema=keys, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")


@pytest.fixture
def ledger(dynamodb):
    return Ledger(dynamodb, TABLE, sleep=lambda _: None)


def reservation(arn="arn:run", reserved=300, items=2, item=100):
    return Reservation(arn, "work", reserved, items, item, {"Step": (2.5, 90)}, "2026-12-01T00:00:00Z")
