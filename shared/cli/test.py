"""``lanes test``: the tests of workflows, and tests made of runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.config.load import Project


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command("test")(run_or_record)


@on_cloud
def run_or_record(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[TEAM [WORKFLOW]] [-- PYTEST-OPTIONS]", show_default=False)
    ] = None,
    *,
    chosen: Annotated[str, typer.Option("-k", metavar="EXPRESSION", help="Only tests whose names match it.")] = "",
    run_id: Annotated[
        str | None, typer.Option("--record", metavar="RUN", help="Make a test of this run instead, and run that.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What the recorded test is called; after the run when left out.")
    ] = None,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Run the tests of a workflow, of all of a team's, or of all teams'. What follows -- goes to pytest as it is.

    They run in the Python that lanes runs in. The tests of a workflow are skipped where a library of its
    requirements.txt is not installed in it.

    --record makes a test of a run that has happened, here or with --aws: what each state was answered, and what came
    of it. Names of the account are left out, and credentials are masked.

    Example: lanes test team2 cosmic

    Example: lanes test team2 -k retries -- --maxfail 1

    Example: lanes test team2 cosmic --record 20260102T030405Z-a1b2c3 --name four-ranks
    """
    from shared.cli import wiring

    names, options = split_names(words or [])
    project = wiring.open_project(*names[:1])
    if run_id is None:
        if where.asked or where.profile or name is not None:
            raise UsageError("tests run on no cloud", fix="--record RUN makes a test of a run that a cloud has had")
        _run(project, names, ["-k", chosen, *options] if chosen else options, as_json=as_json)
    elif chosen or options:
        raise UsageError("--record runs no test", fix=f"lanes test {' '.join(names)} --record {run_id}, then run it")
    else:
        _record(project, names, run_id, name, where, as_json=as_json)


def split_names(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split *words* into names, and the options of pytest's from the first word on that begins with a hyphen."""
    first = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
    return list(words[:first]), list(words[first:])


def _run(project: Project, names: Sequence[str], options: Sequence[str], *, as_json: bool) -> None:
    from shared.testing.suite import folder_of_tests, has_tests, run_tests

    cards = {(team, key): project.card(team, key) for team, key in _workflows(project, names)}
    folders = {folder_of_tests(project.root, card): f"{team} {key}" for (team, key), card in cards.items()}
    ready = [folder for folder in folders if has_tests(folder)]
    if not ready:
        raise _no_test(project, names)
    for folder, name in folders.items():
        if folder not in ready:
            console.note(f"{name} has no test yet")
    summary = run_tests(project.root, ready, options, quiet=as_json)
    if as_json:
        console.print_json(asdict(summary))
    if summary.failed:
        raise typer.Exit(1)


def _record(
    project: Project, names: Sequence[str], run_id: str, name: str | None, where: Where, *, as_json: bool
) -> None:
    from shared.cli.record import record_run

    made = record_run(project, names, run_id, name, where)
    run = f"lanes test {made.team} {made.workflow} -k {made.name}"
    if as_json:
        console.print_json({"files": made.files, "notes": made.notes, "next": [run]})
        return
    for file in made.files:
        count = len((project.root / file).read_text(encoding="utf-8").splitlines())
        console.line(f"{file}  {count} lines")
    for note in made.notes:
        console.note(f"look: {note}")
    console.note(f"next: {run}")


def _workflows(project: Project, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the team and the key of each workflow that *names* mean.

    Raises:
        UsageError: There is none of that name, or there are too many names.
    """
    match names:
        case []:
            return [(team, key) for team, lane in project.teams.items() for key in lane.workflows]
        case [team]:
            return [(team, key) for key in project.lane(team).workflows]
        case [team, key]:
            if key not in project.lane(team).workflows:
                raise unknown("workflow", key, list(project.lane(team).workflows), where=f"team {team}")
            return [(team, key)]
        case _:
            raise UsageError(f"too many names: {' '.join(names)}", fix="lanes test TEAM WORKFLOW [-- PYTEST OPTIONS]")


def _no_test(project: Project, names: Sequence[str]) -> LanesError:
    """Return what to tell where the workflows that *names* mean have no test."""
    from shared.testing.suite import new_tests_folder

    what = f"{' '.join(names)} has no test yet" if names else "no workflow has a test yet"
    fix = f"lanes workflow new {names[0] if names else 'TEAM'} NAME --dry-run shows one"
    if len(names) > 1:
        team, key = names
        folder = new_tests_folder(project.root, project.card(team, key)).relative_to(project.root)
        fix = f"write {folder}/test_{key.replace('-', '_')}.py; {fix}"
    return LanesError(what, fix=fix)
