"""How a run looks while it goes on, and afterwards."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from shared.cli import console
from shared.errors import FIX
from shared.measure.billing.cost import cost_line
from shared.run.logs import is_written
from shared.run.own_code import in_checkout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.progress import TaskID

    from shared.measure.billing.cost import Cost
    from shared.measure.observed.trace import Trace
    from shared.run.failure import Failure
    from shared.run.gather import Outcome, Rank
    from shared.run.start import Run
    from shared.run.watch import Snapshot

_LARGE = 1e5  # from here on a number has no decimals
_MOST_BARS = 24  # ranks with a bar of their own; beyond, one bar stands for all
_MOST_ROWS = 40  # ranks with a row of their own; --json has them all


@contextlib.contextmanager
def live() -> Iterator[Callable[[Snapshot], None]]:
    """Give the function that shows a snapshot: bars on a terminal, a line for each change elsewhere."""
    if not console.err.is_terminal:
        yield _Lines().show
        return
    bars = _Bars()
    with Live(bars.progress, console=console.err, transient=True, refresh_per_second=8):
        yield bars.show


class _Lines:
    """One line whenever the state or the number of records changes."""

    def __init__(self) -> None:
        self._said = ""

    def show(self, snapshot: Snapshot) -> None:
        done = sum(progress.done for progress in snapshot.ranks.values())
        text = f"{snapshot.status} {snapshot.state or ''}".rstrip()
        if snapshot.of:
            text += f": {done} of {_total(snapshot)}"
        if text != self._said:
            self._said = text
            console.note(text)


def _total(snapshot: Snapshot) -> str:
    """Return how many records and ranks there are; of ranks not seen yet the records are an estimate."""
    seen, expected = len(snapshot.ranks), snapshot.expected or 0
    about, ranks = ("about ", f"{seen} of {expected}") if expected > seen else ("", f"{seen}")
    return f"{about}{snapshot.of} records on {ranks} rank{'' if max(seen, expected) == 1 else 's'}"


class _Bars:
    """A line for the execution, and a bar for each rank."""

    def __init__(self) -> None:
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console.err,
        )
        self._all = self.progress.add_task("starting", total=None)
        self._ranks: dict[int, TaskID] = {}

    def show(self, snapshot: Snapshot) -> None:
        done = sum(progress.done for progress in snapshot.ranks.values())
        what = snapshot.state or snapshot.status
        self.progress.update(self._all, description=console.visible(what), completed=done, total=snapshot.of or None)
        if len(snapshot.ranks) > _MOST_BARS:
            return
        for rank, at in sorted(snapshot.ranks.items()):
            if rank not in self._ranks:
                self._ranks[rank] = self.progress.add_task(f"rank {rank}", total=at.of or None)
            self.progress.update(self._ranks[rank], completed=at.done, total=at.of or None)


def print_outcome(run: Run, outcome: Outcome, cost: Cost | None) -> None:
    """Print a succeeded run's table, figures and cost to stdout."""
    if outcome.ranks:
        console.out.print(_table(outcome.ranks[:_MOST_ROWS]))
        if len(outcome.ranks) > _MOST_ROWS:
            console.out.print(
                f"and {len(outcome.ranks) - _MOST_ROWS} ranks more (--json has them all)", highlight=False
            )
    line = f"{outcome.status}  {run.id}  {outcome.wall_seconds:.2f} s"
    if outcome.records:
        line += (
            f"  {outcome.records} records\n"
            f"  wall throughput       {outcome.wall_throughput:9.1f} records/s  (the whole execution)\n"
            f"  aggregate throughput  {outcome.aggregate_throughput:9.1f} records/s  (summed over the ranks)"
        )
    console.out.print(line, markup=False, highlight=False)
    if cost:
        console.out.print(f"  {cost_line(cost)}", markup=False, highlight=False)
    figures = list(_flat(outcome.output))
    width = max((len(name) for name, _ in figures), default=0)
    for name, value in figures:
        console.out.print(f"  {name:<{width}}  {value}", markup=False, highlight=False)


def slower_start(outcome: Outcome, trace: Trace) -> str:
    """Return what AWS would need to start the children of the run's largest Map, where the run took less; else ""."""
    largest = trace.largest_map
    if outcome.wall_seconds >= largest.least_seconds:
        return ""
    a_second = largest.count / largest.least_seconds
    return (
        f"on AWS it takes at least {largest.least_seconds:,.0f} s: a Map starts {a_second:,.0f} "
        f"{'express ' if largest.express else ''}child executions a second, and this one has {largest.count:,}"
    )


def _table(ranks: tuple[Rank, ...]) -> Table:
    if not any(rank.records for rank in ranks):
        return _bills(ranks)
    table = Table()
    for heading in ("rank", "records", "seconds", "records/s", "memory", "billed", "cold start"):
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
        )
    return table


def _bills(ranks: tuple[Rank, ...]) -> Table:
    """Return what REPORT says of each rank, for a workflow whose ranks count no records.

    Of a request id its last digits, which a log can be searched for; --json has it whole.
    """
    table = Table()
    for heading in ("rank", "request id", "duration", "billed", "memory", "used", "init"):
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
        )
    return table


def print_printed(outcome: Outcome) -> None:
    """Print what each rank's code wrote, every line behind its rank."""
    for rank in outcome.ranks:
        for line in rank.printed:
            if line.startswith("[ERROR] ") and FIX in line:
                continue  # Lambda's word for an error of ours, which is told at the end
            console.out.print(f"[rank {rank.rank}] {line}", markup=False, highlight=False)


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield a (dotted name, text) for every scalar in a JSON *value*; numbers that stand together share a line."""
    if isinstance(value, dict) and path and value and all(isinstance(inner, int | float) for inner in value.values()):
        yield path, "  ".join(f"{key} {_number(inner)}" for key, inner in value.items())
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif value is not None:
        yield path or "output", _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{value:.5g}" if abs(value) < _LARGE else f"{value:.0f}"


def as_json(
    run: Run, outcome: Outcome, cost: Cost | None, trace: Trace | None = None, *, printed: bool = False
) -> Mapping[str, Any]:
    """Return what is known about a finished run, for ``--json``. Throughput in records per second.

    ``least_seconds_on_aws`` is what AWS needs to start the children of its largest Map. What the ranks' code wrote is
    there only when it is asked for by *printed*.
    """
    return {
        "run_id": run.id,
        "execution": run.arn,
        "status": outcome.status,
        "wall_seconds": outcome.wall_seconds,
        "least_seconds_on_aws": trace.largest_map.least_seconds if trace else None,
        "records": outcome.records,
        "throughput": {"wall": outcome.wall_throughput, "aggregate": outcome.aggregate_throughput},
        "cost": cost.as_record() if cost else None,
        "ranks": [_row(rank, printed=printed) for rank in outcome.ranks],
        "output": outcome.output,
        "failure": _failure(outcome.failure) | {"log_tail": list(outcome.log_tail)} if outcome.failure else None,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    record = asdict(failure)
    del record["without_request"]  # it only served to find the request
    return record


def _row(rank: Rank, *, printed: bool) -> dict[str, Any]:
    row = asdict(rank) | {"records_per_second": rank.records_per_second}
    if not printed:
        del row["printed"]
    return row


def failure_text(run: Run, outcome: Outcome, more: str | None = None) -> str:
    """Return why a run failed: the traceback in the function's own code, or the end of the invocation's log.

    *more* is the command that shows all of it.
    """
    failure = outcome.failure
    if failure is None:
        return ""
    at = ", ".join(
        [f"state {failure.state}"] * bool(failure.state) + [f"rank {failure.rank}"] * (failure.rank is not None)
    )
    lines = [f"run {run.id} {failure.status}" + (f" at {at}" if at else "")]
    ours = FIX in failure.message
    if failure.traceback:
        lines += ["  Traceback (most recent call last):"]
        lines += [f"  {line}" for frame in failure.traceback for line in frame.splitlines()]
    lines += [f"  {failure.error}: {failure.message}"]
    if failure.fix:
        lines += [f"  fix: {failure.fix}"]
    told = {line.strip() for line in failure.message.splitlines()}
    tail = [line for line in outcome.log_tail if not _told(line, failure) and not (ours and _is_noise(line, told))]
    if ours or failure.traceback or failure.fix:  # what Lambda says of it adds nothing to what is told
        tail = [line for line in tail if is_written(line)]
    if tail:
        lines += [f"  the end of its log (request {failure.request_id}):"]
        lines += [f"    {line}" for each in tail for line in in_checkout(each).splitlines()]
    if more and failure.request_id:
        lines += [f"  all of its log: {more}"]
    return "\n".join(lines)


def _told(line: str, failure: Failure) -> bool:
    """Say whether *line* is Lambda's word for the *failure*, which is shown already."""
    return line.startswith(f"[ERROR] {failure.error}") and (
        bool(failure.traceback) or FIX in failure.message or "File " not in line
    )


def _is_noise(line: str, told: set[str]) -> bool:
    return not is_written(line) or FIX in line or line.strip() in told
