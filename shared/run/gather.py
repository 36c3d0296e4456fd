"""Gathers what a finished execution left behind: a row per rank, throughput, its output, or why it failed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.run.failure import Failure, find_failure, find_invocation
from shared.run.own_code import is_noise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.aws.client import Aws
    from shared.run.logs import Invocation, LogReader
    from shared.run.start import Run
    from shared.run.watch import Snapshot

_PATIENCE = 20  # looks, a second apart, for CloudWatch to show the last REPORT lines
_TAIL = 15


@dataclass(frozen=True, slots=True)
class Rank:
    """What one rank did, from its own log: records, and REPORT's seconds, MB and billed milliseconds.

    The REPORT figures are None when CloudWatch has not shown the line in time. ``request_id`` is that of the rank's
    last invocation, ``printed`` what its code wrote there.
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

    @property
    def records_per_second(self) -> float | None:
        """Records over the handler's own time."""
        return self.records / self.seconds if self.seconds else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished execution.

    Attributes:
        wall_seconds: From its start to its end, as Step Functions has it.
        ranks: By rank.
        output: Its output, parsed; None when it failed.
        failure: Why it failed; None when it succeeded.
        log_tail: The last lines of the invocation that failed.
    """

    status: str
    wall_seconds: float
    ranks: tuple[Rank, ...]
    output: Any
    failure: Failure | None = None
    log_tail: tuple[str, ...] = ()

    @property
    def records(self) -> int:
        """Of all ranks."""
        return sum(rank.records for rank in self.ranks)

    @property
    def wall_throughput(self) -> float:
        """Records per second of the whole execution, what a user waits for."""
        return self.records / self.wall_seconds if self.wall_seconds else 0.0

    @property
    def aggregate_throughput(self) -> float:
        """Records per second summed over the ranks, what the workers do while they work."""
        return sum(rank.records_per_second or 0.0 for rank in self.ranks)


def gather(
    aws: Aws, run: Run, end: Snapshot, reader: LogReader, *, sleep: Callable[[float], object] = time.sleep
) -> Outcome:
    """Return the outcome of *run*, whose last snapshot is *end*.

    Other ranks of a failed run go on until they end by themselves: only the one that failed is waited for.
    """
    failure = find_failure(aws.states, run.arn) if end.status != "SUCCEEDED" else None
    for _ in range(_PATIENCE):
        if _reported(reader, failure) if failure else _all_reported(reader, run.id):
            break
        sleep(1.0)
        reader.read()
    failed = find_invocation(failure, reader.invocations.values()) if failure else None
    if failure and failed:
        failure = replace(failure, request_id=failed.request_id)
    return Outcome(
        status=end.status,
        wall_seconds=(end.stopped - end.started).total_seconds() if end.stopped else 0.0,
        ranks=_ranks(_of_run(reader, run.id)),
        output=json.loads(end.output) if end.output else None,
        failure=failure,
        log_tail=_tail(failed) if failed else (),
    )


def _tail(invocation: Invocation) -> tuple[str, ...]:
    """Return the end of its log, from its START on: a cold start that failed was tried again after that."""
    start = next((at for at, line in enumerate(invocation.lines) if line.startswith("START RequestId: ")), 0)
    return tuple([line for line in invocation.lines[start:] if not is_noise(line)][-_TAIL:])


def _of_run(reader: LogReader, run_id: str) -> list[Invocation]:
    found = [invocation for invocation in reader.invocations.values() if run_id in invocation.runs]
    return sorted(found, key=lambda invocation: invocation.started_ms)


def _reported(reader: LogReader, failure: Failure) -> bool:
    """Say whether the invocation that failed has its REPORT line; so it is where no invocation is meant."""
    found = find_invocation(failure, reader.invocations.values())
    meant = failure.request_id is not None or failure.nameless is not None
    return not meant or (found is not None and found.report is not None)


def _all_reported(reader: LogReader, run_id: str) -> bool:
    return all(invocation.report is not None for invocation in _of_run(reader, run_id))


def _ranks(invocations: Sequence[Invocation]) -> tuple[Rank, ...]:
    """Make a row of each rank's last invocation; a retried rank is billed for all of them."""
    billed: dict[int, int] = {}
    rows: dict[int, Rank] = {}
    for invocation in invocations:
        if invocation.progress is None:
            continue
        rank, report = invocation.progress.rank, invocation.report
        billed[rank] = billed.get(rank, 0) + (report.billed_ms if report else 0)
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
        )
    return tuple(rows[rank] for rank in sorted(rows))
