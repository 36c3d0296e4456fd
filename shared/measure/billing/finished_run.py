"""A finished run with all that is known of it: its outcome, its trace and its cost. Every view shows these values."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.measure.billing.bill import price_run, quick_trace
from shared.measure.billing.usage import Usage
from shared.measure.observed.trace import trace_of
from shared.run.express import is_whole, logged_events
from shared.run.failure import Ended, failure_in
from shared.run.gather import gather, gather_with
from shared.run.logs import read_logs
from shared.run.patience import LATE
from shared.run.watch import follow

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.measure.billing.cost import Cost
    from shared.measure.observed.trace import MapChildren, Trace
    from shared.run.express import ExpressRun
    from shared.run.failure import Failure
    from shared.run.find import Found
    from shared.run.gather import Outcome, Rank
    from shared.run.logs import LogReader
    from shared.run.start import Run
    from shared.run.watch import Snapshot
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that has ended.

    Attributes:
        run: The execution.
        outcome: Its ranks, its output, or why it failed.
        trace: The states that it visited; None where AWS did not let us read them.
        cost: What it cost, estimated; None likewise.
        unpriced: Why trace and cost are None; empty where they are known.
    """

    run: Run
    outcome: Outcome
    trace: Trace | None = None
    cost: Cost | None = None
    unpriced: str = ""

    @property
    def slow_on_aws(self) -> MapChildren | None:
        """The children of a Map that AWS needs longer to start than this whole run took; None where there are none."""
        largest = self.trace.largest_map if self.trace else None
        return largest if largest and self.outcome.wall_seconds < largest.least_seconds else None

    @property
    def uncounted(self) -> int:
        """How many invocations the cost lacks: no log line tells the run, or they go on after a failure or a stop."""
        if self.trace is None or self.cost is None:
            return 0
        counted = sum(item.amount for item in self.cost.items if item.name == "lambda_requests")
        return max(0, self.trace.invoked - int(counted))

    def as_record(self, *, printed: bool = False) -> dict[str, Json]:
        """Return it for JSON. Throughput is in records per second.

        ``least_seconds_on_aws`` is the least time that AWS needs to start the children of the run's largest Map. What
        the code of the ranks wrote is there only if *printed*.
        """
        outcome = self.outcome
        failure = _failure(outcome.failure) | {"log_tail": list(outcome.log_tail)} if outcome.failure else None
        return {
            "run_id": self.run.id,
            "execution": self.run.arn,
            "status": outcome.status,
            "wall_seconds": outcome.wall_seconds,
            "redrives": self.trace.redrives if self.trace else None,
            "redriven_seconds": outcome.redriven_seconds,
            "least_seconds_on_aws": self.trace.largest_map.least_seconds if self.trace else None,
            "records": outcome.records,
            "throughput": {"wall": outcome.wall_throughput, "aggregate": outcome.aggregate_throughput},
            "cost": self.cost.as_record() | {"uncounted_invocations": self.uncounted} if self.cost else None,
            "ranks": [_rank(rank, printed=printed) for rank in outcome.ranks],
            "tried_again": [asdict(tried) for tried in self.trace.tried_again] if self.trace else None,
            "output": outcome.output,
            "failure": failure,
        }


def finish_run(aws: Aws, run: Run, end: Snapshot, reader: LogReader) -> FinishedRun:
    """Gather, trace and price *run*, whose last snapshot is *end* and whose log *reader* has followed.

    Where AWS does not let us see the cost, the result is there without it.
    """
    outcome = gather(aws, run, end, reader)
    try:
        trace = quick_trace(aws, run)
        return FinishedRun(run, outcome, trace, price_run(aws, run, reader, trace))
    except ClientError as error:
        return FinishedRun(run, outcome, unpriced=str(error))


def read_finished(aws: Aws, found: Found, *, sleep: Sleep = time.sleep) -> FinishedRun:
    """Gather, trace and price an earlier run. One that still goes on is waited for.

    Args:
        aws: Where it ran.
        found: The run.
        sleep: Waits, in seconds.
    """
    reader = read_logs(aws, found.run, found.started, found.stopped and found.stopped + LATE)
    *_, end = follow(aws, found.run, reader, sleep=sleep)
    return finish_run(aws, found.run, end, reader)


def finish_express(aws: Aws, ended: ExpressRun, reader: LogReader) -> FinishedRun:
    """Gather, trace and price an express run, by what the call told and by its log.

    Where AWS does not let us read the log, the result is there without trace and cost.
    """
    run, unread = ended.run, ""
    try:
        events = logged_events(aws, ended)
    except ClientError as error:
        events, unread = [], str(error)
    else:
        if not is_whole(events):
            unread = f"CloudWatch does not show all of its events yet ({run.lane.workflows[run.workflow].log_group})"
    reader.read()
    status = ended.end.status
    failure = failure_in(events, Ended(status, ended.error, ended.cause)) if status != "SUCCEEDED" else None
    outcome = gather_with(failure, run, ended.end, reader)
    if unread:
        return FinishedRun(run, outcome, unpriced=unread)
    used = Usage(express_requests=1, express_gb_seconds=ended.gb_seconds)
    trace = trace_of(events, run.arn)
    return FinishedRun(run, outcome, trace, price_run(aws, run, reader, trace, used))


def _failure(failure: Failure) -> dict[str, Json]:
    record = asdict(failure)
    del record["without_request"], record["execution"]  # they only serve to find the request, and the event
    return record


def _rank(rank: Rank, *, printed: bool) -> dict[str, Json]:
    record = asdict(rank) | {"records_per_second": rank.records_per_second}
    if not printed:
        del record["printed"]
    return record
