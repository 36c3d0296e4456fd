"""What the triggers replace and use of moto: a release that changes it must not go unnoticed."""

import inspect

import pytest
from moto.awslambda.models import EventSourceMapping, LambdaBackend, LambdaStorage
from moto.dynamodb.models.table import StreamShard, Table
from moto.events.models import EventsBackend, Rule
from moto.events.responses import EventsHandler
from moto.kinesis.models import Shard as KinesisShard
from moto.kinesis.models import Stream as KinesisStream
from moto.s3 import models as s3_models
from moto.s3 import notifications
from moto.s3.models import FakeBucket, FakeKey, Notification, S3Backend
from moto.s3.responses import S3Response
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule
from moto.scheduler.responses import EventBridgeSchedulerResponse
from moto.sns.models import Subscription
from moto.sqs.models import Message, Queue, SQSBackend

from shared.local.triggers.stream_mappings import FIRST_OF_TABLE


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (notifications.send_event, ["account_id", "event_name", "bucket", "key"]),
        (notifications.send_test_event, ["account_id", "bucket"]),
        (FakeBucket.set_notification_configuration, ["self", "notification_config"]),
        (S3Backend._set_delete_marker, ["self", "bucket_name", "key_name"]),
        (S3Response.put_object, ["self"]),
        (S3Response.copy_object, ["self"]),
        (Queue.add_message, ["self", "message"]),
        (Queue.delete_message, ["self", "receipt_handle"]),
        (Message.mark_received, ["self", "visibility_timeout"]),
        (SQSBackend.purge_queue, ["self", "queue_name"]),
        (SQSBackend.change_message_visibility, ["self", "queue_name", "receipt_handle", "visibility_timeout"]),
        (LambdaBackend.create_event_source_mapping, ["self", "spec"]),
        (LambdaBackend.update_event_source_mapping, ["self", "uuid", "spec"]),
        (LambdaBackend.list_event_source_mappings, ["self", "event_source_arn", "function_name"]),
        (EventBridgeSchedulerBackend.delete_schedule, ["self", "group_name", "name"]),
        (EventBridgeSchedulerBackend.create_schedule_group, ["self", "name", "tags"]),
        (EventBridgeSchedulerBackend.delete_schedule_group, ["self", "name"]),
        (EventBridgeSchedulerResponse.update_schedule, ["self"]),
        (EventsBackend.put_events, ["self", "events"]),
        (EventsBackend.put_targets, ["self", "name", "event_bus_arn", "targets"]),
        (EventsBackend.delete_rule, ["self", "name", "event_bus_arn"]),
        (EventsBackend.enable_rule, ["self", "name", "event_bus_arn"]),
        (EventsHandler.test_event_pattern, ["self"]),
        (StreamShard.add, ["self", "old", "new"]),
        (KinesisStream.put_record, ["self", "partition_key", "explicit_hash_key", "data"]),
        (LambdaStorage.publish_version, ["self", "name_or_arn", "description"]),
        (LambdaBackend.delete_function, ["self", "function_name", "qualifier"]),
    ],
)
def test_methods_have_these_parameters(function, names):
    assert list(inspect.signature(function).parameters) == names


def test_a_schedule_is_made_and_changed_with_these():
    made = inspect.signature(EventBridgeSchedulerBackend.create_schedule).parameters
    changed = inspect.signature(EventBridgeSchedulerBackend.update_schedule).parameters
    assert set(made) - set(changed) == {"action_after_completion"}
    used = {"name", "group_name", "schedule_expression", "schedule_expression_timezone", "start_date", "end_date"}
    assert used | {"flexible_time_window", "target", "state", "kms_key_arn"} <= set(changed)
    assert set(inspect.signature(Schedule).parameters) >= used


def test_a_queue_keeps_its_messages_under_a_lock_that_its_holder_may_take_again():
    queue = Queue("q", "us-east-1", "123456789012")
    with queue._messages_lock, queue._messages_lock:
        assert queue._messages == []
    assert queue.pending_messages == set()
    assert queue.deleted_messages == set()
    assert (queue.visibility_timeout, queue.message_retention_period, queue.delay_seconds) == (30, 345_600, 0)
    assert queue.lambda_event_source_mappings == {}
    assert queue.dead_letter_queue is None
    message = Message("id", "hello")
    assert (message.visible_at, message.delayed_until, message.receipt_handle) == (0.0, 0.0, None)


def test_a_mapping_has_these():
    given = {"RegionName": "us-east-1", "AccountId": "1", "FunctionName": "f", "FunctionArn": "arn:f"}
    mapping = EventSourceMapping({**given, "EventSourceArn": "arn:aws:sqs:us-east-1:1:q"})
    assert (mapping.batch_size, mapping.enabled, mapping.function_arn) == (10, True, "arn:f")
    assert mapping.max_batch_window is mapping.scaling_config is mapping.function_response_types is None


def test_a_notification_has_these():
    notification = Notification("arn:q", ["s3:ObjectCreated:*"], {"S3Key": {"FilterRule": []}}, "ours")
    assert (notification.id, notification.arn, notification.events) == ("ours", "arn:q", ["s3:ObjectCreated:*"])
    assert notification.filters == {"S3Key": {"FilterRule": []}}


def test_an_object_keeps_its_content_and_its_lock_under_these_names():
    key = FakeKey("k", b"content", "123456789012", "us-east-1")
    key._value_buffer.seek(0)
    assert key._value_buffer.read() == b"content"
    with key.lock:
        assert set(vars(key)) >= {"lock", "_value_buffer"}


def test_a_rule_keeps_what_it_was_made_of():
    assert {"name", "event_pattern", "scheduled_expression", "state"} <= set(
        inspect.signature(EventsBackend.put_rule).parameters
    )
    rule = Rule("r", "1", "us-east-1", None, '{"source": ["s"]}', "rate(1 hour)", None, "default", None)
    assert (rule.event_pattern.dump(), rule.scheduled_expression, rule.state) == (
        '{"source": ["s"]}',
        "rate(1 hour)",
        "ENABLED",
    )
    assert rule.targets == []
    assert callable(s3_models.events_send_notification)


def test_a_stream_keeps_its_records_under_these_names():
    shard = KinesisShard(0, 0, 1)
    shard.put_record("p", "ZGF0YQ==", "")
    (record,) = shard.records.values()
    assert (record.sequence_number, record.partition_key, record.data) == (1, "p", "ZGF0YQ==")
    assert record.created_at > 0
    assert shard.get_max_sequence_number() == 1
    stream = KinesisStream("s", 1, None, None, "1", "us-east-1")
    assert {"lambda_event_source_mappings", "shards"} <= vars(stream).keys()
    assert stream.retention_period_hours == 24
    assert "stream_shard" in inspect.getsource(Table.__init__)
    assert StreamShard("1", None).starting_sequence_number == FIRST_OF_TABLE


def test_a_topic_tells_a_subscription_so():
    assert list(inspect.signature(Subscription.publish).parameters)[:5] == [
        "self",
        "message",
        "message_id",
        "subject",
        "message_attributes",
    ]
