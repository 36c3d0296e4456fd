"""``lanes history``: who deployed a lane when, and who changed what of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team, read_moment
from shared.cli.where import Where, on_cloud

if TYPE_CHECKING:
    from shared.deploy.changes import Change
    from shared.deploy.deploys import Deploy


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(history)


@on_cloud
def history(
    team: Team,
    *,
    changes: Annotated[
        bool, typer.Option("--changes", help="Also what anybody changed of it, by CloudTrail's event history.")
    ] = False,
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="For --changes: how far back (30m, 12h, 7d, a date); 90d at most.")
    ] = "7d",
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Show who deployed a team's lane, when, from which commit, and whether it finished.

    It is read from the lane's deploy records, of which AWS keeps the last hundred versions. Destroying the lane removes
    them. The embedded cloud keeps the last 5,000 changes, until it ends.

    Example: lanes history team2

    Example: lanes history team2 --changes --since 12h
    """
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.deploy.deploys import read_deploys

    project = open_project(team)
    lane = project.lane(team)
    begun = read_moment(since, datetime.now(UTC))
    with open_cloud(project, where, [lane]) as aws:
        deploys = read_deploys(lane, aws)
        found = None
        if changes:
            from shared.deploy.changes import DAYS, of_lane

            found = of_lane(aws, lane, max(begun, datetime.now(UTC) - timedelta(days=DAYS)))
        cloud_of(project, aws).warn_if_brief()
    if as_json:
        told = {"team": team, "deploys": [each.as_record() for each in deploys]}
        more = {"changes": [each.as_record() for each in found.found]} if found else {}
        back = {"backTo": found.back_to} if found and found.back_to else {}
        console.print_json({**told, **more, **back})
        return
    if not deploys:
        console.note(f"{team}: no deploy is recorded here (lanes deploy {team} writes one)")
    for deploy in deploys:
        console.line(_told(deploy))
    if found:
        console.line(f"changes of what is {team}'s, by anybody ({len(found.found)}):")
        for change in found.found:
            console.line(f"  {_changed(change)}")
        if found.back_to:
            console.note(f"there are more: it was looked back to {_time(found.back_to)} (--since narrows it)")


def _told(deploy: Deploy) -> str:
    record = deploy.record
    steps = ", ".join(f"{count} {action}" for action, count in record.steps.items() if action != "nothing")
    end = "done" if record.complete else "not finished"
    who = record.by or "the embedded cloud's owner"
    words = [_time(record.begun), deploy.writer.ljust(8), end.ljust(12), str(record.revision or "no git").ljust(11)]
    return "  ".join([*words, steps or "nothing to change", who])


def _changed(change: Change) -> str:
    failed = f" failed: {change.error}" if change.error else ""
    return f"{_time(change.when)}  {change.what}  {', '.join(change.names)}  {change.who}{failed}"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
