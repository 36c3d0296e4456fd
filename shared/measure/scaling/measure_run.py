"""Measures one cell of a sweep: a run, watched to its end, with its time, throughput, memory and cost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.measure.billing.bill import price_run, quick_trace
from shared.run.gather import gather
from shared.run.logs import read_logs
from shared.run.start import new_run_id, start
from shared.run.watch import follow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane


def measure_run(aws: Aws, lane: Lane, workflow: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Run *workflow* with *payload* and return its figures.

    Seconds, records per second, MB, US dollars; ``ranks`` has (rank, records, seconds, cold start in ms or None) of
    each. An interruption stops the execution.

    Raises:
        LanesError: It could not be started.
    """
    now = datetime.now(UTC)
    run = start(aws, lane, workflow, payload, new_run_id(now))
    reader = read_logs(aws, run, now)
    try:
        *_, end = follow(aws, run, reader)
    except KeyboardInterrupt:
        aws.states.stop_execution(executionArn=run.arn, error="Interrupted", cause="the sweep was interrupted")
        raise
    outcome = gather(aws, run, end, reader)
    failure = outcome.failure
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
        "cost_usd": price_run(aws, run, reader, quick_trace(aws, run)).usd,
        "cold_starts": sum(rank.cold_start_ms is not None for rank in outcome.ranks),
        "ranks": [[rank.rank, rank.records, rank.seconds, rank.cold_start_ms] for rank in outcome.ranks],
    }
