"""Watches an execution until it ends, with few calls: the account's throttles are for all teams together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.run.logs import LogReader
from shared.run.map_total import MapTotal, is_throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.run.logs import Progress
    from shared.run.start import Run

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 2.0
_GROWTH = 1.3
_MOST_THROTTLED = 30  # looks in a row that AWS has no time for: a minute; then something else is wrong
_RUNNING = {"RUNNING", "PENDING_REDRIVE"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An execution at one moment.

    ``state`` is the one entered last; ``ranks`` maps each rank seen to its progress, and ``expected`` says how many
    there will be, where a distributed Map tells.
    """

    status: str
    state: str | None
    ranks: dict[int, Progress]
    started: datetime
    stopped: datetime | None
    output: str | None
    expected: int | None = None

    @property
    def of(self) -> int:
        """How many records there are; those of ranks not seen yet are taken to be as many as a seen one has."""
        seen = sum(progress.of for progress in self.ranks.values())
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
    sleep: Callable[[float], object] = time.sleep,
    total: MapTotal | None = None,
) -> Iterator[Snapshot]:
    """Yield a snapshot at once and then at growing intervals; the last one is the execution's end.

    Args:
        aws: Where it runs.
        run: The execution.
        reader: Reads the logs of its functions.
        sleep: Waits, in seconds.
        total: Finds how many items a distributed Map has; asks AWS itself if not given.
    """
    wait, throttled = _FIRST_WAIT, 0
    total = total or MapTotal(aws.states)
    while True:
        try:
            snapshot = _look(aws, run, reader, total)
        except ClientError as error:
            throttled += 1
            if not is_throttled(error) or throttled == _MOST_THROTTLED:
                raise
            wait = _LONGEST_WAIT
        else:
            throttled = 0
            yield snapshot
            if snapshot.ended:
                return
        sleep(wait)
        wait = min(wait * _GROWTH, _LONGEST_WAIT)


def read_logs(aws: Aws, run: Run, since: datetime) -> LogReader:
    """Return a reader of the log groups of all functions of the run's workflow, from *since* on."""
    keys = run.lane.workflows[run.workflow].functions.values()
    groups = {key: run.lane.functions[key].log_group for key in keys}
    return LogReader(aws, groups, int(since.timestamp() * 1000))


def _look(aws: Aws, run: Run, reader: LogReader, total: MapTotal) -> Snapshot:
    execution: Any = aws.states.describe_execution(executionArn=run.arn)
    recent = aws.states.get_execution_history(executionArn=run.arn, reverseOrder=True, maxResults=20)["events"]
    entered = next((event for event in recent if "stateEnteredEventDetails" in event), None)
    reader.read()
    return Snapshot(
        status=execution["status"],
        state=entered["stateEnteredEventDetails"]["name"] if entered else None,
        ranks=ranks(reader, run.id),
        started=execution["startDate"],
        stopped=execution.get("stopDate"),
        output=execution.get("output"),
        expected=total.of(recent),
    )


def ranks(reader: LogReader, run_id: str) -> dict[int, Progress]:
    """Return how far each rank of the run is, by its latest invocation."""
    mine = [invocation for invocation in reader.invocations.values() if run_id in invocation.runs]
    mine.sort(key=lambda invocation: invocation.started_ms)
    return {invocation.progress.rank: invocation.progress for invocation in mine if invocation.progress}
