"""``lanes verify``: whether the figures of reports follow from what was run."""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from pathlib import Path  # noqa: TC003  typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.config.load import Project
    from shared.measure.verifying.grade import Alone
    from shared.measure.verifying.rerun import Bench
    from shared.measure.verifying.verdict import Verdict

_TIMES = 3  # runs that are made again: of two, a figure might be the same by chance
_PATIENCE = 300  # seconds
_MOST_FINDINGS = 20
_LONGEST = 60  # characters of what a figure says
_BEFORE = 20  # of them before what is other


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(verify)


def verify(
    place: Annotated[Path, typer.Argument(metavar="REPORT|FOLDER", help="A report, or a folder of reports.")],
    *,
    no_run: Annotated[bool, typer.Option("--no-run", help="Hold reports to themselves alone; make no run.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="A folder with data of runs, which is found by its digests.", exists=True)
    ] = None,
    times: Annotated[int, typer.Option(min=2, max=20, help="How often each run is made again.")] = _TIMES,
    patience: Annotated[float, typer.Option(min=1, help="The seconds that one run may take.")] = _PATIENCE,
    as_json: AsJson = False,
) -> None:
    """Say of each report whether its figures follow, and name those that do not.

    A report is held to itself; then its run is made again on an embedded cloud of its own, with this project's code.
    Exit code 1 unless all of them follow.

    Example: lanes verify submissions/

    Example: lanes verify reports/team2-20260102T030405Z-a1b2c3 --no-run
    """
    from shared.measure.verifying.grade import hold_alone, with_runs, without_runs
    from shared.measure.verifying.submission import find_submissions
    from shared.measure.verifying.verdict import Verdict

    found, empty = find_submissions(place)
    alone = list(hold_alone(found, console.note))
    if no_run:
        verdicts = without_runs(alone)
    else:
        project = _project_of(alone)
        with contextlib.ExitStack() as open_parts:

            @functools.cache
            def bench() -> Bench:
                return _open_bench(project, open_parts, data, times, patience)

            verdicts = with_runs(alone, project, bench, console.note)
    nothing = [Verdict(name, "", "cannot be read", why="there is no report in it") for name in empty]
    verdicts = sorted([*verdicts, *nothing], key=lambda each: each.name)
    if as_json:
        console.print_json([each.as_record() for each in verdicts])
    else:
        _show(verdicts)
    if not all(each.good for each in verdicts):
        raise typer.Exit(1)


def _project_of(alone: Sequence[Alone]) -> Project:
    """Return this project, as far as it concerns the teams whose runs are reported."""
    from shared.cli.wiring import NO_TEAM, open_valid
    from shared.measure.reports.evidence import RunManifest

    manifests = (each.manifest for each in alone)
    teams = {each.evidence.run.team for each in manifests if isinstance(each, RunManifest)}
    return open_valid(*(sorted(teams) or [NO_TEAM]))


def _open_bench(project: Project, parts: contextlib.ExitStack, data: Path | None, times: int, patience: float) -> Bench:
    """Start an embedded cloud, which ends with *parts*."""
    from shared.cli.wiring import own_cloud
    from shared.measure.verifying.rerun import Bench
    from shared.run.connecting import rehearsal_of

    console.note("starting an embedded cloud for the runs")
    aws = parts.enter_context(own_cloud(project))
    return Bench(project, aws, rehearsal_of(project, aws, console.note), data, times, patience)


def _show(verdicts: Sequence[Verdict]) -> None:
    """Print a row for each submission, and below the table what does not follow."""
    from rich.table import Table

    table = Table()
    for heading in ("submission", "run", "verdict", "figure", "says", "follows"):
        table.add_column(heading, overflow="fold")
    for each in verdicts:
        table.add_row(each.name, each.run, each.outcome, *_first(each))
    console.out.print(table)
    for each in verdicts:
        _show_one(each, whole=len(verdicts) == 1)
    counts = Counter(each.outcome for each in verdicts)
    console.out.print(", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()))


def _first(verdict: Verdict) -> tuple[str, str, str]:
    """Return the first figure that does not follow, what it says and what follows; or why nothing is known."""
    if not verdict.findings:
        return verdict.why, "", ""
    first, more = verdict.findings[0], len(verdict.findings) - 1
    return f"{first.figure} (+{more})" if more else first.figure, *shortened(first.says, first.follows)


def _show_one(verdict: Verdict, *, whole: bool) -> None:
    """Print what does not follow of one submission; and what was not judged, of the only one."""
    if len(verdict.findings) > 1 or (verdict.findings and whole):
        console.out.print(f"\n{verdict.name}: {len(verdict.findings)} figures do not follow")
        for each in verdict.findings[:_MOST_FINDINGS]:
            says, follows = shortened(each.says, each.follows)
            console.out.print(f"  {each.figure}: says {says}, follows {follows} ({each.why})")
        if len(verdict.findings) > _MOST_FINDINGS:
            console.out.print(f"  and {len(verdict.findings) - _MOST_FINDINGS} more; --json has all")
    if verdict.findings and verdict.why:
        console.out.print(f"  its run was not made again: {verdict.why}")
    if whole:
        for line in verdict.notes:
            console.out.print(f"  {line}")


def shortened(says: str, follows: str) -> tuple[str, str]:
    """Return two texts that differ, each short enough for a line, and with what is other in it."""
    pairs = enumerate(zip(says, follows, strict=False))
    same = next((place for place, (one, other) in pairs if one != other), min(len(says), len(follows)))
    begin = max(0, same - _BEFORE) if max(len(says), len(follows)) > _LONGEST and same > _LONGEST - _BEFORE else 0
    return _short(says, begin), _short(follows, begin)


def _short(text: str, begin: int) -> str:
    rest = f"...{text[begin:]}" if begin else text
    return rest if len(rest) <= _LONGEST else f"{rest[: _LONGEST - 3]}..."
