"""``lanes archive``: all of a lane in open formats, to keep when it goes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.completion import complete_team
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared.archive.index import Entry, Index
    from shared.archive.make import Tally
    from shared.archive.manifest import Head
    from shared.archive.stores import Store
    from shared.archive.subject import Subject
    from shared.aws.client import Aws
    from shared.config.load import Project

_SHOWN = 20  # problems
_EVERY = 10_000  # files between two lines, where there is no terminal


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(archive)


@on_cloud
def archive(
    team: Annotated[
        str | None, typer.Argument(metavar="TEAM", help="The team's slug.", autocompletion=complete_team)
    ] = None,
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DIR|s3://BUCKET/PREFIX", help="Where the archive goes.")
    ] = None,
    check: Annotated[
        str | None,
        typer.Option("--check", metavar="DIR|s3://BUCKET/PREFIX", help="Read this archive, and say what is wrong."),
    ] = None,
    reports: Annotated[
        bool, typer.Option("--reports/--no-reports", help="A report of each run: seconds a run.")
    ] = True,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Keep all of a lane in open formats: objects, items, runs, logs, reports, costs, definitions, and a manifest.

    Interrupted, or with more to keep, the same command goes on from what is there. lanes destroy TEAM --archived then
    removes a lane only if its archive has all that is in it.

    Example: lanes archive team2 --to archives/team2

    Example: lanes archive --check archives/team2
    """
    if check is not None and (team or to):
        raise UsageError("--check takes neither a team nor --to", fix="lanes archive --check DIR")
    if check is not None:
        _check(check, where, as_json=as_json)
    elif team is None or to is None:
        raise UsageError("which team, and where to?", fix="lanes archive TEAM --to DIR")
    else:
        _make(team, to, where, reports=reports, as_json=as_json)


def _make(team: str, to: str, where: Where, *, reports: bool, as_json: bool) -> None:
    from importlib import metadata

    from shared.archive.make import make_archive
    from shared.archive.subject import Subject
    from shared.archive.where import store_at
    from shared.cli.wiring import cloud_of, open_cloud, open_project

    project = open_project(team)
    check_file(team, project, "to archive")
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as aws:
        cloud_of(project, aws).warn_if_brief()
        store = store_at(to, project, aws)
        with _progress(f"archiving {team}") as on_part:
            tool = f"lanes {metadata.version('teamlanes')}"
            head, tally = make_archive(Subject(project, lane, aws), store, tool, reports=reports, on_part=on_part)
    if as_json:
        console.print_json({"archive": str(store), **_as_data(head), "stored": tally.stored, "kept": tally.kept})
    else:
        _show(store, head, tally)
    if head.missing:
        raise LanesError(
            f"{len(head.missing)} things could not be read:{_listed(head.missing)}",
            where=str(store),
            fix="mend the cause",
            again=True,
        )


def _check(place: str, where: Where, *, as_json: bool) -> None:
    from shared.archive.where import S3
    from shared.cli.wiring import NO_TEAM, open_cloud, open_project

    project = open_project(NO_TEAM)
    with contextlib.ExitStack() as stack:
        aws = stack.enter_context(open_cloud(project, where)) if place.startswith(S3) else None
        store, head, index = _opened(place, project, aws)
        stack.callback(index.close)
        problems = [*_unfinished(head), *_damaged(store, head, index)]
    if as_json:
        console.print_json({"archive": str(store), **_as_data(head), "problems": problems})
    elif not problems:
        console.out.print(f"{store}: {_whose(head)}\n{_size(head)}: all are there, and as they were archived")
    if problems:
        raise LanesError(
            f"{len(problems)} things are wrong with this archive of {head.team}:{_listed(problems)}",
            where=str(store),
            fix=f"lanes archive {head.team} --to {place} fetches it again, while the lane is there",
        )


def check_archived(subject: Subject, place: str) -> Callable[[], None]:
    """Refuse to go on unless the archive at *place* is whole, and has all of the lane.

    Returns:
        What compares it with the lane once more, for the moment before the lane goes.

    Raises:
        LanesError: It is not so; what is missing is named.
    """
    project, lane, aws = subject
    store, head, index = _opened(place, project, aws)
    from shared.archive.hold import not_held
    from shared.archive.make import head_of

    if head.whose != head_of(lane).whose:
        raise UsageError(f"this is the archive of another lane: {_whose(head)}", where=str(store))

    def refuse(problems: list[str]) -> None:
        if problems:
            raise LanesError(
                f"the archive does not hold all of {lane.team}; nothing was removed:{_listed(problems)}",
                where=str(store),
                fix=f"lanes archive {lane.team} --to {place}, then again",
            )

    def compare() -> None:
        refuse(list(not_held(subject, store, index)))

    unproven: set[str] = set()
    refuse([*_unfinished(head), *_damaged(store, head, index, lambda entry: unproven.add(entry.path))])
    refuse(list(not_held(subject, store, index, unproven)))
    console.note(f"{store} holds all of {lane.team}: {_size(head)}, {_whose(head)}")
    return compare


def check_file(team: str, project: Project, what: str) -> None:
    """Check that there is a file of *team*: it says *what* to do. No nearest name is told: it would be another's data.

    Raises:
        UsageError: There is none.
    """
    if team not in project.teams:
        raise UsageError(
            f"there is no teams/{team}.yaml, which says what {what}",
            fix=f"bring the file back (git log -- teams/{team}.yaml finds it), destroy the team, then delete the file; "
            "or lanes clean, which removes what no file explains",
        )


def _opened(place: str, project: Project, aws: Aws | None) -> tuple[Store, Head, Index]:
    from shared.archive.manifest import open_archive
    from shared.archive.where import store_at

    store = store_at(place, project, aws)
    return store, *open_archive(store)


def _unfinished(head: Head) -> list[str]:
    return [f"when it was made, this could not be read: {each}" for each in head.missing]


def _damaged(store: Store, head: Head, index: Index, on_unproven: Callable[[Entry], object] = id) -> list[str]:
    from shared.archive.hold import damaged
    from shared.cli.data import progress

    with progress("reading", head.bytes, "bytes") as advance:
        return list(damaged(store, index, lambda entry: advance(entry.stored.size), on_unproven))


@contextlib.contextmanager
def _progress(what: str) -> Iterator[Callable[[Tally], None]]:
    """Show how far an archive is: a line that moves on a terminal, a line now and then elsewhere."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    told = 0

    def tell(tally: Tally) -> None:
        nonlocal told
        done = tally.stored + tally.kept
        line = f"{what}: {tally.stored:,} files stored, {_bytes(tally.bytes)}; {tally.kept:,} were there"
        if console.err.is_terminal:
            bars.update(bar, description=line)
        elif done // _EVERY > told:
            told = done // _EVERY
            console.note(line)

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=console.err, transient=True, disable=not console.err.is_terminal) as bars:
        bar = bars.add_task(what, total=None)
        yield tell


def _show(store: Store, head: Head, tally: Tally) -> None:
    console.out.print(f"{store}: {_whose(head)}")
    console.out.print(f"{_size(head)}; {tally.stored:,} stored now ({_bytes(tally.bytes)}), {tally.kept:,} were there")
    for sort, count in head.counts.items():
        files, size = (int(str(as_mapping(count)[key])) for key in ("files", "bytes"))
        console.out.print(f"  {sort:<12} {files:>9,} files {_bytes(size):>12}")
    for each in head.left_out:
        console.note(f"not in it: {each}")


def _as_data(head: Head) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(head)


def _whose(head: Head) -> str:
    return (
        f"{head.team}, stage {head.stage}, account {head.account} in {head.region}, archived {head.made} by {head.by}"
    )


def _size(head: Head) -> str:
    return f"{head.files:,} files, {_bytes(head.bytes)}"


def _bytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MB"


def _listed(problems: Iterable[str]) -> str:
    lines = list(problems)
    more = f"\n  and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "".join(f"\n  {line}" for line in lines[:_SHOWN]) + more
