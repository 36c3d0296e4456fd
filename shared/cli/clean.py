"""``lanes clean``: remove what lanes made and no team's file explains any more."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, DryRun, Yes
from shared.cli.where import Where, on_cloud

if TYPE_CHECKING:
    from shared.aws.target import Target
    from shared.deploy.cleaning import Cleaning
    from shared.deploy.readback.orphans_found import Orphans


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(clean)


@on_cloud
def clean(
    *,
    data: Annotated[bool, typer.Option("--data", help="What holds data goes, too: buckets, tables, queues.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Remove orphans: what carries our tags in this stage, and no team's file makes any more. Shows them, then asks.

    What holds data stays, unless --data is given. What is not tagged as ours is never touched.

    Example: lanes clean --dry-run
    """
    from shared.cli.plan_view import Question, ask_and_carry_out, confirm
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.deploy.apply import apply
    from shared.deploy.cleaning import plan_cleaning
    from shared.deploy.readback.orphans_found import look_for_orphans

    project = open_project()
    with open_cloud(project, where) as aws:
        cloud_of(project, aws).warn_if_brief()
        found = look_for_orphans(project, aws)
        cleaning = plan_cleaning(aws, project.place.stage, found.found, data=data)
        if as_json:
            console.print_json(_as_data(cleaning, found, aws.target, dry_run=dry_run))
        else:
            _show(cleaning, found, aws.target)
        if dry_run or not cleaning.plans:
            return
        if not yes:
            last = "their data goes for good. Type data to go on: " if data else "Go on? [y/N] "
            confirm(Question(f"Remove {_count(cleaning)} on {aws.target}; {last}", "data" if data else "y"))
        for plan in cleaning.plans:
            ask_and_carry_out(plan, aws.target, lambda todo, watch: apply(todo, aws, watch), None)


def _count(cleaning: Cleaning) -> str:
    teams = ", ".join(plan.team for plan in cleaning.plans)
    return f"{cleaning.steps} orphan{'' if cleaning.steps == 1 else 's'} of {teams}"


def _show(cleaning: Cleaning, found: Orphans, target: Target) -> None:
    from shared.cli.plan_view import show

    for plan in cleaning.plans:
        show(plan, target, console.out)
    if cleaning.running:
        console.out.print(f"executions that run there, and are stopped: {cleaning.running}")
    if cleaning.kept:
        console.out.print(f"these stay ({len(cleaning.kept)}):")
    for each in cleaning.kept:
        console.out.print(f"  {each}")
    if not found.found:
        console.out.print("no orphans: all that lanes made is in a team's file")
    for line in found.hidden():
        console.out.print(line)


def _as_data(cleaning: Cleaning, found: Orphans, target: Target, *, dry_run: bool) -> dict[str, object]:
    from shared.cli.plan_view import as_data

    return {
        "plans": [as_data(plan, target) for plan in cleaning.plans],
        "kept": [asdict(each.orphan) | {"fix": each.fix} for each in cleaning.kept],
        "runningExecutions": cleaning.running,
        "orphansUnseen": list(map(str, found.unseen)),
        "dryRun": dry_run,
    }
