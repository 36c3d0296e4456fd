"""Counts what a run, or all runs of a team, used of what AWS bills."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.measure.billing.requests import summed, used_by_requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.measure.observed.trace import MapChildren, Trace
    from shared.run.report_line import Report

LEAST_EXPRESS = 0.1 * 64 / 1024
"""GB-seconds of the shortest express execution; aws.amazon.com/step-functions/pricing, read on 2026-11-29."""
_GB = 1 << 30
_FREE_STORAGE_MB = 512  # comes with every function
_BOTOCORE = {"states": "stepfunctions", "sfn": "stepfunctions", "eventbridge": "events"}  # what states call otherwise


@dataclass(frozen=True, slots=True)
class Usage:
    """Amounts, under the names of prices.yaml: requests are counts, a GB-second is 1024 MB for a second.

    A GB of logs is 2^30 bytes, as AWS's bills count storage.

    Attributes:
        untold: Invocations whose requests nobody counted. It has no price.
        unpriced: Requests that have no price, by ``service:Operation``, in order of their names.
    """

    lambda_requests: float = 0
    lambda_gb_seconds: float = 0
    storage_gb_seconds: float = 0
    state_transitions: float = 0
    express_requests: float = 0
    express_gb_seconds: float = 0
    log_gb: float = 0
    s3_puts: float = 0
    s3_gets: float = 0
    dynamodb_writes: float = 0
    dynamodb_reads: float = 0
    sqs_requests: float = 0
    sns_requests: float = 0
    events: float = 0
    secrets_requests: float = 0
    kms_requests: float = 0
    untold: float = 0
    unpriced: tuple[tuple[str, float], ...] = ()

    def __add__(self, other: Usage) -> Usage:
        added: dict[str, Any] = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        return Usage(**added, unpriced=summed([*self.unpriced, *other.unpriced]))

    def shared_by(self, parts: int) -> Usage:
        """Return one of *parts* equal parts of it."""
        shared: dict[str, Any] = {name: getattr(self, name) / parts for name in _COUNTS}
        return Usage(**shared, unpriced=tuple((name, count / parts) for name, count in self.unpriced))

    def priced(self) -> dict[str, float]:
        """Return the amounts that have a price, by its name, also those of which there are none."""
        return {name: getattr(self, name) for name in _COUNTS if name != "untold"}


_COUNTS = tuple(each.name for each in fields(Usage) if each.name != "unpriced")


def used_by_functions(calls: Iterable[tuple[str, Report]], storage_mb: Mapping[str, int]) -> Usage:
    """Return what invocations used.

    Args:
        calls: A function's key and a REPORT line for each invocation.
        storage_mb: The size of /tmp by function key; 512 where it is not given.
    """
    calls = list(calls)
    times = [(report.billed_ms / 1000, report.memory_mb, _more_storage(storage_mb, key)) for key, report in calls]
    return Usage(  # sums that are exact: the same in whatever order a view reads the invocations
        lambda_requests=len(calls),
        lambda_gb_seconds=math.fsum(seconds * size / 1024 for seconds, size, _ in times),
        storage_gb_seconds=math.fsum(seconds * more / 1024 for seconds, _, more in times),
        **asked_by_functions(report for _, report in calls),
    )


def asked_by_functions(reports: Iterable[Report]) -> Mapping[str, Any]:
    """Return what invocations asked of AWS's services, by the names of :class:`Usage`."""
    counts = [report.requests for report in reports]
    told = used_by_requests(pair for each in counts if each is not None for pair in each.items())
    return {**told, "untold": sum(each is None for each in counts)}


def _more_storage(storage_mb: Mapping[str, int], key: str) -> int:
    return max(0, storage_mb.get(key, _FREE_STORAGE_MB) - _FREE_STORAGE_MB)


def used_by_states(trace: Trace) -> Usage:
    """Return what a run's state machine itself used: transitions, its log, and the services that it called by itself.

    An express child that no log shows counts as the average of those of its Map that one does; where it shows none, as
    the least that AWS bills for one: 100 ms of 64 MB.
    """
    called = [(_asked(*call), 1.0) for visit in trace.visits for call in visit.services]
    own = Usage(state_transitions=trace.transitions, log_gb=trace.logged_bytes / _GB, **used_by_requests(called))
    return own + used_by_express(trace.maps)


def _asked(service: str, action: str) -> str:
    """Return what a state called, as ``service:Operation``: histories tell of ``aws-sdk:s3`` and ``putObject``."""
    name = service.removeprefix("aws-sdk:")
    return f"{_BOTOCORE.get(name, name)}:{action[:1].upper()}{action[1:]}"


def used_by_express(maps: Sequence[MapChildren]) -> Usage:
    """Return what the express children of *maps* used."""
    express = [each for each in maps if each.express]
    return Usage(
        express_requests=sum(each.count for each in express), express_gb_seconds=sum(map(_gb_seconds, express))
    )


def _gb_seconds(children: MapChildren) -> float:
    """Return what express *children* are billed for."""
    if not children.logged:
        return children.count * LEAST_EXPRESS
    return children.gb_seconds * children.count / children.logged


def used_by_logs(logged_bytes: float) -> Usage:
    """Return what so many bytes of functions' logs used, as CloudWatch counts them."""
    return Usage(log_gb=logged_bytes / _GB)


def saved_by_express(trace: Trace) -> Usage:
    """Return what the run of *trace* would have used more, or less, had its standard children been express ones."""
    below = trace.below
    return Usage(
        state_transitions=-below.transitions,
        express_requests=trace.children,
        express_gb_seconds=below.gb_seconds,
    )


def storage_sizes(aws: Aws, names: Mapping[str, str]) -> dict[str, int]:
    """Return the size of /tmp of each deployed function in MB, by key. *names* has the function's name by key."""
    sizes = {}
    for key, name in names.items():
        try:
            told = aws.lambda_.get_function_configuration(FunctionName=name)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            continue
        sizes[key] = told.get("EphemeralStorage", {}).get("Size", _FREE_STORAGE_MB)
    return sizes
