"""Measures one run for a sweep: starts it, watches it to its end, and returns its time, throughput, memory and cost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.measure.billing.finished_run import finish_run
from shared.run.logs import read_logs
from shared.run.start import new_run_id, start
from shared.run.watch import follow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.billing.finished_run import FinishedRun
    from shared.measure.scaling.sweep import Measured
    from shared.run.logs import LogReader
    from shared.values import Json


def measure_run(aws: Aws, lane: Lane, workflow: str, payload: Mapping[str, Json]) -> Measured:
    """Run *workflow* with *payload* and return its figures.

    An interruption stops the execution.

    Raises:
        LanesError: It could not be started, or AWS does not let us see what it cost.
    """
    now = datetime.now(UTC)
    run = start(aws, lane, workflow, payload, new_run_id(now))
    reader = read_logs(aws, run, now)
    try:
        *_, end = follow(aws, run, reader)
    except KeyboardInterrupt:
        aws.states.stop_execution(executionArn=run.arn, error="Interrupted", cause="the sweep was interrupted")
        raise
    finished = finish_run(aws, run, end, reader)
    if finished.cost is None:
        raise LanesError(f"the cost is not known: {finished.unpriced}", where=run.arn)
    outcome, failure = finished.outcome, finished.outcome.failure
    return {
        "run_id": run.id,
        "status": outcome.status,
        "error": f"{failure.state}: {failure.error}: {failure.message}" if failure else None,
        "measured_at": now.isoformat(timespec="seconds"),
        "wall_seconds": outcome.wall_seconds,
        "records": outcome.records,
        "wall_throughput": outcome.wall_throughput,
        "aggregate_throughput": outcome.aggregate_throughput,
        "memory_mb": max((rank.memory_mb or 0 for rank in outcome.ranks), default=0),
        "memory_size_mb": max((rank.memory_size_mb or 0 for rank in outcome.ranks), default=0),
        "cost_usd": finished.cost.usd,
        "cold_starts": _cold_starts(finished, reader),
        "ranks": [[rank.rank, rank.records, rank.seconds, rank.cold_start_ms] for rank in outcome.ranks],
    }


def _cold_starts(finished: FinishedRun, reader: LogReader) -> int:
    """Return how many invocations of the run began cold, those of its first and last states too."""
    visits = finished.trace.visits if finished.trace else ()
    named = {request for visit in visits for request in visit.requests}
    return sum(
        each.report is not None and each.report.init_ms is not None
        for each in reader.invocations.values()
        if each.request_id in named or finished.run.id in each.runs
    )
