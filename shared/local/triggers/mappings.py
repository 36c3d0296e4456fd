"""Event source mappings of queues: what Lambda refuses, what is refused here by name, and who polls.

moto 5.2 takes any mapping, calls the function while SendMessage waits, gives it made-up attributes of one message after
the other, and knows neither windows nor partial answers. While installed, :mod:`poller` does it instead. Mappings of
streams stay moto's.

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
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import EventSourceMapping, LambdaBackend, lambda_backends
from moto.awslambda.utils import get_backend

from shared.local.enforcement.reads import FROM_QUEUE
from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.seams import Seam, plugged, then
from shared.local.triggers import queues
from shared.local.triggers.batches import event, failed, record
from shared.local.triggers.poller import BATCHES_AT_ONCE, Mapping, Poller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from moto.sqs.models import Queue

    from shared.local.asl.engine import InvokeLambda
    from shared.local.asl.scheduler import Scheduler
    from shared.local.enforcement.gate import Gate

    Given = dict[str, Any]  # the parameters of a call

_log = logging.getLogger(__name__)
_REGION = 3  # its position in an ARN, from 0
_BATCH, _UNWINDOWED_BATCH, _WINDOW = 10_000, 10, 300
_AT_ONCE = (2, 1_000)
# What AWS has for queues and is not done here.
_NOT_HERE = ("FilterCriteria", "KMSKeyArn", "MetricsConfig", "ProvisionedPollerConfig")
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


class NotHere(LambdaClientError):
    """AWS does this, and the embedded cloud does not."""

    code = 501

    def __init__(self, what: str) -> None:
        super().__init__("NotImplementedException", f"the embedded cloud has no {what}; leave it out, or try it on AWS")


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
    """Polls for the mappings of queues that moto holds.

    Args:
        scheduler: Gives time and threads.
        invoke: Calls a function, by its ARN, and waits.
        gate: Decides what a function's role may read.
    """

    def __init__(self, scheduler: Scheduler, invoke: InvokeLambda, gate: Gate) -> None:
        self._invoke = invoke
        self._gate = gate
        self.poller = Poller(scheduler, _enabled, self._source, self._work)

    @contextlib.contextmanager
    def install(self) -> Iterator[None]:
        """Take moto's place while the block lasts."""
        wake = self.poller.wake
        changes = ("create_event_source_mapping", "update_event_source_mapping")
        later = ("create_function", "add_permission", "put_function_concurrency")
        seams = [
            *(Seam(LambdaBackend, name, functools.partial(_checked, wake)) for name in changes),
            *(Seam(LambdaBackend, name, functools.partial(then, wake)) for name in later),
        ]
        with queues.install(wake), plugged(seams):
            yield

    def _source(self, mapping: Mapping) -> queues.PolledQueue | None:
        queue = queues.find_queue(mapping.queue)
        role = _role(mapping.function)
        if queue is None or role is None:
            return None
        may = all(self._gate.may(role, "lambda-poller", action, mapping.queue) for action in FROM_QUEUE)
        return queues.PolledQueue(queue) if may else None

    def _work(self, mapping: Mapping, messages: Sequence[Any]) -> set[str]:
        ids = {message.id for message in messages}
        region = mapping.queue.split(":")[_REGION]
        try:
            answer = self._invoke(
                mapping.function, event([record(message, mapping.queue, region) for message in messages])
            )
        except InvokeRefusedError as refusal:
            _log.warning("%s got no batch of %s: %s", mapping.function, mapping.queue, refusal.what)
            return ids
        if answer.function_error:
            return ids
        return failed(ids, answer.payload, reports_failures=mapping.reports_failures)


def _enabled() -> list[Mapping]:
    """Return the mappings of queues that are enabled, of all regions."""
    found = []
    for account in list(lambda_backends.values()):
        for backend in list(account.values()):
            found += [_read(each) for each in _held(backend) if each.enabled and _of_queue(each.event_source_arn)]
    return found


def _held(backend: LambdaBackend) -> list[EventSourceMapping]:
    return list(backend.list_event_source_mappings("", ""))


def _of_queue(arn: str) -> bool:
    return arn.split(":")[2:3] == ["sqs"]


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
    )


def _role(function: str) -> str | None:
    account, region = function.split(":")[4], function.split(":")[_REGION]
    found = get_backend(account, region).get_function_by_arn(function)
    return found.role if found else None


def _checked(
    wake: Callable[[], None], original: Callable[..., EventSourceMapping | None]
) -> Callable[..., EventSourceMapping | None]:
    """Wrap the making or the change of a mapping: what AWS would refuse of a queue's is refused before anything."""
    updates = original.__name__.startswith("update")

    @functools.wraps(original)
    def change(self: LambdaBackend, *args: Any, **named: Any) -> EventSourceMapping | None:
        spec: Given = named["spec"] if "spec" in named else args[-1]
        before = self.get_event_source_mapping(named.get("uuid") or args[0]) if updates else None
        arn = before.event_source_arn if before else spec.get("EventSourceArn")
        if isinstance(arn, str) and _of_queue(arn):
            _check(self, arn, spec, before)
        changed = original(self, *args, **named)
        wake()
        return changed

    return change


def _check(backend: LambdaBackend, arn: str, spec: Given, before: EventSourceMapping | None) -> None:
    """Refuse the mapping *spec* of the queue *arn*, or its change.

    Raises:
        NotHere: AWS would do it.
        InvalidParameterValueException: AWS would refuse it.
        ResourceConflict: There is one.
    """
    for name in _NOT_HERE:
        if spec.get(name):
            raise NotHere(f"{name} of event source mappings")
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
    for other in _held(backend):
        same = (other.event_source_arn, other.function_arn) == (arn, function.function_arn)
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
