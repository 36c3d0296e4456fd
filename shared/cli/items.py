"""``lanes items``: the list that a workflow maps over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from shared.config.lane import Lane
    from shared.config.resources import Table


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(help="Lists in a team's table, for item-map.", no_args_is_help=True)
    group.callback()(_group)
    group.command()(load)
    app.add_typer(group, name="items")


def _group() -> None:
    """Keep ``load`` a command of its own: typer would merge a single command with its group."""


@on_cloud
def load(
    team: Annotated[str, typer.Argument(help="Whose table.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON list of texts, or of objects.")],
    *,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Put a list into the team's table, in place of the list that is there.

    The embedded cloud keeps it from lanes up to lanes down. Without lanes up there is no cloud to load it into.

    Example: lanes items load topics statemachines/samples/simplelist.json
    """
    from shared.cli import wiring
    from shared.run.connecting import running_cloud
    from shared.run.items import load_items, read_items

    items = read_items(file)
    project = wiring.open_project(team)
    lane = project.lane(team)
    table = _table(lane)
    if where.embedded and running_cloud(project) is None:
        raise LanesError(
            "no cloud is running that would keep the list: one made for this command ends with it",
            fix="lanes up, then load it again; lanes run finds it there until lanes down",
        )
    with wiring.open_cloud(project, where, [lane]) as cloud:
        wiring.cloud_of(project, cloud).make_deployed(lane)
        load_items(cloud, table, items)
    if as_json:
        console.print_json({"table": table.name, "items": len(items)})
    else:
        console.out.print(f"{table.name}: {len(items)} items")


def _table(lane: Lane) -> Table:
    match lane.tables:
        case [table] if table.sort_key is None and table.key.type == "string":
            return table
        case [table]:
            what = f"a list goes into a table with one key, a string, and {table.name} has another"
            raise UsageError(what, fix="fill it by a function, or by boto3 in a shell that has run lanes env")
        case []:
            fix = f"name a workflow that has one (item-map) under workflows in teams/{lane.team}.yaml"
            raise UsageError(f"team {lane.team} has no table", fix=fix)
        case _:
            raise UsageError(f"team {lane.team} has {len(lane.tables)} tables, and this fills the only one of a team")
