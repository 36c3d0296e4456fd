"""Shows a run on a terminal: while it goes on, and when it has ended."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from rich.table import Table

from shared.cli import console
from shared.errors import FIX
from shared.measure.billing.cost import cost_line
from shared.measure.billing.express_offer import express_offer, unseen_children
from shared.measure.spread import told_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.measure.billing.cost import Cost
    from shared.measure.billing.finished_run import FinishedRun
    from shared.measure.observed.trace import MapChildren
    from shared.run.gather import Outcome, Rank
    from shared.values import Json

_LARGE = 1e5  # a number from here on is shown without decimals
_MOST_BARS = 24  # ranks with a bar of their own; of more ranks, one bar stands for all
_MOST_ROWS = 40  # ranks with a row of their own; --json has them all
_MOST_TRIED = 20  # states and ranks that were tried again
_MOST_FIGURES = 60  # of an output
_LONGEST = 2_000  # characters of one of them


def print_outcome(finished: FinishedRun) -> None:
    """Print the table, the figures and the cost of a run that succeeded to stdout."""
    outcome = finished.outcome
    if outcome.ranks:
        console.out.print(_table(outcome.ranks[:_MOST_ROWS]))
        if len(outcome.ranks) > _MOST_ROWS:
            console.out.print(f"and {len(outcome.ranks) - _MOST_ROWS} ranks more (--json has them all)")
        if len(took := [rank.seconds for rank in outcome.ranks if rank.seconds is not None]) > 1:
            console.out.print(f"ranks  {told_seconds(took)}")
    line = f"{outcome.status}  {finished.run.id}  {outcome.wall_seconds:.2f} s"
    if outcome.redriven_seconds is not None:
        line = f"{outcome.status}  {finished.run.id}  {outcome.redriven_seconds:.2f} s since its redrive"
    elif outcome.records:
        line += (
            f"  {outcome.records} records\n"
            f"  wall throughput       {outcome.wall_throughput:9.1f} records/s  (the whole execution)\n"
            f"  aggregate throughput  {outcome.aggregate_throughput:9.1f} records/s  (summed over the ranks)"
        )
    console.out.print(line)
    print_tried(finished)
    if finished.cost:
        console.out.print(f"  {cost_line(finished.cost)}")
        _print_children(finished, finished.cost)
    if finished.uncounted:
        console.note(
            f"the cost is without invocations of which the run's history and logs do not tell: {finished.uncounted}; "
            "a state that names a function's ARN tells no request, arn:aws:states:::lambda:invoke does"
        )
    figures = list(islice(_flat(outcome.output), _MOST_FIGURES + 1))
    more, figures = figures[_MOST_FIGURES:], figures[:_MOST_FIGURES]
    width = max((len(name) for name, _ in figures), default=0)
    for name, value in figures:
        text = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}... ({len(value):,} characters)"
        console.out.print(f"  {name:<{width}}  {text}")
    if more or any(len(value) > _LONGEST for _, value in figures):
        console.note("the output is longer: --json prints all of it, --output FILE writes it")


def _print_children(finished: FinishedRun, cost: Cost) -> None:
    """Print what is not known of express children, and what the run would have cost with such ones."""
    if finished.trace is None:
        return
    of = finished.run.lane, finished.run.workflow, finished.trace
    for told in (unseen_children(*of), express_offer(*of, cost)):
        if told:
            console.note(told)


def print_tried(finished: FinishedRun) -> None:
    """Print how often states called for their ranks, where that was more than once."""
    tried = finished.trace.tried_again if finished.trace else []
    for each in tried[:_MOST_TRIED]:
        console.out.print(f"  {each}")
    if len(tried) > _MOST_TRIED:
        console.out.print(f"  and {len(tried) - _MOST_TRIED} more that were tried again (--json has them all)")


def slow_start(children: MapChildren) -> str:
    """Return how long AWS would need to start *children*."""
    a_second = children.count / children.least_seconds
    return (
        f"on AWS it takes at least {children.least_seconds:,.0f} s: a Map starts {a_second:,.0f} "
        f"{'express ' if children.express else ''}child executions a second, and this one has {children.count:,}"
    )


def _table(ranks: Sequence[Rank]) -> Table:
    if not any(rank.records for rank in ranks):
        return _bills(ranks)
    table = Table()
    again = any(rank.attempts > 1 for rank in ranks)
    headings = ("rank", "records", "seconds", "records/s", "memory", "billed", "cold start")
    for heading in (*headings, *(["attempts"] if again else [])):
        table.add_column(heading, justify="right")
    for rank in ranks:
        table.add_row(
            str(rank.rank),
            str(rank.records),
            _figure(rank.seconds, "{:.2f}"),
            _figure(rank.records_per_second, "{:.1f}"),
            f"{_figure(rank.memory_mb, '{}')} of {_figure(rank.memory_size_mb, '{}')} MB",
            _figure(rank.billed_ms, "{} ms"),
            _figure(rank.cold_start_ms, "{:.0f} ms"),
            *([_attempts(rank)] if again else []),
        )
    return table


def _attempts(rank: Rank) -> str:
    return f"{rank.attempts}, {rank.redriven} redriven" if rank.redriven else str(rank.attempts)


def _bills(ranks: Sequence[Rank]) -> Table:
    """Return what REPORT says of each rank, for a workflow whose ranks count no records.

    The last digits of a request id are enough to search a log for. --json has all of it.
    """
    table = Table()
    again = any(rank.attempts > 1 for rank in ranks)
    headings = ("rank", "request id", "duration", "billed", "memory", "used", "init")
    for heading in (*headings, *(["attempts"] if again else [])):
        table.add_column(heading, justify="right", no_wrap=heading == "request id")
    for rank in ranks:
        table.add_row(
            str(rank.rank),
            rank.request_id.rpartition("-")[2],
            _figure(None if rank.seconds is None else 1000 * rank.seconds, "{:.2f} ms"),
            _figure(rank.billed_ms, "{} ms"),
            _figure(rank.memory_size_mb, "{} MB"),
            _figure(rank.memory_mb, "{} MB"),
            _figure(rank.cold_start_ms, "{:.2f} ms"),
            *([_attempts(rank)] if again else []),
        )
    return table


def print_printed(outcome: Outcome) -> None:
    """Print what the code of each rank wrote, each line after its rank."""
    for rank in outcome.ranks:
        for line in rank.printed:
            if line.startswith("[ERROR] ") and FIX in line:
                continue  # Lambda's line about an error of ours, which is shown at the end
            console.out.print(f"[rank {rank.rank}] {line}")


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _flat(value: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted name, text) for every value in a JSON *value*. Numbers of one object share a line."""
    if isinstance(value, dict) and path and (numbers := _numbers(value)):
        yield path, "  ".join(f"{key} {_number(inner)}" for key, inner in numbers.items())
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif value is not None:
        yield path or "output", _number(value) if isinstance(value, float) else str(value)


def _numbers(value: Mapping[str, Json]) -> dict[str, float]:
    """Return *value* if it holds numbers alone; else nothing."""
    found = {key: inner for key, inner in value.items() if isinstance(inner, int | float)}
    return found if len(found) == len(value) else {}


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{value:.5g}" if abs(value) < _LARGE else f"{value:.0f}"
