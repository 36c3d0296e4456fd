"""``lanes cost``: what runs cost, estimated at list prices, and what AWS billed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.completion import complete_team
from shared.cli.options import AllTeams, AsJson, read_moment
from shared.cli.where import Where, on_cloud
from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.load import Project
    from shared.measure.billing.bill import Bill
    from shared.measure.billing.cost import Cost
    from shared.measure.billing.month import Month


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(cost)


@on_cloud
def cost(
    team: Annotated[
        str | None,
        typer.Argument(metavar="TEAM", help="The team's slug.", autocompletion=complete_team, show_default=False),
    ] = None,
    run_id: Annotated[str | None, typer.Argument(metavar="RUN", help="One run, or last; all when left out.")] = None,
    *,
    every: AllTeams = False,
    since: Annotated[str | None, typer.Option(help="From when on: 12h, 7d, or a date.  [default: 30d]")] = None,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="A calendar month, UTC; with --all, by default the current.")
    ] = None,
    billed: Annotated[
        bool, typer.Option("--billed", help="With --all: ask AWS Cost Explorer what was billed; $0.01 a request.")
    ] = False,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Estimate what a run, or all that a team ran, costs: by run, workflow and month; or all teams by their budgets.

    Example: lanes cost --all --month 2026-11
    """
    from shared.cli.many_view import check_which
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.measure.billing.month import month_of, read_month

    check_which([team] if team else [], every=every, command="lanes cost", several=False)
    _check_options(run_id, since, month, every=every, billed=billed)
    now = datetime.now(UTC)
    chosen = read_month(month, now) if month else None
    project = open_project(*([team] if team else []))
    lanes = [project.lane(each) for each in ([team] if team else project.teams)]
    with open_cloud(project, where, lanes) as cloud:
        cloud_of(project, cloud).warn_if_brief()
        if team is None:
            _cost_of_all(cloud, project, chosen or month_of(now), now, billed=billed, as_json=as_json)
        elif run_id:
            _cost_of_run(cloud, project, team, run_id, as_json=as_json)
        else:
            begins = chosen.begins if chosen else read_moment(since or "30d", now)
            _cost_of_team(cloud, project, team, begins, chosen.ends if chosen else None, as_json=as_json)


def _check_options(run_id: str | None, since: str | None, month: str | None, *, every: bool, billed: bool) -> None:
    """Check that the options go together.

    Raises:
        UsageError: They do not.
    """
    if since and (month or every):
        raise UsageError("--since and a month are two spans of time", fix="leave --since out, or name one team")
    if run_id and (since or month):
        raise UsageError("a run has its own time", where="--month" if month else "--since", fix="leave it out")
    if billed and not every:
        raise UsageError("AWS tells the bill of all teams at once", where="--billed", fix="lanes cost --all --billed")


def _cost_of_run(cloud: Aws, project: Project, team: str, run_id: str, *, as_json: bool) -> None:
    from shared.measure.billing.express_offer import express_offer, unseen_children
    from shared.measure.billing.measured_run import read_measured
    from shared.run.find import find_named

    lane = project.lane(team)
    measured = read_measured(cloud, find_named(cloud, lane, run_id))
    if as_json:
        console.print_json(measured.cost.as_record())
    else:
        _print_items(measured.cost)
    of = lane, measured.found.run.workflow, measured.trace
    for told in (unseen_children(*of), express_offer(*of, measured.cost)):
        if told:
            console.note(told)
    _say_what_it_is(measured.cost)


def _cost_of_team(
    cloud: Aws, project: Project, team: str, since: datetime, until: datetime | None, *, as_json: bool
) -> None:
    from shared.measure.billing.bill import price_team
    from shared.run.express import untold_runs

    lane = project.lane(team)
    bill = price_team(cloud, lane, since, until)
    for line in untold_runs(lane):
        console.note(f"{line}; the bill counts their functions, not the machine")
    if as_json:
        console.print_json(bill.as_record())
    else:
        _print_bill(bill)
    _say_what_it_is(bill.total)


def _cost_of_all(cloud: Aws, project: Project, month: Month, now: datetime, *, billed: bool, as_json: bool) -> None:
    from shared.cli.many_view import Row, finish, for_each, teams_of
    from shared.cli.spending_view import closing_lines, figures, words
    from shared.measure.billing.billed import read_billed
    from shared.measure.billing.cost import dollars
    from shared.measure.billing.spending import by_share, spent_by
    from shared.run.express import untold_runs

    teams = teams_of(project, ())
    bill = read_billed(cloud, month, now) if billed else None  # first, since whoever may not hears it at once
    found = {}

    def price(team: str, _: object) -> Row:
        spent = found[team] = spent_by(cloud, project.lane(team), month, now, teams=len(teams))
        return Row(team, dollars(spent.usd))

    failed = [row for row in for_each(teams, price, "pricing") if row.error]
    spendings = by_share(found.values())
    rows = [
        Row(each.team, words(each), figures(each, bill), each.as_record() | (bill.beside(each) if bill else {}))
        for each in spendings
    ]
    for each in spendings:
        for line in untold_runs(project.lane(each.team)):
            console.note(f"{each.team}: {line}; the estimate counts their functions, not the machine")
    try:
        finish([*rows, *failed], as_json=as_json)
    finally:
        if spendings and not as_json:
            for line in closing_lines(spendings, month, bill):
                console.line(line)
        if bill:
            console.note(bill.told)
        if spendings:
            _say_what_it_is(*(each.cost for each in spendings))


def _print_bill(bill: Bill) -> None:
    from shared.measure.billing.cost import dollars

    for name, (workflow, cost) in bill.runs.items():
        console.out.print(f"{name}  {workflow:<16} {dollars(cost.usd):>12}")
    for heading, costs in (("workflow", bill.workflows), ("month", bill.months)):
        for name, cost in costs.items():
            console.out.print(f"{heading:<9} {name:<32} {dollars(cost.usd):>12}")
    _print_items(bill.total)
    if bill.unread:
        console.note(
            f"{bill.unread} runs, the oldest, count as average ones: AWS lets only so many histories be read at once"
        )


def _print_items(cost: Cost) -> None:
    from shared.measure.billing.cost import dollars

    for item in cost.items:
        text = f"{item.label:<26} {item.quantity:>18}  x ${item.price:.10f} = {dollars(item.usd):>12}"
        console.out.print(text)
    console.out.print(f"{'total, estimated':<26} {dollars(cost.usd):>52}")


def _say_what_it_is(*costs: Cost) -> None:
    from shared.measure.billing.cost import lacking, read_prices
    from shared.measure.billing.log_sample import MOST_LINES

    console.note(
        f"{read_prices().told}; logs of functions are counted in {MOST_LINES:,} lines of each, the others as on average"
    )
    for line in lacking(costs):
        console.note(line)
