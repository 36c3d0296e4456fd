"""Event source mappings of DynamoDB's and Kinesis' streams: what Lambda refuses, moto's shards, and what functions get.

moto 5.2 calls a function once for each change, with all changes before it again, and knows no order, no batches, no
limits and no filters. While installed, :mod:`streams` does it instead.

Source: AWS Lambda API Reference, CreateEventSourceMapping (read 2026-11-30, in botocore's model); AWS Lambda Developer
Guide, "Using AWS Lambda with Amazon DynamoDB" and "... with Amazon Kinesis" (in mind, not read again). All words of
refusals are from memory.
"""

from __future__ import annotations

import contextlib
import functools
import json
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import StreamShard
from moto.kinesis.models import Shard as KinesisShard
from moto.kinesis.models import Stream as KinesisStream
from moto.kinesis.models import kinesis_backends

from shared.local.arns import ACCOUNT, REGION, RESOURCE, SERVICE, queue_url
from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.seams import Seam, plugged
from shared.local.times import to_milliseconds
from shared.local.triggers.batches import event, failed
from shared.local.triggers.mapping_filters import filters_of, seen_of_kinesis
from shared.local.triggers.queues import find_queue
from shared.local.triggers.streams import Entry, StreamMapping, Tried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from moto.awslambda.models import EventSourceMapping

    from shared.local.asl.engine import InvokeLambda
    from shared.local.triggers.streams import Abandoned, Shard
    from shared.values import Json

    Given = dict[str, Any]  # the parameters of a call
    Clients = Callable[[str, str, str], Any]

_BATCH, _WINDOW, _MOST_RETRIES, _AGES = 10_000, 300, 10_000, (60, 604_800)
_STARTS = {"dynamodb": ("TRIM_HORIZON", "LATEST"), "kinesis": ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")}
_KEPT_OF_TABLES = timedelta(hours=24)  # DynamoDB Developer Guide, "Change data capture for DynamoDB Streams" (in mind)
FIRST_OF_TABLE = 1100000000017454423009
"""The number that moto gives to the first record of a table's stream."""

_written = threading.RLock()  # held while moto writes a record: it numbers them by how many there are


class NotHere(LambdaClientError):
    """AWS does this, and the embedded cloud does not."""

    code = 501

    def __init__(self, what: str) -> None:
        super().__init__("NotImplementedException", f"the embedded cloud has no {what}; leave it out, or try it on AWS")


def of_stream(arn: str) -> bool:
    """Say whether *arn* is one of a stream that functions can be given records of."""
    return arn.split(":")[SERVICE : SERVICE + 1] in (["dynamodb"], ["kinesis"])


@contextlib.contextmanager
def install(wake: Callable[[], None]) -> Iterator[None]:
    """Have moto's streams call no function, and call *wake* when a record was written, while the block lasts."""
    seams = (
        Seam(StreamShard, "add", functools.partial(_writing, wake, lambda shard: shard.table, trim_table)),
        Seam(KinesisStream, "put_record", functools.partial(_writing, wake, lambda stream: stream, trim_kinesis)),
    )
    with plugged(seams):
        yield


def _writing(
    wake: Callable[[], None],
    holder: Callable[[Any], Any],
    trim: Callable[[Any], None],
    original: Callable[..., object],
) -> Callable[..., object]:
    @functools.wraps(original)
    def write(self: Any, *args: object, **named: object) -> object:
        with _written:
            holder(self).lambda_event_source_mappings.clear()  # moto would call their functions now
            written = original(self, *args, **named)
            trim(self)
        wake()
        return written

    return write


def trim_table(shard: StreamShard) -> None:
    """Drop the records of a table's stream that are older than a day, as DynamoDB does."""
    kept_from = datetime.now(UTC).replace(tzinfo=None) - _KEPT_OF_TABLES
    gone = 0
    for item in shard.items:
        if item.record["dynamodb"]["ApproximateCreationDateTime"] > kept_from:
            break
        gone += 1
    del shard.items[:gone]
    shard.starting_sequence_number += gone  # moto numbers the next one from here


def trim_kinesis(stream: KinesisStream) -> None:
    """Drop the records of *stream* that are older than it keeps them, but for the last: moto numbers from that on."""
    kept_from = time.time() - stream.retention_period_hours * 3600
    for shard in stream.shards.values():
        while len(shard.records) > 1 and (oldest := next(iter(shard.records.values()))).created_at <= kept_from:
            del shard.records[oldest.sequence_number]


def check(arn: str, spec: Given, before: EventSourceMapping | None) -> None:
    """Refuse the mapping *spec* of the stream *arn*, or its change.

    Raises:
        NotHere: AWS would do it.
        InvalidParameterValueException: AWS would refuse it.
    """
    service = arn.split(":")[SERVICE]
    start = spec.get("StartingPosition") if before is None else before.starting_position
    size, window = spec.get("BatchSize") or 100, spec.get("MaximumBatchingWindowInSeconds") or 0
    retries, age = spec.get("MaximumRetryAttempts"), spec.get("MaximumRecordAgeInSeconds")
    destination = (spec.get("DestinationConfig") or {}).get("OnFailure", {}).get("Destination")
    if destination and destination.split(":")[SERVICE : SERVICE + 1] not in (["sqs"], ["sns"]):
        raise NotHere(f"destination {destination} of event source mappings: use a queue or a topic")
    starts = ", ".join(_STARTS[service])
    position = f"1 validation error detected: Value '{start}' at 'startingPosition' failed to satisfy constraint"
    problems = [
        (before is None and shards_of(arn) is None, f"Stream not found: {arn}"),
        (bool(spec.get("ScalingConfig")), "Unsupported parameter for a stream: ScalingConfig"),
        (start not in _STARTS[service], f"{position}: Member must satisfy enum value set: [{starts}]"),
        (start == "AT_TIMESTAMP" and not _since(spec, before), "AT_TIMESTAMP needs a StartingPositionTimestamp"),
        (not 1 <= size <= _BATCH, f"BatchSize {size} is not between 1 and {_BATCH}"),
        (not 0 <= window <= _WINDOW, f"MaximumBatchingWindowInSeconds {window} is not between 0 and {_WINDOW}"),
        (
            retries is not None and not -1 <= retries <= _MOST_RETRIES,
            f"MaximumRetryAttempts {retries} is not between -1 and {_MOST_RETRIES}",
        ),
        (
            age is not None and age != -1 and not _AGES[0] <= age <= _AGES[1],
            f"MaximumRecordAgeInSeconds {age} is not -1 or between {_AGES[0]} and {_AGES[1]}",
        ),
        (bool(destination) and ":sqs:" in destination and find_queue(destination) is None, f"no queue {destination}"),
    ]
    for wrong, what in problems:
        if wrong:
            raise InvalidParameterValueException(what)


def _since(spec: Given, before: EventSourceMapping | None) -> float:
    told = spec.get("StartingPositionTimestamp") or (before.starting_position_timestamp if before else None)
    return float(told) if told else 0.0


def read(held: EventSourceMapping) -> StreamMapping:
    """Return moto's mapping *held* as the poller knows it."""
    destination = (held.destination_config or {}).get("OnFailure", {}).get("Destination")
    return StreamMapping(
        uuid=held.uuid,
        stream=held.event_source_arn,
        function=held.function_arn,
        batch_size=held.batch_size,
        window=float(held.max_batch_window or 0),
        start=held.starting_position or "TRIM_HORIZON",
        start_time=_since({}, held) if held.starting_position == "AT_TIMESTAMP" else 0.0,
        reports_failures="ReportBatchItemFailures" in (held.function_response_types or ()),
        bisects=bool(held.bisect_on_error),
        max_retries=-1 if held.max_retry_attempts is None else held.max_retry_attempts,
        max_age=-1 if held.max_record_age is None else held.max_record_age,
        destination=destination or "",
        wanted=filters_of(held.filter_criteria),
    )


def shards_of(arn: str) -> list[Shard] | None:
    """Return the shards of the stream *arn*; None if there is no such stream."""
    parts = arn.split(":", RESOURCE)
    account, region, resource = parts[ACCOUNT], parts[REGION], parts[RESOURCE]
    if parts[SERVICE] == "kinesis":
        stream = kinesis_backends[account][region].streams.get(resource.removeprefix("stream/"))
        return None if stream is None else [_OfKinesis(arn, shard) for shard in list(stream.shards.values())]
    table = dynamodb_backends[account][region].tables.get(resource.split("/")[1])
    if table is None or table.stream_shard is None or table.latest_stream_label != resource.rpartition("/")[2]:
        return None
    return [_OfTable(arn, table.stream_shard)]


class _OfTable:
    """The one shard that moto's table has."""

    def __init__(self, arn: str, shard: StreamShard) -> None:
        self._arn = arn
        self._shard = shard
        self.id: str = shard.id

    def after(self, number: int, most: int) -> list[Entry]:
        with _written:
            trimmed = self._shard.starting_sequence_number - FIRST_OF_TABLE
            first = max(number + 1 - trimmed, 0)
            found = self._shard.items[first : first + most]
        return [self._entry(trimmed + place, item.to_json()) for place, item in enumerate(found, first)]

    def last(self) -> int:
        with _written:
            return int(self._shard.starting_sequence_number) - FIRST_OF_TABLE + len(self._shard.items) - 1

    def _entry(self, place: int, told: dict[str, Any]) -> Entry:
        inside = dict(told["dynamodb"])
        moment = inside["ApproximateCreationDateTime"]
        seconds = moment.replace(tzinfo=UTC).timestamp() if isinstance(moment, datetime) else float(moment)
        inside["ApproximateCreationDateTime"] = int(seconds)
        region = self._arn.split(":")[REGION]
        record: Json = told | {"dynamodb": inside, "awsRegion": region, "eventSourceARN": self._arn}
        return Entry(place, seconds, record, record)


class _OfKinesis:
    """One of a Kinesis stream's shards."""

    def __init__(self, arn: str, shard: KinesisShard) -> None:
        self._arn = arn
        self._shard = shard
        self.id: str = shard.shard_id

    def after(self, number: int, most: int) -> list[Entry]:
        with _written:
            found = [each for each in self._shard.records.values() if each.sequence_number > number][:most]
        return [self._entry(each) for each in found]

    def last(self) -> int:
        return int(self._shard.get_max_sequence_number())

    def _entry(self, held: Any) -> Entry:
        kinesis: dict[str, Json] = {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": held.partition_key,
            "sequenceNumber": str(held.sequence_number),
            "data": held.data,
            "approximateArrivalTimestamp": round(held.created_at, 3),
        }
        record: Json = {
            "kinesis": kinesis,
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{self.id}:{held.sequence_number}",
            "eventName": "aws:kinesis:record",
            "awsRegion": self._arn.split(":")[REGION],
            "eventSourceARN": self._arn,
        }
        return Entry(held.sequence_number, held.created_at, record, seen_of_kinesis(kinesis))


def number_of(entry: Entry) -> str:
    """Return the sequence number in the record of *entry*."""
    record = entry.record if isinstance(entry.record, dict) else {}
    part = record.get("dynamodb") or record.get("kinesis")
    told = part if isinstance(part, dict) else {}
    return str(told.get("SequenceNumber") or told.get("sequenceNumber"))


def give(invoke: InvokeLambda, role: str, mapping: StreamMapping, batch: Sequence[Entry]) -> Tried:
    """Give *batch* to the function of *mapping*, which has this *role*; return what became of it."""
    records = [_invoked_as(role, entry.record) for entry in batch]
    try:
        answer = invoke(mapping.function, event(records))
    except InvokeRefusedError:
        return Tried(0)
    told = answer.request_id, answer.function_error or "", answer.version
    if answer.function_error:
        return Tried(0, *told)
    names = [number_of(entry) for entry in batch]
    wrong = failed(names, answer.payload, reports_failures=mapping.reports_failures)
    return Tried(next((place for place, name in enumerate(names) if name in wrong), None), *told)


def _invoked_as(role: str, record: Json) -> Json:
    kinesis = isinstance(record, dict) and "kinesis" in record
    return record | {"invokeIdentityArn": role} if kinesis and isinstance(record, dict) else record


def tell(clients: Clients, role: str, gone: Abandoned, now: datetime) -> None:
    """Tell the destination of a mapping, with the function's *role*, what was given up.

    Raises:
        ClientError, BotoCoreError: It could not be told.
    """
    to = gone.mapping.destination
    parts = to.split(":")
    client = clients(parts[SERVICE], parts[REGION], role)
    text = json.dumps(_told(gone, now))
    if parts[SERVICE] == "sns":
        client.publish(TopicArn=to, Message=text)
    else:
        client.send_message(QueueUrl=queue_url(to), MessageBody=text)


def _told(gone: Abandoned, now: datetime) -> Mapping[str, Json]:
    mapping, tried, batch = gone.mapping, gone.tried, gone.batch
    kind = "KinesisBatchInfo" if mapping.stream.split(":")[SERVICE] == "kinesis" else "DDBStreamBatchInfo"
    context: dict[str, Json] = {"statusCode": 200, "executedVersion": tried.version}
    return {
        "requestContext": {
            "requestId": tried.request_id or str(uuid.uuid4()),
            "functionArn": mapping.function,
            "condition": gone.condition,
            "approximateInvokeCount": gone.tries,
        },
        "responseContext": context | ({"functionError": tried.error} if tried.error else {}),
        "version": "1.0",
        "timestamp": to_milliseconds(now),
        kind: {
            "shardId": gone.shard,
            "startSequenceNumber": number_of(batch[0]),
            "endSequenceNumber": number_of(batch[-1]),
            "approximateArrivalOfFirstRecord": to_milliseconds(datetime.fromtimestamp(batch[0].time, UTC)),
            "approximateArrivalOfLastRecord": to_milliseconds(datetime.fromtimestamp(batch[-1].time, UTC)),
            "batchSize": len(batch),
            "streamArn": mapping.stream,
        },
    }


UNTOLD = (ClientError, BotoCoreError)
"""What :func:`tell` raises."""
