"""``lanes isolation``: prove that no team reaches another, show who reaches whom, and what roles may do."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AllTeams, AsJson, Team
from shared.cli.proof_view import told
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.config.platform import RendezvousService
    from shared.deploy.readback.orphans_found import Orphans
    from shared.isolation.proof.account.account import Account, Expected
    from shared.isolation.proof.documents.document import Document

TeamOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--team", help="Only this team; may be given several times. All teams when left out.", show_default=False
    ),
]
DeployedOption = Annotated[bool, typer.Option("--deployed", help="Prove what the cloud holds, not the files.")]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(no_args_is_help=True, help="Prove and show what keeps teams apart.")
    for command in (prove, matrix, policies, platform, quotas):
        group.command()(command)
    app.add_typer(group, name="isolation")


@on_cloud
def prove(
    *,
    teams: TeamOptions = None,
    every: AllTeams = False,
    deployed: DeployedOption = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Prove that no policy and no database role lets a team past its own names. If one does, name it and exit 1.

    Example: lanes isolation prove --all, or with --team team2, or with --deployed --aws
    """
    from shared.cli.wiring import open_project
    from shared.deploy.proved import prove_files
    from shared.iam.catalogue import load_catalogue
    from shared.isolation.proof.account.outsiders import with_account
    from shared.isolation.proof.names.commons import commons_of
    from shared.isolation.proof.names.disjoint import name_rules
    from shared.isolation.proof.proof import prove as prove_documents

    if every and teams:
        raise UsageError("--all is every team, and teams are named beside it", fix="leave one of them out")
    project, asked = open_project(), tuple(dict.fromkeys(teams or ()))
    left = None
    if deployed or where.asked:
        documents, account, left = _deployed(project, asked, where)
        rules, catalogue = name_rules(project.naming, commons_of(project.settings)), load_catalogue()
        proof = prove_documents(documents, project.place, rules, catalogue)
        proof = with_account(proof, account, project.place, catalogue, _expected(project))
    else:
        proof = prove_files(project, *asked)
    if as_json:
        console.print_json({"proved": proof.holds, **asdict(proof), **(left.data() if left else {})})
    else:
        for line in (*told(proof), *(left.lines() if left else ())):
            console.out.print(line)
    if not proof.holds:
        raise typer.Exit(1)


def matrix(*, as_json: AsJson = False) -> None:
    """Show which services of each team (column) the roles of each team (row) can reach. It should be their own only.

    Example: lanes isolation matrix
    """
    from shared.cli.wiring import open_project
    from shared.iam.catalogue import load_catalogue
    from shared.isolation.proof.matrix import reach_matrix

    project = open_project()
    table = reach_matrix(_documents(project, None), project.place, load_catalogue())
    crossings = [
        (one, other) for one, row in table.items() for other, reached in row.items() if reached and one != other
    ]
    if as_json:
        console.print_json({"teams": list(table), "reach": table, "crossings": crossings})
    else:
        for line in _columns([["", *table], *([one, *_cells(one, row)] for one, row in table.items())]):
            console.out.print(line)
        pairs = len(table) * (len(table) - 1)
        console.note(
            f"{len(crossings)} of {pairs} ordered pairs of teams reach across; the diagonal is each team's own"
        )
    if crossings:
        raise typer.Exit(1)


def policies(team: Team) -> None:
    """Print every IAM document of a team as JSON: those of its roles, its people, its boundaries and its bucket.

    Example: lanes isolation policies team2
    """
    from shared.cli.wiring import open_project

    project = open_project()
    project.lane(team)
    console.print_json([asdict(document) for document in _documents(project, team)])


def platform(
    *,
    resources: Annotated[
        bool, typer.Option("--resources", help="Print the second policy, for tables, queues, topics and the like.")
    ] = False,
    rendezvous: Annotated[
        bool, typer.Option("--rendezvous", help="Print the third policy, for running the rendezvous.")
    ] = False,
) -> None:
    """Print the policy of the platform's role as JSON. The role makes whole lanes, but only roles under our boundaries.

    A managed policy of AWS's is too short for all, so the role has three.

    Example: lanes isolation platform > platform-policy.json
    """
    from shared.cli.wiring import open_project
    from shared.config.platform import rendezvous_service
    from shared.isolation.roles.platform_role import platform_policy
    from shared.isolation.roles.rendezvous_role import rendezvous_policy
    from shared.isolation.roles.resources_role import resources_policy

    project = open_project()
    if rendezvous:
        policy = rendezvous_policy(rendezvous_service(project))
    else:
        policy = (resources_policy if resources else platform_policy)(project.place)
    console.print_json(policy.document())


@on_cloud
def quotas(*, where: Where, as_json: AsJson = False) -> None:
    """Compare the concurrency that teams reserve with the account's limit, and name Maps that need more than theirs.

    Example: lanes isolation quotas
    """
    from shared.cli.wiring import open_project
    from shared.config.template import render_definition
    from shared.deploy.concurrency import crowded_maps, plan_reservations

    project = open_project()
    settings = project.settings.limits.concurrency
    limit = _account_limit(project, where) if where.asked else settings.account
    lanes = project.teams.values()
    planned = plan_reservations(lanes, limit=limit, unreserved=settings.unreserved)
    crowded = {
        lane.team: [str(found) for key in lane.workflows for found in crowded_maps(lane, render_definition(lane, key))]
        for lane in lanes
    }
    if as_json:
        console.print_json({**asdict(planned), "total": planned.total, "free": planned.free, "crowded": crowded})
        return
    for line in _columns([["team", "reserved"], *([team, str(count)] for team, count in planned.teams.items())]):
        console.out.print(line)
    console.note(f"{planned.total} of {limit} reserved, {settings.unreserved} kept unreserved, {planned.free} free")
    for team, found in crowded.items():
        for line in found:
            console.note(f"{team}: {line}")


def _documents(project: Project, team: str | None) -> list[Document]:
    from shared.deploy.documents import lane_documents

    return [document for lane in _lanes(project, *([team] if team else ())) for document in lane_documents(lane)]


def _service(project: Project) -> RendezvousService | None:
    from shared.config.platform import rendezvous_service

    return rendezvous_service(project) if project.settings.rendezvous.service else None


def _expected(project: Project) -> Expected:
    """Return who reaches teams by design: the settings' operators, who has the platform's policies, and the ledger."""
    from shared.config.ledger import ledger_service
    from shared.config.ledger_name import LEDGER
    from shared.iam.statements import read_identity_policy
    from shared.isolation.proof.account.account import Expected
    from shared.isolation.roles.ledger_role import ledger_policy
    from shared.isolation.roles.platform_role import platform_policy
    from shared.isolation.roles.rendezvous_role import rendezvous_policy
    from shared.isolation.roles.resources_role import resources_policy

    service = _service(project)
    lanes = [platform_policy(project.place), resources_policy(project.place)]
    policies = [*lanes, *([rendezvous_policy(service)] if service else [])]
    ledger = ledger_service(project)
    own = ledger.lane.functions[LEDGER]
    may = ledger_policy(project.place, ledger.table.name, own.log_group)
    return Expected(
        project.settings.operators,
        tuple(read_identity_policy("platform", each.document()) for each in policies),
        (f"role/{own.role}", read_identity_policy(LEDGER, may.document())),
    )


def _deployed(project: Project, teams: Sequence[str], where: Where) -> tuple[list[Document], Account, Orphans]:
    from shared.cli.wiring import open_cloud
    from shared.deploy.readback.account import read_account
    from shared.deploy.readback.lanes import deployed_documents, documents_of_service
    from shared.deploy.readback.orphans_found import look_for_orphans
    from shared.deploy.readback.sight import Sight
    from shared.isolation.proof.documents.document import DocumentKind

    service = None if teams else _service(project)
    lanes = _lanes(project, *teams)
    sight = Sight()
    with open_cloud(project, where, [*lanes, *([service.lane] if service else [])]) as cloud:
        documents = [document for lane in lanes for document in deployed_documents(lane, cloud, sight)]
        own = documents_of_service(service, cloud, sight) if service else []
        if not documents and not own:
            raise LanesError(
                "nothing is deployed, so there is nothing to prove", fix="lanes up, then lanes deploy TEAM"
            )
        rendezvous = {each.attached for each in own if each.kind is not DocumentKind.BOUNDARY}
        account = read_account([*lanes, *([service.lane] if service else [])], cloud, sight, rendezvous)
        return [*documents, *own], account, look_for_orphans(project, cloud)


def _lanes(project: Project, *teams: str) -> list[Lane]:
    return [project.lane(team) for team in teams] or list(project.teams.values())


def _account_limit(project: Project, where: Where) -> int:
    from shared.cli.wiring import open_cloud

    with open_cloud(project, where) as cloud:
        return cloud.lambda_.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]


def _cells(team: str, row: dict[str, tuple[str, ...]]) -> list[str]:
    return ["own" if other == team else ",".join(reached) or "-" for other, reached in row.items()]


def _columns(rows: list[list[str]]) -> list[str]:
    """Return plain, aligned lines. A rich table would cut the names where the terminal is narrow."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
