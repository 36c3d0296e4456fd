"""``lanes validate``, ``names``, ``print``, ``schema`` and ``team new``: what the project's files say."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AllTeams, AsJson, Check, Team
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.config.load import Project
    from shared.config.naming import Name
    from shared.config.roster import Entry
    from shared.deploy.readback.orphans_found import Orphans
    from shared.values import Json


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.command()(validate)
    app.command()(names)
    app.command("print")(print_team)
    app.command()(schema)
    app.command("codeowners")(write_codeowners)
    team = typer.Typer(no_args_is_help=True, help="Teams' files.")
    team.command()(new)
    app.add_typer(team, name="team")


@on_cloud
def validate(
    teams: Annotated[
        list[str] | None,
        typer.Argument(help="The teams' slugs: leave out what is wrong in other teams' folders.", show_default=False),
    ] = None,
    *,
    every: AllTeams = False,
    deployed: Annotated[
        bool,
        typer.Option("--deployed", help="Also find what is in the cloud and in no file; exit 1 if there is any."),
    ] = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Check all files: naming, settings, teams, cards, handlers, libraries, and templates as Step Functions does.

    It lists every problem with its line. It runs nobody's code. Several teams, and --all, get a row each.

    Example: lanes validate, or lanes validate team2, or lanes validate --all, or lanes validate --deployed --aws
    """
    from dataclasses import asdict

    from shared.cli.many_view import check_which
    from shared.cli.wiring import open_valid
    from shared.config.problems import ConfigError

    asked = list(dict.fromkeys(teams or ()))
    if every or len(asked) > 1:
        check_which(asked, every=every, command="lanes validate")
        _validate_each(asked, where if deployed or where.asked else None, as_json=as_json)
        return
    try:
        project = open_valid(*asked, anew=True)
    except ConfigError as error:
        if not as_json:
            raise
        console.print_json({"valid": False, "problems": [asdict(problem) for problem in error.problems]})
        raise typer.Exit(error.exit_code) from error
    lanes = {name: project.lane(name) for name in asked} or project.teams
    counts = {
        "teams": len(lanes),
        "workflows": sum(len(lane.workflows) for lane in lanes.values()) if asked else len(list(project.cards)),
        "names": sum(len(project.names[name]) for name in lanes),
    }
    left = _orphans(project, where) if deployed or where.asked else None
    if as_json:
        console.print_json({"valid": True, "problems": [], **counts, **(left.data() if left else {})})
    else:
        told = (f"{count} {what.removesuffix('s') if count == 1 else what}" for what, count in counts.items())
        console.line("valid: " + ", ".join(told))
    _tell_orphans(left, as_json=as_json)


def _validate_each(asked: list[str], where: Where | None, *, as_json: bool) -> None:
    """Check the files of each team that is *asked* for, or of all, and what is in the cloud at *where*."""
    from dataclasses import asdict

    from shared.cli.many_view import Row, finish, teams_of
    from shared.cli.wiring import open_each

    project, broken = open_each(*asked)
    names = teams_of(project, asked)
    left = _orphans(project, where) if where else None
    rows = []
    for team in names:
        counts = {"workflows": len(project.lane(team).workflows), "names": len(project.names[team])}
        problems = [asdict(problem) for problem in broken[team].problems] if team in broken else []
        data: dict[str, Json] = {"valid": not problems, "problems": problems, **counts}
        data |= left.of([team], project.teams).data() if left else {}
        figures = {name: str(count) for name, count in counts.items()}
        rows.append(Row(team, "not valid" if problems else "valid", figures, data, broken.get(team)))
    try:
        finish(rows, as_json=as_json)
    finally:
        _tell_orphans(left, as_json=as_json)


def _tell_orphans(left: Orphans | None, *, as_json: bool) -> None:
    """Tell what is *left* in a cloud that was looked at.

    Raises:
        typer.Exit: There is any, or not all could be seen.
    """
    if left and not as_json:
        for line in left.lines() or ["no orphans: all that lanes made is in a team's file"]:
            console.out.print(line)
    if left and (left.found or left.unseen):
        raise typer.Exit(1)


def _orphans(project: Project, where: Where) -> Orphans:
    from shared.cli.wiring import open_cloud
    from shared.deploy.readback.orphans_found import look_for_orphans

    with open_cloud(project, where, list(project.teams.values())) as cloud:
        return look_for_orphans(project, cloud)


def names(team: Team, *, as_json: AsJson = False) -> None:
    """List every name of a team, with its length and AWS's limit.

    Example: lanes names team2
    """
    from shared.cli.wiring import open_project

    project = open_project(team)
    project.lane(team)
    rows = [
        {"kind": n.kind, "component": n.component, "name": n.value, "length": len(n.value), "limit": n.limit}
        for n in project.names[team]
    ]
    if as_json:
        console.print_json(rows)
        return
    kinds: dict[str, list[Name]] = {}
    for each in project.names[team]:
        kinds.setdefault(each.kind, []).append(each)
    for kind, found in kinds.items():
        console.line(f"{kind}, of at most {found[0].limit} characters")
        for each in found:  # no rich table: it would cut the names where the terminal is narrow
            console.line(f"  {len(each.value):3}  {each.value}")


def print_team(team: Team, *, as_json: AsJson = False) -> None:
    """Show a team's file with everything resolved: names, defaults, variables, parameters. It is YAML, or JSON.

    Example: lanes print team2
    """
    import yaml

    from shared.cli.wiring import open_project
    from shared.config.show import resolved

    data = resolved(open_project(team).lane(team))
    if as_json:
        console.print_json(data)
    else:
        text = yaml.safe_dump(data, sort_keys=False, width=120, allow_unicode=True)
        console.out.print(text, end="")


def schema(
    *,
    check: Check = False,
) -> None:
    """Write the JSON Schemas that editors check and complete team files and cards with.

    Example: lanes schema
    """
    from shared.cli.wiring import open_project
    from shared.config.schema import schemas
    from shared.disks import replace_text

    project = open_project()
    fresh = schemas(project)
    paths = {file: project.root / file for file in fresh}
    stale = [file for file, path in paths.items() if not path.is_file() or path.read_text("utf-8") != fresh[file]]
    if check and stale:
        raise LanesError("the schema does not fit the cards and models", where=", ".join(stale), fix="lanes schema")
    for file, path in paths.items():
        if file in stale:
            replace_text(path, fresh[file])
        console.note(f"{file} is {'written' if file in stale else 'fresh'}")


def write_codeowners(*, check: Check = False) -> None:
    """Write .github/CODEOWNERS: a team's file and folder are its members' to review, all else the platform's.

    Example: lanes codeowners
    """
    from shared.cli.wiring import open_project
    from shared.config.codeowners import FILE, check_owners, codeowners
    from shared.config.problems import ConfigError
    from shared.disks import replace_text

    project = open_project()
    if problems := check_owners(project):
        raise ConfigError(problems)
    path, fresh = project.root / FILE, codeowners(project)
    is_fresh = path.is_file() and path.read_text(encoding="utf-8") == fresh
    if check and not is_fresh:
        raise LanesError("it does not fit the teams' files and the settings", where=FILE, fix="lanes codeowners")
    if not is_fresh:
        path.parent.mkdir(exist_ok=True)
        replace_text(path, fresh)
    console.note(f"{FILE} is {'fresh' if is_fresh else 'written'}")


def new(
    slug: Annotated[
        str | None, typer.Argument(help="The new team's slug: [a-z][a-z0-9]{1,11}.", show_default=False)
    ] = None,
    *,
    roster: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ROSTER.CSV",
            help="Several teams, a row for each: slug, owner, members, budget, workflows.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a commented file for a new team, or for each team of a roster.

    A roster is read whole: every problem is told with its line, and then no file is written.

    Example: lanes team new team3

    Example: lanes team new --from roster.csv --dry-run
    """
    from shared.cli.wiring import NO_TEAM, open_project
    from shared.config.new_teams import write_teams
    from shared.config.roster import Entry, read_roster
    from shared.config.show import starter

    if bool(slug) == (roster is not None):
        raise UsageError("which team?", fix="lanes team new SLUG, or --from ROSTER.CSV for several")
    project = open_project(NO_TEAM)  # a folder of the team's may be there already, which has no team yet
    cards = [card for card in project.cards.shared.values() if card]
    if roster:
        entries = read_roster(Path(roster), project.naming, project.teams, [card.key for card in cards])
    else:
        _check_new(project, slug or "")
        entries = [Entry(slug or "", f"{slug}@example.edu")]
    files = {entry.slug: starter(entry, cards) for entry in entries}
    if not dry_run:
        write_teams(project.root, files)
    if as_json:
        console.print_json({"written": not dry_run, "files": [f"teams/{each}.yaml" for each in files]})
    else:
        for entry in entries:
            console.out.print(f"teams/{entry.slug}.yaml{_said(entry) if roster else ''}")
    _say_next(entries, roster=roster is not None, dry_run=dry_run)


def _said(entry: Entry) -> str:
    """Return what the roster says of a team, in words."""
    parts = [entry.owner]
    count = len(entry.members)
    parts += [f"{count} member{'s' * (count > 1)}"] if count else []
    parts += [] if entry.monthly_usd is None else [f"${entry.monthly_usd:.15g} a month"]
    parts += [f"runs {', '.join(entry.workflows)}"] if entry.workflows else []
    return f"  {'; '.join(parts)}"


def _say_next(entries: Sequence[Entry], *, roster: bool, dry_run: bool) -> None:
    if dry_run:
        console.note(f"{len(entries)} files; none was written")
    elif roster:
        console.note(f"{len(entries)} teams; then: lanes render, lanes codeowners, lanes plan TEAM...")
    else:
        slug = entries[0].slug
        console.note(
            f"set the owner in it, then: lanes workflow new {slug} NAME, or choose a shared workflow and lanes render"
        )


def _check_new(project: Project, slug: str) -> None:
    """Refuse a slug that is not allowed, or that a team has already."""
    problems = project.naming.slug_problems(slug)
    if problems:
        free = next(name for number in count(1) if (name := f"team{number}") not in project.teams)
        raise UsageError("; ".join(problems), fix=f"choose another, such as {free}")
    if slug in project.teams:
        raise LanesError(f"there is a team {slug} already; its file was not changed", where=f"teams/{slug}.yaml")
