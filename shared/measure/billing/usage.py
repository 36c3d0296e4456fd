"""Counts what a run, or all runs of a team, used of what AWS bills."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml
from botocore.exceptions import ClientError

from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.measure.observed.trace import MapChildren, Trace
    from shared.run.report_line import Report

LEAST_EXPRESS = 0.1 * 64 / 1024
"""GB-seconds of the shortest express execution; aws.amazon.com/step-functions/pricing, read on 2026-11-29."""
_GB = 1 << 30
_FREE_STORAGE_MB = 512  # comes with every function


@dataclass(frozen=True, slots=True)
class Usage:
    """Amounts, under the names of prices.yaml: requests are counts, a GB-second is 1024 MB for a second.

    A GB of logs is 2^30 bytes, as AWS's bills count storage.
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

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Usage)))

    def shared_by(self, parts: int) -> Usage:
        """Return one of *parts* equal parts of it."""
        return Usage(*(getattr(self, each.name) / parts for each in fields(Usage)))


def used_by_functions(calls: Iterable[tuple[str, Report]], storage_mb: Mapping[str, int], ranks: int) -> Usage:
    """Return what invocations used.

    Args:
        calls: A function's key and a REPORT line for each invocation.
        storage_mb: The size of /tmp by function key; 512 where it is not given.
        ranks: How many ranks there are, for steps that read the results of every rank.
    """
    calls = list(calls)
    times = [(report.billed_ms / 1000, report.memory_mb, _more_storage(storage_mb, key)) for key, report in calls]
    wants = [_requests().get(key, {}) for key, _ in calls]
    return Usage(  # sums that are exact: the same in whatever order a view reads the invocations
        lambda_requests=len(calls),
        lambda_gb_seconds=math.fsum(seconds * size / 1024 for seconds, size, _ in times),
        storage_gb_seconds=math.fsum(seconds * more / 1024 for seconds, _, more in times),
        s3_puts=sum(each.get("puts", 0) for each in wants),
        s3_gets=sum(each.get("gets", 0) + ranks * each.get("getsPerRank", 0) for each in wants),
    )


def _more_storage(storage_mb: Mapping[str, int], key: str) -> int:
    return max(0, storage_mb.get(key, _FREE_STORAGE_MB) - _FREE_STORAGE_MB)


def used_by_states(trace: Trace) -> Usage:
    """Return what a run's state machine itself used: transitions, its log, and the services that it called by itself.

    An express child that no log shows counts as the average of those of its Map that one does; where it shows none, as
    the least that AWS bills for one: 100 ms of 64 MB.
    """
    called = [call for visit in trace.visits for call in visit.services]
    s3 = [action for service, action in called if service in {"s3", "aws-sdk:s3"}]
    tables = [action for service, action in called if service in {"dynamodb", "aws-sdk:dynamodb"}]
    puts = sum(action.lower().startswith(("put", "copy", "list", "create")) for action in s3)
    writes = sum(action.lower().startswith(("put", "update", "delete", "batchwrite")) for action in tables)
    return Usage(
        state_transitions=trace.transitions,
        **used_by_express(trace.maps),
        log_gb=trace.logged_bytes / _GB,
        s3_puts=puts,
        s3_gets=len(s3) - puts,
        dynamodb_writes=writes,
        dynamodb_reads=len(tables) - writes,
    )


def used_by_express(maps: Sequence[MapChildren]) -> dict[str, float]:
    """Return what the express children of *maps* used, by the names of :class:`Usage`."""
    express = [each for each in maps if each.express]
    return {
        "express_requests": sum(each.count for each in express),
        "express_gb_seconds": sum(map(_gb_seconds, express)),
    }


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


@cache
def _requests() -> Mapping[str, Mapping[str, int]]:
    read: Mapping[str, Mapping[str, int]] = yaml.safe_load(
        files("shared.measure.billing").joinpath("requests.yaml").read_text(encoding="utf-8")
    )
    return read
