"""``lanes secret``: the values of a workflow's secrets, which no file has."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.deploy.secret_values import SecretState


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(help="Values of workflows' secrets, which no file has.", no_args_is_help=True)
    group.command("set")(set_secret)
    group.command("list")(list_all)
    app.add_typer(group, name="secret")


@on_cloud
def set_secret(
    team: Team,
    name: Annotated[str, typer.Argument(metavar="[WORKFLOW/]NAME", help="The secret, as the card calls it.")],
    source: Annotated[
        list[str] | None, typer.Argument(metavar="[-]", help="Read the value from stdin.", show_default=False)
    ] = None,
    *,
    where: Where,
) -> None:
    """Give a secret its value. It is asked for without an echo, or read from a pipe; one line break at its end goes.

    The value is in no file, on no command line and in no output. A later deploy leaves it as it is.

    Example: lanes secret set team2 archive-token

    Example: pass show archive | lanes secret set team2 archive-token -
    """
    from shared.cli import wiring
    from shared.deploy.secret_values import find_secret, set_value
    from shared.run.connecting import running_cloud

    _refuse_value(source or ())
    project = wiring.open_project(team)
    lane = project.lane(team)
    secret = find_secret(lane, name)
    if where.embedded and running_cloud(project) is None:
        raise LanesError(
            "no cloud is running that would keep the value: one made for this command ends with it",
            fix=f"lanes up, lanes deploy {team}, then set it again; or --aws",
        )
    with wiring.open_cloud(project, where, [lane]) as cloud:
        set_value(cloud, lane, secret, _read_value(secret, piped=bool(source)))
    console.note(f"secret {secret} has its value; functions get it when they ask the next time")


@on_cloud
def list_all(
    team: Team,
    *,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """List the secrets of a team's workflows: whether each has a value, and when it was changed. No value is shown.

    Example: lanes secret list team2
    """
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.deploy.secret_values import list_secrets

    project = open_project(team)
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as cloud:
        found = list_secrets(cloud, lane)
        cloud_of(project, cloud).warn_if_brief()
    if as_json:
        console.print_json(
            [
                {
                    **{field: getattr(each, field) for field in ("workflow", "key", "name", "deployed", "has_value")},
                    "changed": each.changed.isoformat() if each.changed else None,
                }
                for each in found
            ]
        )
        return
    if not found:
        console.note(f"no workflow of {team} has a secret")
    for each in found:
        console.out.print(f"{each.workflow}/{each.key:<24} {_told(each, team)}")


def _told(each: SecretState, team: str) -> str:
    if not each.deployed:
        return f"not deployed: lanes deploy {team}"
    if not each.has_value:
        return f"no value yet: lanes secret set {team} {each.workflow}/{each.key}"
    return f"has a value; changed {each.changed:%Y-%m-%d %H:%M} UTC" if each.changed else "has a value"


def _refuse_value(words: Sequence[str]) -> None:
    """Refuse a value on the command line, without repeating it: it is in the shell's history by now.

    Raises:
        UsageError: There is one.
    """
    if list(words) not in ([], ["-"]):
        raise UsageError(
            "a value does not belong on a command line, where histories and lists of processes show it",
            fix="leave it out, and type it when asked; or pipe it in, with - in its place. Take it out of the history",
        )


def _read_value(secret: str, *, piped: bool) -> str:
    """Return the value: what is typed without an echo, or all of stdin where that is asked for or no terminal."""
    if piped or not sys.stdin.isatty():
        return sys.stdin.read().removesuffix("\n").removesuffix("\r")
    return getpass.getpass(f"value of {secret} (it is not shown): ", stream=sys.stderr)
