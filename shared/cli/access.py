"""``lanes access``: who may deploy and run a team's lane, and how to become it."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Annotated

import typer
from typer._click.shell_completion import CompletionItem

from shared.cli import console
from shared.cli.completion import complete_team
from shared.cli.help import LiteralGroup
from shared.cli.options import AsJson, Team
from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer._click import Context

    from shared.config.edit_access import Change

User = Annotated[str | None, typer.Option(metavar="NAME", help="An IAM user of the account.", show_default=False)]
PermissionSet = Annotated[
    str | None, typer.Option(metavar="NAME", help="A permission set of IAM Identity Center.", show_default=False)
]
Github = Annotated[
    str | None,
    typer.Option(
        metavar="OWNER/NAME",
        help="Workflows of a repository: on a --branch, or in an --environment.",
        show_default=False,
    ),
]
Branch = Annotated[str | None, typer.Option(metavar="NAME", help="With --github.", show_default=False)]
Environment = Annotated[str | None, typer.Option(metavar="NAME", help="With --github.", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show how the file would change, and leave it as it is.")]


class _ShowsWithoutVerb(LiteralGroup):
    """``lanes access team2`` shows, as ``lanes access show team2`` does."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put ``show`` before what is no command of the group."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Context, incomplete: str) -> list[CompletionItem]:
        """Return the verbs and the teams."""
        return [*super().shell_complete(ctx, incomplete), *map(CompletionItem, complete_team(incomplete))]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Who may deploy and run a team's lane. Example: lanes access team2",
    )
    group.command()(show)
    group.command()(grant)
    group.command()(revoke)
    app.add_typer(group, name="access", cls=_ShowsWithoutVerb)


def show(team: Team, *, as_json: AsJson = False) -> None:
    """Show who may deploy and run a team's lane by its file, and how each of them becomes the team's deployer.

    lanes isolation prove --deployed tells whether AWS holds the same.

    Example: lanes access team2
    """
    from shared.cli.wiring import open_project
    from shared.isolation.access import ways_in

    lane = open_project(team).lane(team)
    ways = ways_in(lane)
    if as_json:
        console.print_json(
            {
                "role": lane.role_arn(lane.deployer),
                "region": lane.place.region,
                "ways": [each.as_record() for each in ways],
            }
        )
        return
    console.out.print(f"{lane.role_arn(lane.deployer)} is taken by")
    for each in ways:
        console.out.print(f"\n{each.who}")
        for line in each.steps:
            console.out.print(f"  {line}")


def grant(
    team: Team,
    *,
    user: User = None,
    permission_set: PermissionSet = None,
    github: Github = None,
    branch: Branch = None,
    environment: Environment = None,
    dry_run: DryRun = False,
) -> None:
    """Let somebody deploy and run: it writes the team's file, and the platform's next deploy of the lane does it.

    Example: lanes access grant team2 --github uva/lanes --environment team2
    """
    from shared.config.edit_access import granted

    change = _change(user, permission_set, github, branch, environment)
    _edit(team, change, granted, dry_run=dry_run)


def revoke(
    team: Team,
    *,
    user: User = None,
    permission_set: PermissionSet = None,
    github: Github = None,
    branch: Branch = None,
    environment: Environment = None,
    dry_run: DryRun = False,
) -> None:
    """Let somebody in no more. Whoever holds the role's credentials keeps them until they expire, an hour at most.

    Example: lanes access revoke team2 --user ann
    """
    from shared.config.edit_access import revoked

    change = _change(user, permission_set, github, branch, environment)
    _edit(team, change, revoked, dry_run=dry_run)


def _change(
    user: str | None, permission_set: str | None, github: str | None, branch: str | None, environment: str | None
) -> Change:
    """Return whom the options name."""
    from shared.config.edit_access import Change

    fix = "one of --user NAME, --permission-set NAME, --github OWNER/NAME with --branch or --environment"
    if sum(each is not None for each in (user, permission_set, github)) != 1:
        raise UsageError("whom?", fix=fix)
    if (branch or environment) and not github:
        raise UsageError("--branch and --environment say which workflows of --github OWNER/NAME", fix=fix)
    if user is not None:
        return Change("users", user)
    if permission_set is not None:
        return Change("permissionSets", permission_set)
    which = {"branch": branch, "environment": environment}
    return Change("github", {"repository": github or "", **{name: value for name, value in which.items() if value}})


def _edit(team: str, change: Change, edit: Callable[..., str], *, dry_run: bool) -> None:
    """Write the team's file with *change*, if all files are right with it; else it stays as it was."""
    from shared.cli.wiring import open_project
    from shared.config.edit_access import checked
    from shared.disks import replace_text

    project = open_project(team)
    lane = project.lane(team)
    file = f"teams/{team}.yaml"
    path = project.root / file
    before = path.read_text(encoding="utf-8")
    text = edit(before, checked(before, file, project.teams).access, change, file)
    checked(text, file, project.teams)
    for line in unified_diff(before.splitlines(), text.splitlines(), file, file, lineterm=""):
        console.line(line)
    if dry_run:
        console.note(f"{file} was not changed")
        return
    replace_text(path, text)
    console.note(
        f"roles are the platform's: its next lanes deploy {team} changes {lane.deployer} (lanes plan {team} shows it)"
    )
