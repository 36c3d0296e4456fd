"""Event source mappings of queues: what Lambda refuses, what is refused here by name, and who polls.

moto 5.2 takes any mapping, calls the function while SendMessage waits, gives it made-up attributes of one message after
the other, and knows neither windows nor partial answers. While installed, :mod:`poller` does it instead. What concerns
streams is in :mod:`stream_mappings`.

Source: AWS Lambda API Reference, CreateEventSourceMapping (read 2026-11-30, in botocore's model); AWS Lambda Developer
Guide, "Creating and configuring an Amazon SQS event source mapping" and "Lambda parameters for Amazon SQS event source
mappings" (read 2026-11-30). The words about visibility, about windows and about a mapping that is there already are
those in github-aws-runners/terraform-aws-github-runner issue 465, serverless/serverless issue 8989 and aws/chalice
issue 2146; all other words are from memory, not looked up.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import EventSourceMapping, LambdaBackend, lambda_backends
from moto.awslambda.utils import get_backend

from shared.local.arns import ACCOUNT, REGION, SERVICE
from shared.local.enforcement.reads import FROM_QUEUE, FROM_STREAM, FROM_TABLE
from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.lambda_runtime.lineage import RECURSIVE, having, merged, too_often
from shared.local.seams import Seam, plugged, then
from shared.local.triggers import queues, stream_mappings
from shared.local.triggers.batches import event, failed, record
from shared.local.triggers.mapping_filters import filters_of, seen_of_message
from shared.local.triggers.poller import BATCHES_AT_ONCE, Mapping, Poller
from shared.local.triggers.stream_mappings import NotHere, of_stream
from shared.local.triggers.streams import StreamPoller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from moto.sqs.models import Queue

    from shared.local.asl.engine import InvokeLambda
    from shared.local.asl.scheduler import Scheduler
    from shared.local.enforcement.gate import Gate
    from shared.local.ledger import Ledger
    from shared.local.triggers.stream_mappings import Clients
    from shared.local.triggers.streams import Abandoned, Entry, Shard, StreamMapping, Tried

    Given = dict[str, Any]  # the parameters of a call

_log = logging.getLogger(__name__)
_BATCH, _UNWINDOWED_BATCH, _WINDOW = 10_000, 10, 300
_AT_ONCE = (2, 1_000)
# What AWS has for streams and other sources only.
_OF_STREAMS = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
)


class ResourceConflict(LambdaClientError):
    """There is such a mapping already."""

    code = 409

    def __init__(self, before: EventSourceMapping) -> None:
        super().__init__(
            "ResourceConflictException",
            f'An event source mapping with SQS arn (" {before.event_source_arn} ") and function '
            f'(" {before.function_name} ") already exists. Please update or delete the existing mapping with UUID '
            f"{before.uuid}",
        )


class Mappings:
    """Polls for the mappings that moto holds.

    Args:
        scheduler: Gives time and threads.
        invoke: Calls a function, by its ARN, and waits.
        gate: Decides what a function's role may read.
        clients: Makes the clients of roles.
        ledger: Notes how far streams were read.
    """

    def __init__(
        self, scheduler: Scheduler, invoke: InvokeLambda, gate: Gate, clients: Clients, ledger: Ledger | None = None
    ) -> None:
        self._scheduler = scheduler
        self._invoke = invoke
        self._gate = gate
        self._clients = clients
        self.poller = Poller(scheduler, _enabled, self._source, self._work)
        self.streams = StreamPoller(scheduler, _enabled_streams, self._shards, self._give, self._abandon, ledger=ledger)

    def wake(self) -> None:
        """Look at all queues and streams soon."""
        self.poller.wake()
        self.streams.wake()

    def stop(self) -> None:
        """Begin no more batches."""
        self.poller.stop()
        self.streams.stop()

    @contextlib.contextmanager
    def install(self) -> Iterator[None]:
        """Take moto's place while the block lasts."""
        changes = ("create_event_source_mapping", "update_event_source_mapping")
        later = ("create_function", "add_permission", "put_function_concurrency")
        seams = [
            *(Seam(LambdaBackend, name, functools.partial(_checked, self._changed)) for name in changes),
            *(Seam(LambdaBackend, name, functools.partial(then, self.wake)) for name in later),
            Seam(LambdaBackend, "delete_event_source_mapping", self._forgetting),
        ]
        with queues.install(self.poller.wake), stream_mappings.install(self.streams.wake), plugged(seams):
            yield

    def _changed(self, held: EventSourceMapping | None) -> None:
        if held is not None and held.enabled and of_stream(held.event_source_arn):
            self.streams.begin(stream_mappings.read(held))
        self.wake()

    def _forgetting(self, original: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(original)
        def delete(backend: LambdaBackend, uuid: str) -> object:
            gone = original(backend, uuid)
            self.poller.forget(uuid)
            self.streams.forget(uuid)
            return gone

        return delete

    def _shards(self, mapping: StreamMapping) -> list[Shard] | None:
        role = _role(mapping.function)
        reads = FROM_STREAM if mapping.stream.split(":")[SERVICE] == "kinesis" else FROM_TABLE
        may = role is not None and all(self._gate.may(role, "lambda-poller", each, mapping.stream) for each in reads)
        return stream_mappings.shards_of(mapping.stream) if may else None

    def _give(self, mapping: StreamMapping, batch: Sequence[Entry]) -> Tried:
        return stream_mappings.give(self._invoke, _role(mapping.function) or "", mapping, batch)

    def _abandon(self, gone: Abandoned) -> None:
        _log.warning("%s gives up a batch of %s: %s", gone.mapping.function, gone.mapping.stream, gone.condition)
        role = _role(gone.mapping.function)
        if gone.mapping.destination and role:
            now = datetime.fromtimestamp(self._scheduler.now(), UTC)
            try:
                stream_mappings.tell(self._clients, role, gone, now)
            except stream_mappings.UNTOLD as error:
                _log.warning("nor could that be told to %s: %s", gone.mapping.destination, error)

    def _source(self, mapping: Mapping) -> queues.PolledQueue | None:
        queue = queues.find_queue(mapping.queue)
        role = _role(mapping.function)
        if queue is None or role is None:
            return None
        may = all(self._gate.may(role, "lambda-poller", action, mapping.queue) for action in FROM_QUEUE)
        return queues.PolledQueue(queue) if may else None

    def _work(self, mapping: Mapping, messages: Sequence[Any]) -> set[str]:
        region = mapping.queue.split(":")[REGION]
        lineages = {message.id: str(getattr(message, "lineage", "")) for message in messages}
        looped = {name for name, lineage in lineages.items() if too_often(lineage, mapping.function)}
        if len(looped) == len(messages):
            looped = set()  # so that the call is made, refused, and told of
        records = {each.id: record(each, mapping.queue, region) for each in messages if each.id not in looped}
        records = {name: each for name, each in records.items() if mapping.wanted(seen_of_message(each))}
        ids = set(records)
        if not records:
            return looped
        try:
            with having(merged(lineages[name] for name in ids)):
                answer = self._invoke(mapping.function, event(list(records.values())))
        except InvokeRefusedError as refusal:
            if refusal.code != RECURSIVE:  # which the runtime tells of, once
                _log.warning("%s got no batch of %s: %s", mapping.function, mapping.queue, refusal.what)
            return ids | looped
        if answer.function_error:
            return ids | looped
        return looped | failed(ids, answer.payload, reports_failures=mapping.reports_failures)


def _enabled() -> list[Mapping]:
    """Return the mappings of queues that are enabled, of all regions."""
    found = []
    for account in list(lambda_backends.values()):
        for backend in list(account.values()):
            found += [_read(each) for each in _held(backend) if each.enabled and _of_queue(each.event_source_arn)]
    return found


def _enabled_streams() -> list[StreamMapping]:
    """Return the mappings of streams that are enabled, of all regions."""
    held = [each for account in list(lambda_backends.values()) for b in list(account.values()) for each in _held(b)]
    return [stream_mappings.read(each) for each in held if each.enabled and of_stream(each.event_source_arn)]


def _held(backend: LambdaBackend) -> list[EventSourceMapping]:
    return list(backend.list_event_source_mappings("", ""))


def _of_queue(arn: str) -> bool:
    return arn.split(":")[SERVICE : SERVICE + 1] == ["sqs"]


def _read(held: EventSourceMapping) -> Mapping:
    most = (held.scaling_config or {}).get("MaximumConcurrency") or BATCHES_AT_ONCE
    return Mapping(
        uuid=held.uuid,
        queue=held.event_source_arn,
        function=held.function_arn,
        batch_size=held.batch_size,
        window=float(held.max_batch_window or 0),
        at_once=min(most, BATCHES_AT_ONCE),
        reports_failures="ReportBatchItemFailures" in (held.function_response_types or ()),
        wanted=filters_of(held.filter_criteria),
    )


def _role(function: str) -> str | None:
    account, region = function.split(":")[ACCOUNT], function.split(":")[REGION]
    found = get_backend(account, region).get_function_by_arn(function)
    return found.role if found else None


def _checked(
    changed_to: Callable[[EventSourceMapping | None], None], original: Callable[..., EventSourceMapping | None]
) -> Callable[..., EventSourceMapping | None]:
    """Wrap the making or the change of a mapping: what AWS would refuse is refused before anything."""
    updates = original.__name__.startswith("update")

    @functools.wraps(original)
    def change(self: LambdaBackend, *args: Any, **named: Any) -> EventSourceMapping | None:
        spec: Given = named["spec"] if "spec" in named else args[-1]
        before = self.get_event_source_mapping(named.get("uuid") or args[0]) if updates else None
        arn = before.event_source_arn if before else spec.get("EventSourceArn")
        filters_of(spec.get("FilterCriteria"))
        if isinstance(arn, str) and _of_queue(arn):
            _check(self, arn, spec, before)
        elif isinstance(arn, str) and of_stream(arn):
            stream_mappings.check(arn, spec, before)
        elif arn:
            raise NotHere(f"event source mapping of {arn}")
        changed = original(self, *args, **named)
        if changed is not None and spec.get("FunctionName"):
            changed.function_arn = _qualified(self, spec["FunctionName"])
        changed_to(changed)
        return changed

    return change


def _qualified(backend: LambdaBackend, name: str) -> str:
    """Return the ARN of the function called *name*, with the qualifier that the name has."""
    function = backend.get_function(name)
    qualifier = name.rpartition(":function:")[2].partition(":")[2]
    arn = ":".join(function.function_arn.split(":")[:7])
    return f"{arn}:{qualifier}" if qualifier else arn


def _check(backend: LambdaBackend, arn: str, spec: Given, before: EventSourceMapping | None) -> None:
    """Refuse the mapping *spec* of the queue *arn*, or its change.

    Raises:
        NotHere: AWS would do it.
        InvalidParameterValueException: AWS would refuse it.
        ResourceConflict: There is one.
    """
    if arn.endswith(".fifo"):
        raise NotHere("event source mapping of FIFO queues")
    foreign = sorted(name for name in _OF_STREAMS if spec.get(name))
    if foreign:
        raise InvalidParameterValueException(f"Unsupported parameter for SQS event source: {', '.join(foreign)}")
    _check_numbers(spec, before)
    queue = queues.find_queue(arn)
    if queue is None:
        raise InvalidParameterValueException(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist."
        )
    function = backend.get_function(spec.get("FunctionName") or (before.function_arn if before else ""))
    _check_visibility(queue, int(function.timeout))
    own = (
        _qualified(backend, spec["FunctionName"])
        if spec.get("FunctionName")
        else (before.function_arn if before else "")
    )
    for other in _held(backend):
        same = (other.event_source_arn, other.function_arn) == (arn, own)
        if same and (before is None or other.uuid != before.uuid):
            raise ResourceConflict(other)


def _check_numbers(spec: Given, before: EventSourceMapping | None) -> None:
    size = spec.get("BatchSize") or (before.batch_size if before else 10)
    window = spec.get("MaximumBatchingWindowInSeconds")
    window = (before.max_batch_window if before else 0) or 0 if window is None else window
    most = (spec.get("ScalingConfig") or {}).get("MaximumConcurrency")
    unknown = set(spec.get("FunctionResponseTypes") or ()) - {"ReportBatchItemFailures"}
    problems = [
        (not 1 <= size <= _BATCH, f"BatchSize {size} is not between 1 and {_BATCH}"),
        (not 0 <= window <= _WINDOW, f"MaximumBatchingWindowInSeconds {window} is not between 0 and {_WINDOW}"),
        (
            size > _UNWINDOWED_BATCH and not window,
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ),
        (
            most is not None and not _AT_ONCE[0] <= most <= _AT_ONCE[1],
            f"MaximumConcurrency {most} is not between {_AT_ONCE[0]} and {_AT_ONCE[1]}",
        ),
        (bool(unknown), f"unknown FunctionResponseTypes: {', '.join(sorted(unknown))}"),
    ]
    for wrong, what in problems:
        if wrong:
            raise InvalidParameterValueException(what)


def _check_visibility(queue: Queue, timeout: int) -> None:
    if queue.visibility_timeout < timeout:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than Function timeout: {timeout} "
            "seconds"
        )
