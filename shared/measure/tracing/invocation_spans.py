"""Makes spans of Lambda invocations, by their REPORT lines.

A REPORT line tells durations, and its own time is the end: Lambda's clock, where the call's times are by Step
Functions'. Nothing is moved to make them fit. A span that reaches out of its call says by how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.measure.tracing.conventions import bounded
from shared.measure.tracing.span import Kind, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.measure.observed.invocations import Row
    from shared.measure.tracing.execution_spans import Tracing
    from shared.measure.tracing.span import Resource, Value

_MS = 1_000_000
OUTSIDE = "teamlanes.outside_call_ms"
"""By how many milliseconds an invocation reaches out of the call that named it, where that is more than one.

Times of log lines are whole milliseconds, so one says nothing.
"""
_INIT = "init"


@dataclass(frozen=True, slots=True)
class Caller:
    """The call that an invocation answered: its span, its times in Unix nanoseconds, its state and its rank."""

    span: bytes
    began: int
    ended: int
    state: str
    rank: int | None


def invocation_spans(
    tracing: Tracing, resource: Resource, row: Row, caller: Caller | None, root: bytes
) -> Iterator[Span]:
    """Yield the span of an invocation, and that of its cold start if it had one.

    Args:
        tracing: What all spans of the run share.
        resource: The function.
        row: The invocation.
        caller: The call that it answered; None where no history that was read names it.
        root: The run's own span, which stands in for a call that is not known.
    """
    report = row.report
    init = round((report.init_ms or 0) * _MS)
    end = row.at_ms * _MS
    start = end - init - round(report.duration_ms * _MS)
    own = tracing.id("invocation", report.request_id, row.at_ms)
    name = str(dict(resource.attributes)["faas.name"])
    trouble = row.trouble if row.timed_out or row.failed else ""
    told: dict[str, Value] = {
        "teamlanes.kind": "invocation",
        "faas.invocation_id": bounded(report.request_id),
        "faas.trigger": "other",
        "faas.coldstart": report.init_ms is not None,
        "teamlanes.duration_ms": report.duration_ms,
        "teamlanes.billed_ms": report.billed_ms,
        "teamlanes.memory_used_mb": report.used_mb,
        "teamlanes.call_known": caller is not None,
    }
    state, rank = (caller.state, caller.rank) if caller else (row.state, row.rank)
    if state:
        told["teamlanes.state"] = bounded(state)
    if rank is not None:
        told["teamlanes.rank"] = rank
    if report.init_ms is not None:
        told["teamlanes.init_ms"] = report.init_ms
    if caller and (outside := max(caller.began - start, end - caller.ended)) > _MS:
        told[OUTSIDE] = round(outside / _MS, 3)
    if trouble:
        told["error.type"] = trouble
    parent = caller.span if caller else root
    yield Span(tracing.trace, own, parent, name, Kind.SERVER, start, end, resource, told, trouble or None)
    if report.init_ms is not None:
        first = tracing.id("invocation", report.request_id, row.at_ms, _INIT)
        phase: dict[str, Value] = {"teamlanes.kind": _INIT}
        yield Span(tracing.trace, first, own, _INIT, Kind.INTERNAL, start, start + init, resource, phase)
