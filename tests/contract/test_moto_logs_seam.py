"""What the rooms of logs and of DynamoDB replace and use of moto: a release that changes it must not go unnoticed."""

import inspect

import pytest
from moto.cloudwatch.models import CloudWatchBackend
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.logs import models as logs_models
from moto.logs.models import LogGroup, LogsBackend, LogStream

ENDS = ["start_time", "end_time"]


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (LogsBackend.create_log_group, ["self", "log_group_name", "tags", "kwargs"]),
        (LogsBackend.ensure_log_group, ["self", "log_group_name"]),
        (LogsBackend.ensure_log_stream, ["self", "log_group_name", "log_stream_name"]),
        (LogsBackend.delete_log_group, ["self", "log_group_name"]),
        (LogsBackend.put_log_events, ["self", "log_group_name", "log_stream_name", "log_events"]),
        (LogsBackend.get_query_results, ["self", "query_id"]),
        (logs_models.execute_query, ["log_groups", "query", *ENDS]),
        (LogGroup.create_log_stream, ["self", "log_stream_name"]),
        (LogGroup.delete_log_stream, ["self", "log_stream_name"]),
        (LogGroup.put_log_events, ["self", "log_stream_name", "log_events"]),
        (LogGroup.set_retention_policy, ["self", "retention_in_days"]),
        (LogStream._send_log_events, ["self", "service", "destination_arn", "filter_name", "log_events"]),
        (CloudWatchBackend.put_metric_data, ["self", "namespace", "metric_data"]),
        (CloudWatchBackend.get_metric_data, ["self", "queries", *ENDS, "scan_by"]),
        (CloudWatchBackend.get_filtered_metrics, ["self", "metric_name", "namespace", "dimensions"]),
        (Table.get_item, ["self", "hash_key", "range_key", "projection_expression"]),
        (Table.delete_item, ["self", "hash_key", "range_key"]),
        (DynamoDBBackend.transact_write_items, ["self", "transact_items"]),
        (DynamoDBBackend.execute_statement, ["self", "statement", "parameters"]),
    ],
)
def test_methods_have_these_parameters(function, names):
    assert list(inspect.signature(function).parameters) == names


@pytest.mark.parametrize(
    ("function", "first"),
    [
        (LogsBackend.put_metric_filter, ["filter_name", "filter_pattern"]),
        (LogGroup.put_subscription_filter, ["filter_name", "filter_pattern"]),
        (LogGroup.filter_log_events, ["log_group_name", "log_stream_names", *ENDS]),
        (Table.put_item, ["item_attrs"]),
        (Table.query, ["hash_key", "range_comparison", "range_objs", "limit", "exclusive_start_key"]),
        (Table.scan, ["filters", "limit", "exclusive_start_key", "filter_expression", "index_name"]),
        (DynamoDBBackend.update_item, ["table_name", "key"]),
        (DynamoDBBackend.update_table, ["name"]),
    ],
)
def test_methods_begin_with_these_parameters(function, first):
    assert list(inspect.signature(function).parameters)[1 : len(first) + 1] == first


def test_moto_keeps_nothing_of_a_table_that_would_have_to_be_undone_beside_its_items():
    made = Table("t", "1", "us-east-1", [{"AttributeName": "p", "KeyType": "HASH"}], [NAMED])
    assert {"items", "stream_shard"} <= vars(made).keys()


NAMED = {"AttributeName": "p", "AttributeType": "S"}
