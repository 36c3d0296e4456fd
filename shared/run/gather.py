"""Gathers what a finished execution left behind: a row for each rank, throughput, its output, or why it failed."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.run.failure import Failure, find_failure, find_invocation
from shared.run.log_tail import tail_of, untold
from shared.run.logged_children import ChildLog
from shared.run.patience import looks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.run.logs import Invocation, LogReader
    from shared.run.start import Run
    from shared.run.watch import Snapshot
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Rank:
    """What one rank did, from its own log: its records, and the seconds, MB and billed milliseconds of its REPORT.

    The figures of REPORT are None when CloudWatch did not show the line in time. ``request_id`` is that of the rank's
    last invocation, and ``printed`` is what its code wrote there. ``attempts`` is how many invocations it took, and
    ``redriven`` how many of them came after the last redrive.
    """

    rank: int
    records: int
    seconds: float | None
    memory_mb: int | None
    memory_size_mb: int | None
    billed_ms: int | None
    cold_start_ms: float | None
    request_id: str = ""
    printed: tuple[str, ...] = ()
    attempts: int = 1
    redriven: int = 0

    @property
    def records_per_second(self) -> float | None:
        """Records divided by the handler's own seconds."""
        return self.records / self.seconds if self.seconds else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished execution.

    Attributes:
        wall_seconds: From its start to its end, as Step Functions has it: with the time before each redrive.
        ranks: By rank.
        output: Its output, parsed; None when it failed.
        failure: Why it failed; None when it succeeded.
        log_tail: The last lines of the log of the invocation that failed.
        redriven_seconds: From its last redrive to its end; None if it was not redriven.
    """

    status: str
    wall_seconds: float
    ranks: tuple[Rank, ...]
    output: Json
    failure: Failure | None = None
    log_tail: tuple[str, ...] = ()
    redriven_seconds: float | None = None

    @property
    def untold_tail(self) -> list[str]:
        """The lines of ``log_tail`` that tell more than ``failure`` does."""
        return untold(self.log_tail, self.failure) if self.failure else []

    @property
    def records(self) -> int:
        """Records of all ranks."""
        return sum(rank.records for rank in self.ranks)

    @property
    def wall_throughput(self) -> float:
        """Records per second of the whole execution: what a user waits for."""
        return self.records / self.wall_seconds if self.wall_seconds else 0.0

    @property
    def aggregate_throughput(self) -> float:
        """Records per second summed over the ranks: what the workers do while they work."""
        return sum(rank.records_per_second or 0.0 for rank in self.ranks)


def gather(aws: Aws, run: Run, end: Snapshot, reader: LogReader, *, sleep: Sleep = time.sleep) -> Outcome:
    """Return the outcome of *run*, whose last snapshot is *end*.

    It waits until CloudWatch shows the REPORT lines, but of a failed run only that of the rank that failed: the other
    ranks go on until they end by themselves.
    """
    log = ChildLog(aws, run, sleep=sleep)
    failure = find_failure(aws.states, run.arn, log=log) if end.status != "SUCCEEDED" else None
    return gather_with(failure, run, end, reader, sleep=sleep)


def gather_with(
    failure: Failure | None, run: Run, end: Snapshot, reader: LogReader, *, sleep: Sleep = time.sleep
) -> Outcome:
    """Return the outcome of *run* as :func:`gather` does, where it is known already why it failed, or that it did not.

    The invocation that failed is found in the logs.
    """
    for look in looks(sleep):
        if look:  # the caller has just read
            reader.read()
        if _reported(reader, failure) if failure else _all_reported(reader, run.id):
            break
    failed = find_invocation(failure, reader.invocations.values()) if failure else None
    if failure and failed:
        failure = replace(failure, request_id=failed.request_id)
    return Outcome(
        status=end.status,
        wall_seconds=(end.stopped - end.started).total_seconds() if end.stopped else 0.0,
        ranks=_ranks(reader.of_run(run.id), end.redriven),
        output=json.loads(end.output) if end.output else None,
        failure=failure,
        log_tail=tail_of(failed) if failed else (),
        redriven_seconds=(end.stopped - end.redriven).total_seconds() if end.stopped and end.redriven else None,
    )


def _reported(reader: LogReader, failure: Failure) -> bool:
    """Say whether the invocation that failed has its REPORT line, or the failure is of no invocation."""
    found = find_invocation(failure, reader.invocations.values())
    meant = failure.request_id is not None or failure.without_request is not None
    return not meant or (found is not None and found.report is not None)


def _all_reported(reader: LogReader, run_id: str) -> bool:
    return all(invocation.report is not None for invocation in reader.of_run(run_id))


def _ranks(invocations: Sequence[Invocation], redriven: datetime | None) -> tuple[Rank, ...]:
    """Make a row of each rank's last invocation. A rank that was tried again is billed for all of its invocations."""
    since = redriven.timestamp() * 1000 if redriven else math.inf
    billed: dict[int, int] = {}
    rows: dict[int, Rank] = {}
    for invocation in invocations:
        if invocation.progress is None:
            continue
        rank, report = invocation.progress.rank, invocation.report
        billed[rank] = billed.get(rank, 0) + (report.billed_ms if report else 0)
        before = rows.get(rank)
        rows[rank] = Rank(
            rank=rank,
            records=invocation.progress.done,
            seconds=invocation.seconds,
            memory_mb=report.used_mb if report else None,
            memory_size_mb=report.memory_mb if report else None,
            billed_ms=billed[rank] if report else None,
            cold_start_ms=report.init_ms if report else None,
            request_id=invocation.request_id,
            printed=tuple(invocation.printed),
            attempts=before.attempts + 1 if before else 1,
            redriven=(before.redriven if before else 0) + (invocation.started_ms >= since),
        )
    return tuple(rows[rank] for rank in sorted(rows))
