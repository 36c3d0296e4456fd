"""``lanes plan``, ``lanes deploy``, ``lanes destroy`` and ``lanes render``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shared.cli import console
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from shared.config.load import Project
    from shared.deploy.aws import Aws
    from shared.deploy.model import Plan, Step

_MARKS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "delete": ("-", "red"),
    "nothing": (" ", "dim"),
}

Team = Annotated[str, typer.Argument(help="The team's slug.")]
UseAws = Annotated[bool, typer.Option("--aws", help="On AWS instead of the embedded cloud.")]
Profile = Annotated[str | None, typer.Option(help="The AWS profile to use with --aws.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Packaged = Annotated[
    bool, typer.Option("--packaged", help="Put the libraries into the zip, as AWS needs it; always so with --aws.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.command()(plan)
    app.command()(deploy)
    app.command()(destroy)
    app.command()(render)


def plan(
    team: Team,
    *,
    aws: UseAws = False,
    profile: Profile = None,
    packaged: Packaged = False,
    as_json: AsJson = False,
) -> None:
    """Show what a deploy of a team would change, and change nothing.

    Example: lanes plan team2
    """
    from shared.cli.wiring import open_cloud, open_project, wants_packages  # noqa: PLC0415  --help is quick
    from shared.deploy import deploy as work  # noqa: PLC0415  as above

    project = open_project()
    lane = project.lane(team)
    with open_cloud(project, aws=aws, profile=profile) as cloud:
        todo = work.plan(lane, project, cloud, packaged=packaged or aws or wants_packages(project))
        _warn_if_brief(project, cloud)
    if as_json:
        console.print_json(_json(todo))
    else:
        _show(todo, console.out)


def deploy(  # noqa: PLR0913  one for each option
    teams: Annotated[list[str], typer.Argument(help="The teams' slugs.")],
    *,
    yes: Yes = False,
    aws: UseAws = False,
    profile: Profile = None,
    packaged: Packaged = False,
    as_json: AsJson = False,
) -> None:
    """Make teams' lanes what their files say: roles, buckets, log groups, functions, state machines.

    On the embedded cloud it goes ahead; on AWS it shows the plan and asks first.

    Example: lanes deploy team1 team2
    """
    from shared.cli.wiring import open_cloud, open_project, wants_packages  # noqa: PLC0415  --help is quick
    from shared.deploy import deploy as work  # noqa: PLC0415  as above

    project = open_project()
    lanes = [project.lane(team) for team in dict.fromkeys(teams)]
    packaged = packaged or aws or wants_packages(project)
    done = []
    with open_cloud(project, aws=aws, profile=profile) as cloud:
        for lane in lanes:
            todo = work.plan(lane, project, cloud, packaged=packaged)
            if todo.changes and aws and not yes:
                _show(todo, console.err)
                _confirm(f"Deploy {lane.team} to account {lane.place.account}? [y/N] ", "y")
            work.carry_out(todo, lane, project, cloud, packaged=packaged, on_step=_tell)
            console.note(f"{lane.team}: {_counts(todo, done=True)}")
            done.append(_json(todo))
        _warn_if_brief(project, cloud)
    if as_json:
        console.print_json(done)


def destroy(
    team: Team,
    *,
    yes: Yes = False,
    aws: UseAws = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Remove all that a team owns, its data too. Asks for the team's name first.

    Example: lanes destroy team2
    """
    from shared.cli.wiring import open_cloud, open_project  # noqa: PLC0415  --help is quick
    from shared.deploy.apply import apply  # noqa: PLC0415  as above
    from shared.deploy.plan import destroy_plan  # noqa: PLC0415  as above

    project = open_project()
    lane = project.lane(team)
    with open_cloud(project, aws=aws, profile=profile) as cloud:
        todo = destroy_plan(lane, cloud)
        if todo.changes and not yes:
            _show(todo, console.err)
            _confirm(f"This removes all data of {team} for good. Type {team} to go on: ", team)
        apply(todo, cloud, on_step=_tell)
        _warn_if_brief(project, cloud)
        console.note(f"{team}: {_counts(todo, done=True)}")
    if as_json:
        console.print_json(_json(todo))


def render(
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 when the file is stale.")] = False,
) -> None:
    """Write Chalice's stages, one for each team, from the teams' files.

    Example: lanes render --check
    """
    from shared.cli.wiring import open_project  # noqa: PLC0415  --help is quick
    from shared.deploy.chalice_stage import config_is_fresh, config_path, write_config  # noqa: PLC0415  as above

    project = open_project()
    path = config_path(project).relative_to(project.root)
    if config_is_fresh(project):
        console.note(f"{path} is fresh")
    elif check:
        raise LanesError("it is not what the teams' files say", where=str(path), fix="lanes render")
    else:
        write_config(project)
        console.note(f"wrote {path}: {len(project.teams)} stages")


def _show(todo: Plan, where: Console) -> None:
    """Print a plan as a diff; what stays as it is is only counted."""
    for step in todo.changes:
        mark, style = _MARKS[step.action]
        where.print(f"{mark} {step.kind} {step.name}", style=style, markup=False, highlight=False)
        for line in step.diff:
            where.print(f"    {line}", style="dim", markup=False, highlight=False)
    where.print(f"{todo.team}: {_counts(todo)}", markup=False, highlight=False)


def _tell(step: Step) -> None:
    """Say that *step* is done, on stderr: progress is not data."""
    mark, style = _MARKS[step.action]
    console.err.print(f"{mark} {step.kind} {step.name}", style=style, markup=False, highlight=False)


def _counts(todo: Plan, *, done: bool = False) -> str:
    if not todo.changes:
        return f"nothing to do ({len(todo.steps)} resources are as they should be)" if todo.steps else "nothing there"
    tally = {action: sum(step.action == action for step in todo.steps) for action in _MARKS}
    words = {"create": "created", "update": "updated", "delete": "deleted"}
    return ", ".join(
        f"{count} {'unchanged' if action == 'nothing' else words[action] if done else f'to {action}'}"
        for action, count in tally.items()
        if count
    )


def _json(todo: Plan) -> dict[str, Any]:
    """Return a plan as data: each step with the calls it stands for."""
    return {
        "team": todo.team,
        "stage": todo.stage,
        "steps": [
            {
                "action": step.action,
                "kind": step.kind,
                "name": step.name,
                "diff": list(step.diff),
                "calls": [_call(call) for call in step.calls],
            }
            for step in todo.steps
        ],
    }


def _call(call: Any) -> dict[str, Any]:
    return {field: getattr(call, field) for field in ("service", "method", "name", "params") if hasattr(call, field)}


def _confirm(question: str, answer: str) -> None:
    """Go on only when *answer* is typed; without a terminal nobody can, so --yes must say it.

    Raises:
        UsageError: Nobody can be asked.
        LanesError: Something else was typed.
    """
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here: stdin is no terminal", fix="add --yes if you are sure")
    console.err.print(question, end="", markup=False, highlight=False)
    if sys.stdin.readline().strip().lower() != answer:
        raise LanesError("not confirmed; nothing was done to it")


def _warn_if_brief(project: Project, cloud: Aws) -> None:
    """Say that an embedded cloud started for one command ends with it."""
    from shared.cli.wiring import outlives_command  # noqa: PLC0415  --help is quick

    if not outlives_command(project, cloud):
        console.note("this embedded cloud began empty and ends with the command; lanes up keeps one")
