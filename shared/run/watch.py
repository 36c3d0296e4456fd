"""Watches an execution until it ends, with few calls: the account's throttles are for all teams together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.run.map_total import MapTotal
from shared.run.patience import growing_waits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.run.logs import LogReader, Progress
    from shared.run.start import Run

_RUNNING = {"RUNNING", "PENDING_REDRIVE"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An execution at one moment.

    ``state`` is the one that was entered last. ``ranks`` has the progress of each rank that was seen. ``expected`` says
    how many ranks there will be, where a distributed Map tells. ``redriven`` is when it was redriven the last time.
    """

    status: str
    state: str | None
    ranks: dict[int, Progress]
    started: datetime
    stopped: datetime | None
    output: str | None
    expected: int | None = None
    redriven: datetime | None = None

    @property
    def records(self) -> int:
        """How many records there are. A rank that was not seen yet counts with the average of those that were."""
        seen = sum(progress.total for progress in self.ranks.values())
        return round(seen * max(self.expected or 0, len(self.ranks)) / len(self.ranks)) if self.ranks else 0

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return is_over(self.status)


def is_over(status: str) -> bool:
    """Say whether an execution with *status* has ended."""
    return status not in _RUNNING


def follow(
    aws: Aws,
    run: Run,
    reader: LogReader,
    *,
    sleep: Sleep = time.sleep,
    total: MapTotal | None = None,
) -> Iterator[Snapshot]:
    """Yield a snapshot at once, and then more at growing intervals. The last one is the execution's end.

    A look that AWS throttles is waited out by the clients that it is made with (:mod:`shared.aws.patience`).

    Args:
        aws: Where it runs.
        run: The execution.
        reader: Reads the logs of its functions.
        sleep: Waits, in seconds.
        total: Finds how many items a distributed Map has; made here if not given.
    """
    total = total or MapTotal(aws.states)
    for wait in growing_waits():
        snapshot = _look(aws, run, reader, total)
        yield snapshot
        if snapshot.ended:
            return
        sleep(wait)


def _look(aws: Aws, run: Run, reader: LogReader, total: MapTotal) -> Snapshot:
    execution = aws.states.describe_execution(executionArn=run.arn)
    recent = aws.states.get_execution_history(executionArn=run.arn, reverseOrder=True, maxResults=20)["events"]
    entered = next((event for event in recent if "stateEnteredEventDetails" in event), None)
    reader.read()
    late = execution.get("redriveCount", 0) < run.redrives  # DescribeExecution is eventually consistent
    return Snapshot(
        status="RUNNING" if late else execution["status"],
        state=entered["stateEnteredEventDetails"]["name"] if entered else None,
        ranks=ranks(reader, run.id),
        started=execution["startDate"],
        stopped=execution.get("stopDate"),
        output=execution.get("output"),
        expected=total.known_from(recent),
        redriven=execution.get("redriveDate"),
    )


def ranks(reader: LogReader, run_id: str) -> dict[int, Progress]:
    """Return how far each rank of the run is, by its latest invocation."""
    told = (invocation.progress for invocation in reader.of_run(run_id))
    return {progress.rank: progress for progress in told if progress}
