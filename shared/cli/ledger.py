"""``lanes ledger``: what a prepaid lane has left, what is reserved, what its runs used; the platform tops it up."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team, Yes
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.aws.client import Aws
    from shared.config.ledger import LedgerService
    from shared.handlers.ledger.account import Account, Ledger, Reservation
    from shared.values import Json

_MOST_TOP_UP = 100_000
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(ledger)


@on_cloud
def ledger(
    team: Team,
    *,
    top_up: Annotated[
        float | None, typer.Option("--top-up", metavar="USD", min=0.01, max=_MOST_TOP_UP, help="Grant so much more.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Show what a prepaid lane has left, what is reserved for runs that go on, and what ended runs used.

    It settles the runs that have ended: what they did not use of their reservations is available again. Only the
    platform may read and top up the ledger.

    Example: lanes ledger team2 --top-up 5
    """
    from botocore.exceptions import ClientError

    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.config.ledger import ledger_service
    from shared.deploy.caller import is_denial
    from shared.deploy.ledger import open_ledger

    project = open_project(team)
    lane = project.lane(team)
    if lane.prepaid is None:
        fix = f"write prepaid: 20.00 into teams/{team}.yaml, and lanes deploy {team}"
        raise UsageError(f"the lane of {team} is not prepaid, so it has no account", fix=fix)
    service = ledger_service(project)
    with open_cloud(project, where, [lane]) as cloud:
        cloud_of(project, cloud).warn_if_brief()
        accounts = open_ledger(service, cloud)
        try:
            account = _settled(service, cloud, accounts, team)
            if top_up is not None:
                if cloud_of(project, cloud).asks_first and not yes:
                    _ask(account, top_up)
                account = _topped_up(cloud, accounts, team, top_up)
            told = accounts.reservations(team), accounts.reservations(team, "done#"), accounts.grants(team)
        except ClientError as error:
            if not is_denial(error):
                raise
            what = f"the ledger is the platform's, and {cloud.caller} may not read it"
            raise LanesError(what, fix="take the platform's role (--as platform), or ask those who run it") from error
    if as_json:
        console.print_json(_record(account, *told))
    else:
        _print(account, *told)


def _settled(service: LedgerService, cloud: Aws, accounts: Ledger, team: str) -> Account:
    """Settle what has ended, and return the account."""
    from shared.deploy.ledger import account_of
    from shared.handlers.ledger.settle import settle_ended

    if account_of(service, cloud, team) is not None:
        settle_ended(accounts, cloud.states, team)
        if account := accounts.account(team):
            return account
    raise LanesError(f"the ledger has no account of {team} here", fix=f"lanes deploy {team}, as the platform")


def _ask(account: Account, top_up: float) -> None:
    from shared.cli.plan_view import Question, confirm
    from shared.handlers.ledger.prices import dollars

    confirm(Question(f"Grant {account.lane} ${top_up:,.2f} beside its {dollars(account.granted)}? [y/N] ", "y"))


def _topped_up(cloud: Aws, accounts: Ledger, team: str, usd: float) -> Account:
    from shared.handlers.ledger.prices import nano

    accounts.top_up(team, nano(usd), cloud.caller, str(uuid.uuid4()))
    account = accounts.account(team)
    if account is None:
        raise LanesError(f"the account of {team} is gone", fix=f"lanes deploy {team}")
    return account


def _record(
    account: Account, going: Sequence[Reservation], ended: Sequence[Reservation], grants: Sequence[dict[str, str | int]]
) -> dict[str, Json]:
    """Return all of it for JSON, in dollars."""

    def usd(amount: int) -> float:
        return amount / 1_000_000_000

    def run(each: Reservation) -> Json:
        told: dict[str, Json] = {"execution": each.arn, "workflow": each.workflow, "at": each.at, "items": each.items}
        return told | {"reserved": usd(each.reserved), "used": None if each.used is None else usd(each.used)}

    sums = ("granted", "available", "reserved", "spent", "kept")
    return {
        "team": account.lane,
        **{name: usd(getattr(account, name)) for name in sums},
        "refused": account.refused,
        "grants": [{**each, "amount": usd(int(each["amount"]))} for each in grants],
        "runs": [run(each) for each in (*going, *ended)],
    }


def _print(
    account: Account, going: Sequence[Reservation], ended: Sequence[Reservation], grants: Sequence[dict[str, str | int]]
) -> None:
    from shared.handlers.ledger.prices import dollars

    rows = [
        ("granted", account.granted, ", ".join(f"{each['by']} {dollars(int(each['amount']))}" for each in grants)),
        ("available", account.available, "for further runs"),
        ("reserved", account.reserved, f"for {len(going)} runs that go on"),
        ("spent", account.spent, f"by runs that have ended, and {account.refused} starts that were refused"),
        ("kept back", account.kept, "for starts that are refused, which cost a transition each"),
    ]
    for name, amount, told in rows:
        console.out.print(f"{name:<10} {dollars(amount):>12}  {told}")
    for each in (*going, *ended)[-_SHOWN:]:
        used = "goes on" if each.used is None else f"used {dollars(each.used)}"
        console.out.print(
            f"{each.arn.rpartition(':')[2]}  {each.workflow:<16} reserved {dollars(each.reserved)}, {used}"
        )
    if account.available + account.kept < 0:
        console.note(
            f"{dollars(account.available + account.kept)}: more starts were refused than was kept back for them"
        )
