"""The report of one run: its parameters, what happened, how long it took, its results, what it cost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.measure.billing.cost import Cost, dollars, read_prices
from shared.measure.billing.measured_run import read_measured
from shared.measure.drawing.draw_machine import draw_machine
from shared.measure.observed.invocations import summarize
from shared.measure.reports.plots_run import plot_timeline, stragglers
from shared.measure.reports.redshifts import redshift_section
from shared.measure.reports.report import Plot, Report, Section, Table, versions
from shared.run.failure import find_failure
from shared.run.graph import read_graph
from shared.run.logged_children import ChildLog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.billing.measured_run import MeasuredRun
    from shared.measure.observed.invocations import Row
    from shared.measure.observed.trace import Trace, Tried
    from shared.run.find import Found
    from shared.values import Json

_MOST_ROWS = 200
_MOST_NAMES = 12  # of stragglers


def read_run_report(aws: Aws, found: Found) -> Report:
    """Read what is known of the run *found*, and return its report."""
    return report_run(aws, read_measured(aws, found))


def report_run(aws: Aws, measured: MeasuredRun) -> Report:
    """Return the report of the run that was *measured*."""
    found, trace, rows, cost = measured.found, measured.trace, measured.rows, measured.cost
    run = found.run
    output = json.loads(found.output) if found.output else None
    sections = [
        Section("Configuration", tables=[Table("", ("parameter", "value"), _input(json.loads(found.input)), 2)]),
        _machine(aws, found, trace),
    ]
    if tried := trace.tried_again:
        sections.append(_attempts(tried))
    if rows:
        sections += [_time(rows), _invocations(rows)]
    sections += _results(aws, run.lane, output)
    sections += [cost_section(cost), environment_section(aws, run.lane, run.workflow)]
    records = output.get("records") if isinstance(output, dict) else None
    figures = [
        ("status", found.status),
        ("run", run.id),
        ("time", _time_of(found, trace)),
        ("invocations", str(len(rows))),
        *([("records", f"{records:,}")] if records else []),
        *(
            [("records/s, whole run", f"{records / found.seconds:,.1f}")]
            if records and found.seconds and not trace.redrives
            else []
        ),
        ("cost, estimated", dollars(cost.usd)),
    ]
    return Report(f"{run.lane.team}: a run of {run.workflow}", made_now(found.started), figures, sections)


def _input(value: Json) -> list[list[str]]:
    return list(flat(value, "" if isinstance(value, dict) else "input"))


def _time_of(found: Found, trace: Trace) -> str:
    if found.seconds is None:
        return "it still runs"
    return f"{found.seconds:.2f} s" + (", with the time before each redrive" if trace.redrives else "")


def made_now(started: datetime) -> str:
    """Return the line that says when it ran and when the report was made."""
    return (
        f"Started {started.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC. Report made {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
    )


def _machine(aws: Aws, found: Found, trace: Trace) -> Section:
    """Return the drawing of the state machine, with its counts, and why the run failed if it did."""
    told = aws.states.describe_state_machine_for_execution(executionArn=found.run.arn)  # as it was when the run began
    definition = json.loads(told["definition"])
    drawing = draw_machine(definition, read_graph(aws.states, found.run.arn, definition))
    text = f"{trace.transitions} state transitions, {trace.children} child executions."
    if trace.unread:
        text += f" {trace.unread} of those were not read, and count as average ones."
    if trace.redrives:
        text += f" Redriven {trace.redrives} time{'s' if trace.redrives > 1 else ''}."
    least = trace.largest_map.least_seconds
    if found.seconds is not None and found.seconds < least:
        text += f" On AWS it takes at least {least:,.0f} s to start those of the largest Map."
    code = "" if found.status in {"RUNNING", "SUCCEEDED"} else _failure(aws, found)
    return Section("State machine", text, drawing, code=code)


def _failure(aws: Aws, found: Found) -> str:
    failure = find_failure(aws.states, found.run.arn, log=ChildLog(aws, found.run))
    return "\n".join([f"{failure.status} at {failure.place}" if failure.place else failure.status, *failure.lines])


def _attempts(tried: Sequence[Tried]) -> Section:
    """Return how often states called for their ranks, where that was more than once."""
    left = f"and {len(tried) - _MOST_ROWS} more" if len(tried) > _MOST_ROWS else ""
    rows = [
        [each.state, "" if each.rank is None else str(each.rank), str(each.attempts), str(each.redriven)]
        for each in tried[:_MOST_ROWS]
    ]
    table = Table("", ("state", "rank", "attempts", "by a redrive"), rows, numbers=2, note=left)
    return Section("Attempts", "What was tried more than once.", tables=[table])


def _time(rows: Sequence[Row]) -> Section:
    late = stragglers(rows)
    names = ", ".join(row.place if row.rank is None else f"rank {row.rank}" for row in late[:_MOST_NAMES])
    text = f"{len(late)} stragglers: {names}." if late else "No stragglers."
    caption = "Every invocation from the start of its cold start to its end, by its REPORT line."
    return Section("Timeline", text, plots=[Plot("timeline", plot_timeline(rows), caption)])


def _invocations(rows: Sequence[Row]) -> Section:
    summary = summarize(rows)
    text = ""
    if summary:
        text = (
            f"{summary.count} invocations, {summary.cold_starts} cold starts, {summary.timeouts} timeouts, "
            f"{summary.errors} errors. Duration: p50 {summary.duration_p50:.0f} ms, p95 {summary.duration_p95:.0f} ms, "
            f"most {summary.duration_max:.0f} ms. Memory: {100 * summary.headroom:.0f} % headroom at the tightest."
        )
    headings = ("state", "rank", "request id", "duration", "billed", "memory size", "memory used", "init")
    left = f"and {len(rows) - _MOST_ROWS} more" if len(rows) > _MOST_ROWS else ""
    table = Table("", headings, [_row(row) for row in rows[:_MOST_ROWS]], numbers=3, note=left)
    return Section("Invocations", text, tables=[table])


def _row(row: Row) -> list[str]:
    report = row.report
    return [
        row.place,
        "" if row.rank is None else str(row.rank),
        report.request_id,
        f"{report.duration_ms:.2f} ms",
        f"{report.billed_ms} ms",
        f"{report.memory_mb} MB",
        f"{report.used_mb} MB",
        "" if report.init_ms is None else f"{report.init_ms:.2f} ms",
    ]


def _results(aws: Aws, lane: Lane, output: Json) -> list[Section]:
    """Return how good predicted redshifts are, where there are any, and the figures of the output."""
    if output is None:
        return []
    redshifts = redshift_section(aws, lane, output)
    table = Table("", ("figure", "value"), list(flat(output)), 2)
    return [*([redshifts] if redshifts else []), Section("Results", tables=[table])]


def cost_section(cost: Cost) -> Section:
    """Return the bill, item by item."""
    rows = [[item.label, item.quantity, dollars(item.usd)] for item in cost.items]
    rows.append(["total", "", dollars(cost.usd)])
    note = f"This is {read_prices().told}."
    return Section("Cost", tables=[Table("", ("item", "amount", "US dollars"), rows, note=note)])


def environment_section(aws: Aws, lane: Lane, workflow: str) -> Section:
    """Return where the run took place, the workflow's functions, and versions."""
    where = "the embedded cloud, on one machine" if aws.target.embedded else aws.target.endpoint or "AWS"
    keys = lane.workflows[workflow].functions.values()
    functions = [lane.functions[key] for key in keys]
    rows = [[each.name, f"{each.memory_mb} MB", f"{each.timeout_seconds} s"] for each in functions]
    tables = [Table("Functions", ("function", "memory", "timeout"), rows), versions()]
    return Section(
        "Environment", f"Ran on {where}, for account {lane.place.account} in {lane.place.region}.", tables=tables
    )


def flat(value: Json, path: str = "") -> Iterator[list[str]]:
    """Yield (dotted name, text) for every value in a JSON object, and for those in its objects."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, float):
        yield [path or "output", f"{value:.6g}"]
    elif value is not None and value != "":
        yield [path or "output", json.dumps(value) if isinstance(value, list) else str(value)]
