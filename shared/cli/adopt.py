"""``lanes adopt``: takes what was made by hand under a team's names into its lane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team, Yes
from shared.cli.where import Where, on_cloud

if TYPE_CHECKING:
    from shared.aws.target import Target
    from shared.config.lane import Lane
    from shared.deploy.adoption import Adopted, Adoption
    from shared.values import Json

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be changed, and change nothing.")]
_SHOWN = 12  # differences of one thing; a definition has many
_UNTOLD = ("account", "arn", "code_sha256", "path", "url", "value")
"""Properties that say nothing new of a thing, or may be a secret."""
_MARKS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(adopt)


@on_cloud
def adopt(
    team: Team,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Take what already bears a team's names, and is nobody's, into its lane: a bucket full of data, a role, a machine.

    Shows what each is, what would change of it and what follows for what it holds, and asks. Then it is tagged, and the
    team is deployed. Objects, items and messages stay. What is another's is refused, and so is what AWS cannot change.

    Example: lanes adopt team2 --dry-run
    """
    from shared.cli.plan_view import Question, ask_and_carry_out, confirm, watch
    from shared.cli.wiring import cloud_of, open_cloud, open_valid
    from shared.deploy.adoption import check_as_shown, plan_adoption, take_in
    from shared.run.connecting import cloud_state

    project = open_valid(team)
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as aws, cloud_state(project).one_deploy():
        cloud = cloud_of(project, aws)
        deployment = cloud.prepare(lane)
        adoption = plan_adoption(lane, deployment.as_it_stands().wanted(), aws)
        if as_json:
            console.print_json(_as_data(lane, adoption, aws.target))
        if not adoption.adopted:
            console.note(
                f"nothing on {aws.target} bears a name of {team}'s without being the lane's: lanes deploy {team}"
            )
        else:
            _show(lane, adoption, aws.target, quiet=as_json)
        if dry_run or not adoption.adopted:
            cloud.warn_if_brief()
            return
        if not yes:
            kept = f"From then on they are the lane's, and lanes destroy {team} removes them"
            confirm(Question(f"Take these {len(adoption.adopted)} into {team}? {kept}. [y/N] ", "y"))
        take_in(adoption, aws, watch())
        todo = deployment.plan()
        check_as_shown(adoption, todo)
        ask_and_carry_out(todo, aws.target, lambda plan, told: cloud.carry_out(deployment, plan, told), None)
        cloud.warn_if_brief()
    console.note(
        f"{team}: {len(adoption.adopted)} taken in; lanes isolation prove --deployed shows who else may use them"
    )


def _show(lane: Lane, adoption: Adoption, target: Target, *, quiet: bool) -> None:
    """Print what would be done: what is taken in at length, the rest a line each. On stderr where it is no data."""
    where = console.err if quiet else console.out
    where.print(f"{lane.team} on {target}: {len(adoption.adopted)} bear its names and are nobody's")
    for each in adoption.adopted:
        where.print(f"~ {each.have.kind} {each.have.name}", style="yellow")
        for line in _lines(each):
            where.print(f"    {line}", style="dim")
        for line in each.effects:
            where.print(f"    ! {line}", style="bold yellow")
    for step in adoption.others:
        where.print(f"{_MARKS[step.action]} {step}")
    for resource in adoption.left:
        where.print(f"  left alone: {resource.kind} {resource.name}: nobody's, and in no file", style="dim")


def _lines(each: Adopted) -> list[str]:
    """Return what *each* is, and what would change of it; its tags in one line."""
    told = _told(each)
    differs = [line for line in told if not line.startswith("tag ")]
    tags = [line.removeprefix("tag ").partition(":")[0] for line in told if line.startswith("tag ")]
    more = [f"... and {len(differs) - _SHOWN} more (--json has all)"] if len(differs) > _SHOWN else []
    tagged = [f"tags that it gets: {', '.join(tags)}"] if tags else []
    return [f"is: {_what(each)}", *differs[:_SHOWN], *more, *tagged]


def _told(each: Adopted) -> list[str]:
    from shared.deploy.drift import lines_without_values

    return list(lines_without_values(each.step))


def _what(each: Adopted) -> str:
    """Return what a thing is, in short: those of its properties that are a word or a number."""
    have = each.have
    told = {key: value for key, value in have.properties.items() if isinstance(value, str | int) and key not in _UNTOLD}
    tags = " ".join(f"{key}={value}" for key, value in have.tags.items())
    return ", ".join([*(f"{key} {value}" for key, value in told.items()), f"tags {tags}" if tags else "no tags"])


def _as_data(lane: Lane, adoption: Adoption, target: Target) -> dict[str, Json]:
    return {
        "team": lane.team,
        "stage": lane.place.stage,
        "target": target.as_data(),
        "adopted": [
            {
                "kind": each.have.kind,
                "name": each.have.name,
                "is": _what(each),
                "changes": _told(each),
                "effects": list(each.effects),
            }
            for each in adoption.adopted
        ],
        "others": [{"action": step.action, "kind": step.kind, "name": step.name} for step in adoption.others],
        "left": [{"kind": each.kind, "name": each.name} for each in adoption.left],
    }
