"""``lanes trace``: a run as an OpenTelemetry trace, sent to a receiver or written into a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from shared.measure.tracing.deliver import Delivered
    from shared.measure.tracing.destination import Receiver
    from shared.measure.tracing.run_spans import RunSpans

_CHILDREN = 200  # half of the histories that AWS gives at once, as everywhere
_STDOUT = "-"


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(trace)


@on_cloud
def trace(
    team: Team,
    run_id: Annotated[str | None, typer.Argument(metavar="RUN", help="Which run; else the newest.")] = None,
    *,
    otlp: Annotated[
        str, typer.Option(metavar="URL|FILE", help="A receiver of OTLP/HTTP, or a file for OTLP's JSON; - for stdout.")
    ],
    children: Annotated[
        int, typer.Option(min=0, help="Child executions whose histories are read, at most; AWS gives 20 a second.")
    ] = _CHILDREN,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Send a run that has ended as an OpenTelemetry trace: its states, calls, invocations and child executions.

    The ids follow from the run's ARN, so sending it twice does no harm. http://localhost:4318 means /v1/traces there.
    Headers, such as one with a token, come from OTEL_EXPORTER_OTLP_HEADERS. Sending takes the extra traces (pip install
    'teamlanes[traces]'); a file takes none.

    Example: lanes trace team2 --otlp http://localhost:4318

    Example: lanes trace team2 20260102T030405Z-a1b2c3 --otlp trace.json
    """
    from shared.cli.wiring import open_cloud, open_project
    from shared.measure.tracing.destination import read_destination
    from shared.measure.tracing.run_spans import RunSpans, find_ended
    from shared.run.connecting import running_cloud

    to = read_destination(otlp, os.environ)
    if as_json and otlp == _STDOUT:
        raise UsageError("stdout cannot hold the trace and this", where="--json", fix="--otlp FILE, or no --json")
    if not isinstance(to, Path):
        _prepare(to)
    project = open_project(team)
    lane = project.lane(team)
    if where.embedded and running_cloud(project) is None:
        raise LanesError(
            "no cloud runs here, and the history of a run ends with its cloud",
            fix=f"lanes up, then lanes run {team} WORKFLOW again; or --aws for a run on AWS",
        )
    with open_cloud(project, where, [lane]) as cloud:
        found, events = find_ended(cloud, lane, run_id)
        spans = RunSpans(cloud, found, events=events, most=children, note=console.note)
        delivered = _deliver(spans, to)
    if as_json:
        about = {"run_id": found.run.id, "execution": found.run.arn, "trace_id": spans.trace.hex()}
        console.print_json({**about, **delivered.as_record(), **spans.counts.as_record()})
    else:
        _tell(spans, delivered, found.run.id, to_stdout=otlp == _STDOUT)
    for line in (*spans.counts.told, *(f"{delivered.to} says: {message}" for message in delivered.messages)):
        console.note(line)
    if delivered.rejected:
        what = f"it refused {delivered.rejected} of {spans.counts.spans} spans"
        raise LanesError(what, where=delivered.to, fix="see what it says above; its log may tell more")


def _prepare(receiver: Receiver) -> None:
    """Find what is missing here before anything is read, and say what others could read.

    Raises:
        UsageError: The extra is not installed.
    """
    import shared.measure.tracing.otlp_protobuf  # noqa: F401  it raises what is missing

    if receiver.in_clear:
        console.note(
            f"{receiver.shown} takes it unencrypted: names, times and errors of the run can be read on the way"
        )


def _deliver(spans: RunSpans, to: Receiver | Path) -> Delivered:
    from importlib import metadata  # 0.1 s

    from shared.measure.tracing import deliver

    version = metadata.version("teamlanes")
    if not isinstance(to, Path):
        from shared.measure.tracing.send import Sender

        return deliver.send(spans, Sender(to, version))
    if str(to) == _STDOUT:
        return deliver.write(spans, sys.stdout, _STDOUT, version)
    return deliver.write_file(spans, to, version)


def _tell(spans: RunSpans, delivered: Delivered, run_id: str, *, to_stdout: bool) -> None:
    counts = spans.counts
    requests = f" in {delivered.requests} requests" if delivered.requests else ""
    lines = (
        f"run    {run_id}",
        f"trace  {spans.trace.hex()}",
        f"spans  {counts.spans}, of {counts.invocations} invocations and {counts.children} child executions",
        f"to     {delivered.to}: {delivered.bytes:,} bytes{requests}",
    )
    for line in lines:
        if to_stdout:
            console.note(line)
        else:
            console.out.print(line)
