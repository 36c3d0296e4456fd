"""Lists of items: read from a file, written whole into the table."""

import boto3
import pytest
from moto import mock_aws

from shared.aws.client import Aws
from shared.aws.target import aws_target
from shared.config.lane import Place
from shared.config.resources import Key, Table
from shared.errors import LanesError
from shared.run.items import load_items, read_items

TABLE = Table("topics-item-map-items-0d905a3d", Key("id"))


@pytest.fixture
def aws():
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
        yield Aws(session, aws_target(Place("123456789012", "us-east-1", "dev")))


@pytest.fixture
def table(aws):
    aws.client("dynamodb").create_table(
        TableName=TABLE.name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return TABLE


def kept(aws):
    return aws.client("dynamodb").scan(TableName=TABLE.name)["Items"]


def test_a_file_is_read_and_its_numbers_kept_exactly(aws, table, tmp_path):
    path = tmp_path / "list.json"
    path.write_text('["one", {"topic": "two", "weight": 0.1, "tags": ["a"], "none": null}]')
    load_items(aws, table, read_items(path))
    (entry,) = kept(aws)
    two = {"topic": {"S": "two"}, "weight": {"N": "0.1"}, "tags": {"L": [{"S": "a"}]}, "none": {"NULL": True}}
    assert entry == {"id": {"S": "list"}, "items": {"L": [{"S": "one"}, {"M": two}]}}


def test_a_shorter_list_leaves_nothing_of_a_longer_one(aws, table):
    load_items(aws, table, ["a", "b", "c"])
    load_items(aws, table, ["d"])
    assert [entry["items"] for entry in kept(aws)] == [{"L": [{"S": "d"}]}]


def test_a_list_beyond_what_a_state_can_pass_on_is_refused(aws, table):
    with pytest.raises(LanesError, match="a state passes on 256 KB"):
        load_items(aws, table, ["x" * 1000] * 250)
    assert kept(aws) == []


def test_a_list_beyond_what_one_history_holds_is_refused(aws, table):
    load_items(aws, table, ["a"] * 2000)
    with pytest.raises(LanesError, match="the list has 2001 items; the history of one execution has room for 2000"):
        load_items(aws, table, ["b"] * 2001)
    assert kept(aws)[0]["items"]["L"][0] == {"S": "a"}


def test_a_table_that_is_not_deployed_is_named(aws):
    with pytest.raises(LanesError, match=f"table {TABLE.name} is not deployed"):
        load_items(aws, TABLE, ["a"])
