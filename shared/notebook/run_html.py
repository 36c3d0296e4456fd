"""What a cell shows of a run that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.measure.billing.cost import dollars
from shared.measure.reports.columns import rank_rows
from shared.notebook import html
from shared.notebook.table import cell_of
from shared.run.failure_text import failure_text

if TYPE_CHECKING:
    from shared.measure.billing.finished_run import FinishedRun

_MOST_ROWS = 40  # ranks
_SHOWN = ("rank", "records", "seconds", "records_per_second", "memory_mb", "billed_ms", "cold_start_ms")


def figures_of(finished: FinishedRun) -> str:
    """Return the time, the records and the cost of a run, as a line."""
    outcome, cost = finished.outcome, finished.cost
    records = f", {outcome.records:,} records, {outcome.wall_throughput:,.1f} records/s" if outcome.records else ""
    return f"{outcome.wall_seconds:.2f} s{records}" + (f", {dollars(cost.usd)} estimated" if cost else "")


def run_html(name: str, finished: FinishedRun) -> str:
    """Return what a cell shows of the run called *name*: its figures, why it failed, and its ranks."""
    outcome = finished.outcome
    parts = [html.headline(outcome.status, f"{name}: {figures_of(finished)}")]
    if outcome.failure:
        parts.append(html.block(failure_text(finished.run.id, outcome)))
    rows = rank_rows(finished)
    if rows:
        headings = [heading.replace("_", " ") for heading in _SHOWN]
        parts.append(html.table(headings, [[cell_of(row[name]) for name in _SHOWN] for row in rows[:_MOST_ROWS]]))
    if len(rows) > _MOST_ROWS:
        parts.append(html.note(f"and {len(rows) - _MOST_ROWS:,} ranks more (.ranks has them all)"))
    if finished.unpriced:
        parts.append(html.note(f"the cost is not known: {finished.unpriced}"))
    return html.whole(*parts)
