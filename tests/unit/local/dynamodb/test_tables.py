"""Pages, indexes, transactions and many writers of DynamoDB, and what is told of each changed item."""

from __future__ import annotations

import concurrent.futures
import copy

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from shared.local import dynamodb
from tests.unit.local.dynamodb.conftest import TABLE, make_table

ALL_OF_P = {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}


def put(client, r, **more):
    client.put_item(TableName=TABLE, Item={"p": {"S": "p"}, "r": {"N": str(r)}, **more})


def numbers(answer):
    return [int(item["r"]["N"]) for item in answer["Items"]]


def refused(call, **asked):
    with pytest.raises(ClientError) as told:
        call(**asked)
    return told.value.response["Error"]["Message"]


def test_a_page_ends_with_a_megabyte(table):
    for number in range(5):
        put(table, number, text={"S": "x" * 300_000})
    first = table.query(TableName=TABLE, **ALL_OF_P)
    assert (numbers(first), first["LastEvaluatedKey"]) == ([0, 1, 2], {"p": {"S": "p"}, "r": {"N": "2"}})
    second = table.query(TableName=TABLE, ExclusiveStartKey=first["LastEvaluatedKey"], **ALL_OF_P)
    assert (numbers(second), "LastEvaluatedKey" in second) == ([3, 4], False)
    assert [len(page["Items"]) for page in table.get_paginator("scan").paginate(TableName=TABLE)] == [3, 2]


def test_a_limit_counts_what_is_looked_at_and_gives_a_key_even_at_the_end(table):
    for number in range(4):
        put(table, number, even={"BOOL": number % 2 == 0})
    asked = {"FilterExpression": "even = :t", "Limit": 2}
    asked["ExpressionAttributeValues"] = {":p": {"S": "p"}, ":t": {"BOOL": True}}
    first = table.query(TableName=TABLE, **ALL_OF_P | asked)
    assert (numbers(first), first["Count"], first["ScannedCount"]) == ([0], 1, 2)
    second = table.query(TableName=TABLE, **ALL_OF_P | asked, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert second["LastEvaluatedKey"]["r"] == {"N": "3"}
    third = table.query(TableName=TABLE, **ALL_OF_P | asked, ExclusiveStartKey=second["LastEvaluatedKey"])
    assert (third["Items"], third["ScannedCount"], "LastEvaluatedKey" in third) == ([], 0, False)


def test_a_key_to_go_on_from_must_be_whole(table):
    put(table, 1)
    asked = {"TableName": TABLE, "ExclusiveStartKey": {"p": {"S": "p"}}}
    assert refused(table.scan, **asked) == "The provided starting key is invalid"
    assert "starting key" in refused(table.query, **asked, **ALL_OF_P)
    assert "starting key" in refused(table.scan, TableName=TABLE, IndexName="by_g", ExclusiveStartKey={"g": {"S": "x"}})


def test_one_may_go_on_from_an_item_that_is_gone(table):
    for number in range(3):
        put(table, number)
    first = table.query(TableName=TABLE, Limit=2, **ALL_OF_P)
    table.delete_item(TableName=TABLE, Key=first["LastEvaluatedKey"])
    assert numbers(table.query(TableName=TABLE, ExclusiveStartKey=first["LastEvaluatedKey"], **ALL_OF_P)) == [2]


def test_segments_share_a_table(table):
    for number in range(20):
        table.put_item(TableName=TABLE, Item={"p": {"S": str(number)}, "r": {"N": "1"}})
    parts = [table.scan(TableName=TABLE, Segment=each, TotalSegments=3)["Items"] for each in range(3)]
    assert sorted(int(item["p"]["S"]) for part in parts for item in part) == list(range(20))


def test_an_index_that_comes_and_goes(table):
    put(table, 1, later={"S": "x"})
    index = {
        "IndexName": "by_later",
        "KeySchema": [{"AttributeName": "later", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["more"]},
    }
    types = {"p": "S", "r": "N", "g": "S", "n": "N", "l": "S", "later": "S"}
    table.update_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        GlobalSecondaryIndexUpdates=[{"Create": index}],
    )
    put(table, 2, later={"S": "x"}, more={"S": "m"}, hidden={"S": "h"})
    asked = {"KeyConditionExpression": "later = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}}
    found = table.query(TableName=TABLE, IndexName="by_later", **asked)
    assert [sorted(item) for item in found["Items"]] == [["later", "p", "r"], ["later", "more", "p", "r"]]
    table.update_table(TableName=TABLE, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_later"}}])
    with pytest.raises(ClientError):
        table.query(TableName=TABLE, IndexName="by_later", **asked)


def test_what_an_index_does_not_hold_is_fetched_from_the_table_or_refused(table):
    put(table, 1, l={"S": "l"}, more={"S": "m"})
    put(table, 2, l={"S": "l"})
    named = {"TableName": TABLE, "IndexName": "by_l", **ALL_OF_P}
    assert table.query(**named, FilterExpression="attribute_exists(more)")["Items"] == [
        {"p": {"S": "p"}, "r": {"N": "1"}, "l": {"S": "l"}}
    ]
    assert table.query(**named, ProjectionExpression="more")["Items"] == [{"more": {"S": "m"}}, {}]
    assert table.query(**named, Select="ALL_ATTRIBUTES")["Items"][0]["more"] == {"S": "m"}
    keys = {
        "IndexName": "by_g_alone",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    types = {"p": "S", "r": "N", "g": "S", "n": "N", "l": "S"}
    table.update_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        GlobalSecondaryIndexUpdates=[{"Create": keys}],
    )
    asked = {"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}}
    told = refused(table.query, TableName=TABLE, IndexName="by_g_alone", ProjectionExpression="more", **asked)
    assert "does not project [more]" in told


def test_a_key_of_an_index_has_its_type(table):
    words = "Type mismatch for Index Key n Expected: N Actual: S IndexName: by_g"
    item = {"p": {"S": "p"}, "r": {"N": "1"}, "n": {"S": "1"}}
    assert words in refused(table.put_item, TableName=TABLE, Item=item)
    put(table, 1, n={"N": "5"})
    change = {"UpdateExpression": "SET n = :n, extra = :n", "ExpressionAttributeValues": {":n": {"S": "1"}}}
    for number in ("1", "9"):
        key = {"p": {"S": "p"}, "r": {"N": number}}
        assert "Type mismatch" in refused(table.update_item, TableName=TABLE, Key=key, **change)
    assert table.scan(TableName=TABLE)["Items"] == [{"p": {"S": "p"}, "r": {"N": "1"}, "n": {"N": "5"}}]
    wrong = {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"N": "1"}}}
    assert "does not match schema type" in refused(table.query, TableName=TABLE, **wrong)


def test_an_update_that_fails_changes_nothing(table):
    put(table, 1, text={"S": "x" * 300_000})
    key = {"p": {"S": "p"}, "r": {"N": "1"}}
    values = {":b": {"S": "y" * 200_000}, ":g": {"S": "x"}}
    change = {"UpdateExpression": "SET g = :g, big = :b", "ExpressionAttributeValues": values}
    assert "size" in refused(table.update_item, TableName=TABLE, Key=key, **change)
    (item,) = table.scan(TableName=TABLE)["Items"]
    assert sorted(item) == ["p", "r", "text"]


def test_members_that_are_null_are_as_if_left_out(client):
    make_table(client)
    nothing = dict.fromkeys(("ReturnValues", "ConditionExpression", "ExpressionAttributeNames", "Expected"))
    body = {"TableName": TABLE, "Item": {"p": {"S": "p"}, "r": {"N": "1"}}, **nothing}
    sent(client, "PutItem", body)
    told = sent(
        client, "Query", {"TableName": TABLE, **ALL_OF_P, "Limit": None, "FilterExpression": None, "Select": None}
    )
    assert told["Count"] == 1


def sent(client, action, body):
    """Send a request as it is: boto3 takes no null."""
    import json

    import requests

    headers = {
        "X-Amz-Target": f"DynamoDB_20120810.{action}",
        "Authorization": "AWS4-HMAC-SHA256 Credential=lanes/20260101/us-east-1/dynamodb/aws4_request",
        "Content-Type": "application/x-amz-json-1.0",
    }
    answer = requests.post("https://dynamodb.us-east-1.amazonaws.com/", data=json.dumps(body), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_asked_for_in_vain_costs_nothing(table):
    for number in range(10):
        key = {"p": {"S": f"none {number}"}, "r": {"N": "1"}}
        table.get_item(TableName=TABLE, Key=key)
        table.delete_item(TableName=TABLE, Key=key)
    put(table, 1)
    table.delete_item(TableName=TABLE, Key={"p": {"S": "p"}, "r": {"N": "1"}})
    assert not dynamodb_backends["123456789012"]["us-east-1"].tables[TABLE].items


def test_many_writers_and_readers(table):
    key = {"p": {"S": "p"}, "r": {"N": "0"}}
    put(table, 0, n={"N": "0"}, g={"S": "x"})

    def add(number):
        for _ in range(10):
            table.update_item(
                TableName=TABLE, Key=key, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}}
            )
            put(table, 1 + number, list={"L": [{"S": "a"}] * 5})
            assert len(table.query(TableName=TABLE, **ALL_OF_P)["Items"]) >= 1

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(8)))
    asked = {"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}}
    (item,) = table.query(TableName=TABLE, IndexName="by_g", **asked)["Items"]
    assert item["n"] == {"N": "80"}


def test_each_change_is_told_with_what_the_item_is_then(table):
    told = {}

    def listener(changed, key, item):
        told[key.hash.value, key.range.value] = copy.deepcopy(item.to_json()["Attributes"]) if item else None
        assert changed.name == TABLE

    with dynamodb.watch(listener):
        put(table, 1, a={"S": "1"})
        put(table, 2)
        key = {"p": {"S": "p"}, "r": {"N": "1"}}
        change = {"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "2"}}}
        table.update_item(TableName=TABLE, Key=key, **change)
        table.delete_item(TableName=TABLE, Key={"p": {"S": "p"}, "r": {"N": "2"}})
        unmet = {"TableName": TABLE, "Key": key, "ConditionExpression": "attribute_not_exists(p)"}
        new = {"Put": {"TableName": TABLE, "Item": {"p": {"S": "p"}, "r": {"N": "3"}}}}
        with pytest.raises(ClientError, match="TransactionCanceledException"):
            table.transact_write_items(TransactItems=[new, {"ConditionCheck": unmet}])
    assert told == {("p", "1"): {"p": {"S": "p"}, "r": {"N": "1"}, "a": {"S": "2"}}, ("p", "2"): None, ("p", "3"): None}
    put(table, 4)
    assert ("p", "4") not in told


def test_a_backup_is_a_copy_and_a_restored_table_is_told_of(table):
    put(table, 1, a={"S": "1"})
    backup = table.create_backup(TableName=TABLE, BackupName="backup")["BackupDetails"]["BackupArn"]
    put(table, 1, a={"S": "2"})
    told = []
    with dynamodb.watch(lambda restored, key, item: told.append((restored.name, item.attrs["a"]))):
        table.restore_table_from_backup(TargetTableName="restored", BackupArn=backup)
    assert told == [("restored", DynamoType({"S": "1"}))]
    assert table.query(TableName="restored", **ALL_OF_P)["Items"][0]["a"] == {"S": "1"}
    assert table.scan(TableName=TABLE)["Items"][0]["a"] == {"S": "2"}


def test_a_transaction_that_fails_leaves_no_record_in_the_stream(client):
    keys = [{"AttributeName": "p", "KeyType": "HASH"}]
    client.create_table(
        TableName="streamed",
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    new = {"Put": {"TableName": "streamed", "Item": {"p": {"S": "a"}}}}
    unmet = {"TableName": "streamed", "Key": {"p": {"S": "b"}}, "ConditionExpression": "attribute_exists(p)"}
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        client.transact_write_items(TransactItems=[new, {"ConditionCheck": unmet}])
    assert dynamodb_backends["123456789012"]["us-east-1"].tables["streamed"].stream_shard.items == []
    assert client.scan(TableName="streamed")["Count"] == 0


def test_statements_read_the_table_that_they_name(table):
    put(table, 1)
    make_table(table, "other")
    told = table.execute_statement(Statement=f'SELECT * FROM "{TABLE}" WHERE p = ?', Parameters=[{"S": "p"}])
    assert len(told["Items"]) == 1
    assert table.execute_statement(Statement='SELECT * FROM "other"')["Items"] == []
