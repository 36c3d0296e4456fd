"""``lanes workflow new``: a team's own workflow, as a folder that runs at once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003  typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.config.load import Project
    from shared.scaffold.new_folder import NewFolder


class Like(StrEnum):
    """The patterns of ``shared.scaffold.patterns``, as typer reads them."""

    one_step = "one-step"
    map_reduce = "map-reduce"
    fmi = "fmi"
    choice = "choice"


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    workflow = typer.Typer(no_args_is_help=True, help="Teams' own workflows.")
    workflow.callback()(_group)
    workflow.command()(new)
    app.add_typer(workflow, name="workflow")


def _group() -> None:
    """Keep ``new`` a command of a group, though it is the only one."""


def new(
    team: Team,
    name: Annotated[str, typer.Argument(help="The new workflow's name: words with hyphens.")],
    *,
    like: Annotated[Like | None, typer.Option("--like", help="The pattern it follows; one-step when left out.")] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="A state machine to bring in: Amazon States Language, JSON or YAML."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a workflow of the team's own, teams/TEAM/NAME/: card, state machine, handlers, sample, a test that passes.

    Example: lanes workflow new team1 word-count --like map-reduce
    """
    from shared.cli.wiring import open_project
    from shared.scaffold.new_folder import check_new

    if like and source:
        raise UsageError("--like and --from both say what it is to be", fix="leave one out")
    project = open_project(team)
    check_new(project, team, name)
    folder = _folder(project, team, name, like or Like.one_step, source)
    if not dry_run:
        _write(project, folder)
        folder = _as_it_runs(project.root, folder) if source else folder
    _report(folder, dry_run=dry_run, as_json=as_json)


def _folder(project: Project, team: str, name: str, like: Like, source: Path | None) -> NewFolder:
    if source is None:
        from shared.scaffold.patterns import new_like

        return new_like(like.value, team, name)
    from shared.scaffold.bring_in import new_from

    return new_from(source, project, team, name)


def _write(project: Project, folder: NewFolder) -> None:
    """Write *folder* and the stage that goes with it; what cannot be deployed leaves nothing behind."""
    from shared.deploy.chalice.stage import write_config
    from shared.run.valid_project import load_valid
    from shared.scaffold.new_folder import take_away, write

    write(project.root, folder)
    try:
        write_config(load_valid(project.root, [folder.team]))
        console.note("chalice_app/.chalice/config.json has the stage of it")
    except BaseException:
        take_away(project.root, folder)
        raise


def _as_it_runs(root: Path, folder: NewFolder) -> NewFolder:
    """Have the test of a workflow that was brought in say how far it runs, where its made-up answers end too early."""
    from dataclasses import replace

    from shared.scaffold.written import only_so_far
    from shared.testing.errors import MocksDoNotFit
    from shared.testing.first_run import first_run

    try:
        run = first_run(root, folder.team, folder.key, folder.answers)
    except MocksDoNotFit as wrong:
        return replace(folder, notes=(*folder.notes, f"its test cannot run yet: {'; '.join(wrong.problems)}"))
    if run.succeeded:
        return folder
    name = "tests/test_steps.py"
    text = only_so_far(folder.files[name], run.path)
    (root / folder.path / name).write_text(text, encoding="utf-8")
    note = f"with what is made up, a run fails in {run.path[-1]!r}: {run.error}; {folder.path}/steps.py says what is"
    return replace(folder, files={**folder.files, name: text}, notes=(*folder.notes, note))


def _report(folder: NewFolder, *, dry_run: bool, as_json: bool) -> None:
    steps = ["lanes validate", f"lanes run {folder.team} {folder.key}", f"lanes test {folder.team} {folder.key}"]
    if as_json:
        told = {"folder": folder.path, "written": not dry_run, "files": dict(folder.files)}
        console.print_json({**told, "notes": list(folder.notes), "next": steps})
        return
    for name, text in folder.files.items():
        if dry_run:
            console.line(f"--- {folder.path}/{name}")
            console.line(text.rstrip("\n") + "\n")
        else:
            count = len(text.splitlines())
            console.line(f"{folder.path}/{name}  {count} line{'s' * (count != 1)}")
    for note in folder.notes:
        console.note(f"look: {note}")
    console.note("nothing was written" if dry_run else f"next: {', '.join(steps)}")
