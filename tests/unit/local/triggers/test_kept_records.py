"""How long streams keep records, and how functions still find those that they have not had."""

from datetime import timedelta
from types import SimpleNamespace

from moto.dynamodb.models.table import StreamShard
from moto.kinesis.models import Stream as KinesisStream
from moto.moto_api._internal import mock_random

from shared.local.triggers.stream_mappings import _OfKinesis, _OfTable, trim_kinesis, trim_table

TABLE = "arn:aws:dynamodb:us-east-1:1:table/t/stream/x"
STREAM = "arn:aws:kinesis:us-east-1:1:stream/s"


class Thing:
    """An item of a table."""

    hash_key = SimpleNamespace(to_json=lambda: {"S": "k"})

    def to_json(self):
        return {"Attributes": {"k": {"S": "k"}}}


def written(count):
    table = SimpleNamespace(
        hash_key_attr="k",
        range_key_attr=None,
        stream_specification={"StreamViewType": "KEYS_ONLY"},
        lambda_event_source_mappings={},
    )
    shard = StreamShard("1", table)
    for _ in range(count):
        shard.add(None, Thing())
    return shard


def age(item, hours):
    item.record["dynamodb"]["ApproximateCreationDateTime"] -= timedelta(hours=hours)


def test_a_tables_stream_keeps_a_day_and_numbers_go_on():
    shard = written(10)
    for item in shard.items[:7]:
        age(item, 25)
    trim_table(shard)
    shard.add(None, Thing())
    seen = _OfTable(TABLE, shard)
    assert len(shard.items) == 4
    assert [entry.number for entry in seen.after(-1, 100)] == [7, 8, 9, 10]
    assert [entry.number for entry in seen.after(8, 100)] == [9, 10]
    assert [int(entry.record["dynamodb"]["SequenceNumber"]) % 1000 for entry in seen.after(8, 1)] == [18]
    assert seen.last() == 10


def test_kinesis_keeps_what_is_not_too_old_and_the_last():
    mock_random.seed(1)
    stream = KinesisStream("s", 1, None, None, "1", "us-east-1")
    for _ in range(5):
        stream.put_record("p", "", "ZGF0YQ==")
    (shard,) = stream.shards.values()
    for record in list(shard.records.values())[:3]:
        record.created_at -= 25 * 3600
    trim_kinesis(stream)
    assert [entry.number for entry in _OfKinesis(STREAM, shard).after(0, 10)] == [4, 5]
    for record in shard.records.values():
        record.created_at -= 25 * 3600
    trim_kinesis(stream)
    stream.put_record("p", "", "ZGF0YQ==")
    assert [entry.number for entry in _OfKinesis(STREAM, shard).after(0, 10)] == [5, 6]
