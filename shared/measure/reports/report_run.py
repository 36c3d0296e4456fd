"""The report of one run: its parameters, what happened, how long it took, its results, what it cost."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING

from shared.measure.billing.cost import Cost, dollars
from shared.measure.billing.measured_run import read_measured
from shared.measure.billing.usage import Usage, asked_by_functions, used_by_states
from shared.measure.drawing.draw_machine import draw_machine
from shared.measure.observed.invocations import summarize
from shared.measure.reports.evidence import Images, RunManifest
from shared.measure.reports.figures import figures_of, records_of
from shared.measure.reports.plots_run import plot_timeline, stragglers
from shared.measure.reports.read_evidence import read_evidence
from shared.measure.reports.read_provenance import read_provenance
from shared.measure.reports.report import Plot, Report, Section, Table, digest_of, versions
from shared.run.find import check_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.config.load import Project
    from shared.measure.billing.measured_run import MeasuredRun
    from shared.measure.observed.invocations import Row
    from shared.measure.observed.trace import Tried
    from shared.measure.reports.evidence import Contribution, Evidence, Execution, Provenance, Stored
    from shared.run.find import Found
    from shared.values import Json

_MOST_ROWS = 200
_MOST_NAMES = 12  # of stragglers
_DIGEST = 16  # characters of a digest that are shown


def read_run_report(aws: Aws, found: Found, project: Project | None = None) -> tuple[Report, RunManifest]:
    """Read what is known of the run *found*, and return its report, and what is recorded of it.

    *project* holds its code, whose digests are recorded then.

    Raises:
        UsageError: It goes on, so that its figures would not be those of the run.
    """
    check_over(found, "its figures would not be those of the run")
    return recorded_run(aws, read_measured(aws, found), project)


def recorded_run(aws: Aws, measured: MeasuredRun, project: Project | None = None) -> tuple[Report, RunManifest]:
    """Return the report of the run that was *measured*, and what is recorded of it."""
    found = measured.found
    evidence, drawn = read_evidence(aws, measured)
    provenance = read_provenance(aws, found.run.lane, found.run.workflow, json.loads(found.input), project)
    report = show_run(evidence, provenance, {section.title: section for section in drawn})
    manifest = RunManifest(
        provenance=provenance,
        evidence=evidence,
        figures=figures_of(evidence, provenance),
        plots={plot.name: Images.of(plot.digests) for plot in report.plots if plot.digests},
    )
    return report, manifest


def report_run(aws: Aws, measured: MeasuredRun) -> Report:
    """Return the report of the run that was *measured*, for a page alone: what the code is made of is not read."""
    found = measured.found
    evidence, drawn = read_evidence(aws, measured, stored=False)
    provenance = read_provenance(aws, found.run.lane, found.run.workflow, None, None)
    return show_run(evidence, provenance, {section.title: section for section in drawn})


def show_run(evidence: Evidence, provenance: Provenance, drawn: Mapping[str, Section] | None = None) -> Report:
    """Return the report that follows from *evidence* and *provenance*.

    Args:
        evidence: What the cloud told.
        provenance: What the run was made of.
        drawn: The sections of what the run stored, by their titles; without them, these sections' plots lack figures.
    """
    run, rows, trace = evidence.run, evidence.rows, evidence.trace
    asked = Usage(**asked_by_functions(row.report for row in evidence.rows))
    cost = Cost(evidence.cost, round(asked.untold), (asked + used_by_states(evidence.trace)).unpriced)
    output = json.loads(run.output) if run.output else None
    sections = [
        Section("Configuration", tables=[Table("", ("parameter", "value"), _input(json.loads(run.input)), 2)]),
        _machine(evidence),
    ]
    if tried := trace.tried_again:
        sections.append(_attempts(tried))
    if rows:
        sections += [_time(rows), _invocations(rows)]
    if output is not None:
        sections.append(Section("Results", tables=[Table("", ("figure", "value"), list(flat(output)), 2)]))
    sections += [(drawn or {}).get(each.title) or _contributed(each) for each in evidence.sections]
    sections += [cost_section(cost, provenance), _inputs(evidence, provenance), environment_section(provenance)]
    records = records_of(output)
    figures = [
        ("status", run.status),
        ("run", run.id),
        ("time", _time_of(run, evidence.redrives)),
        ("invocations", str(len(rows))),
        *([("records", f"{records:,}")] if records else []),
        *(
            [("records/s, whole run", f"{records / run.seconds:,.1f}")]
            if records and run.seconds and not evidence.redrives
            else []
        ),
        ("cost, estimated", dollars(cost.usd)),
    ]
    return Report(f"{run.team}: a run of {run.workflow}", made_at(run.started, provenance.made), figures, sections)


def _contributed(section: Contribution) -> Section:
    """Return *section* as it was shown, but for what its plots show."""
    tables = [Table(each.title, each.headings, each.rows, each.numbers, each.note) for each in section.tables]
    plots = [Plot(plot.name, None, plot.caption, plot.alt, None if plot.data else "") for plot in section.plots]
    return Section(section.title, section.text, plots=plots, tables=tables)


def _input(value: Json) -> list[list[str]]:
    return list(flat(value, "" if isinstance(value, dict) else "input"))


def _time_of(run: Execution, redrives: int) -> str:
    if run.seconds is None:
        return "it still runs"
    return f"{run.seconds:.2f} s" + (", with the time before each redrive" if redrives else "")


def made_at(started: datetime, made: datetime) -> str:
    """Return the line that says when it ran and when the report was made."""
    return (
        f"Started {started.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC. Report made {made.astimezone(UTC):%Y-%m-%d %H:%M}"
        " UTC."
    )


def _machine(evidence: Evidence) -> Section:
    """Return the drawing of the state machine, with its counts, and why the run failed if it did."""
    drawing = draw_machine(evidence.definition, evidence.graph)
    text = f"{evidence.transitions} state transitions, {evidence.children} child executions."
    if evidence.unread:
        text += f" {evidence.unread} of those were not read, and count as average ones."
    if evidence.redrives:
        text += f" Redriven {evidence.redrives} time{'s' if evidence.redrives > 1 else ''}."
    least, seconds = evidence.trace.largest_map.least_seconds, evidence.run.seconds
    if seconds is not None and seconds < least:
        text += f" On AWS it takes at least {least:,.0f} s to start those of the largest Map."
    return Section("State machine", text, drawing, code=evidence.failure)


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


def cost_section(cost: Cost, provenance: Provenance) -> Section:
    """Return the bill, item by item."""
    rows = [[item.label, item.quantity, dollars(item.usd)] for item in cost.items]
    rows.append(["total", "", dollars(cost.usd)])
    note = " ".join(f"{told[:1].upper()}{told[1:]}." for told in (f"this is {provenance.prices_told}", *cost.lacks))
    return Section("Cost", tables=[Table("", ("item", "amount", "US dollars"), rows, note=note)])


def _inputs(evidence: Evidence, provenance: Provenance) -> Section:
    """Return what the run was made of and what it left, by digests; report.json has each file's."""
    rows = [
        *_listing("data, as it was when the report was made", provenance.data),
        *(
            [f"table {each.key}", f"{each.entries} entries", "", (each.sha256 or "not read")[:_DIGEST]]
            for each in provenance.tables
        ),
        *_listing("stored by the run", evidence.stored),
    ]
    if provenance.code:
        whole = digest_of(provenance.code)
        rows.append(["code, template, card and requirements", f"{len(provenance.code)} files", "", whole[:_DIGEST]])
    table = Table("", ("what", "how many", "bytes", "SHA-256"), rows, numbers=1, note="Digests of listings of digests.")
    text = "lanes verify makes the run again, and says which figures follow." if provenance.code else ""
    return Section("What this rests on", text, tables=[table] if rows else [])


def _listing(what: str, objects: Sequence[Stored]) -> Iterator[list[str]]:
    if objects:
        digest = digest_of({each.key: each.sha256 or "not read" for each in objects})
        yield [what, f"{len(objects)} objects", f"{sum(each.bytes for each in objects):,}", digest[:_DIGEST]]


def environment_section(provenance: Provenance) -> Section:
    """Return where the run took place, the workflow's functions, and versions."""
    named = {"embedded": "the embedded cloud, on one machine", "aws": "AWS"}
    where = named.get(provenance.cloud, provenance.cloud)
    rows = [
        [each.name, f"{each.memory_mb} MB", f"{each.timeout_seconds} s", f"{each.storage_mb} MB", each.code_sha256]
        for each in provenance.functions
    ]
    tables = [
        Table("Functions", ("function", "memory", "timeout", "storage", "code"), rows),
        versions(provenance.versions),
    ]
    return Section(
        "Environment", f"Ran on {where}, for account {provenance.account} in {provenance.region}.", tables=tables
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
