"""``lanes cost``: what runs cost, estimated at list prices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud

if TYPE_CHECKING:
    from shared.measure.billing.bill import Bill
    from shared.measure.billing.cost import Cost


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(cost)


@on_cloud
def cost(
    team: Team,
    run_id: Annotated[str | None, typer.Argument(metavar="[RUN]", help="One run; all of the time otherwise.")] = None,
    *,
    since: Annotated[str, typer.Option(help="From when on: 12h, 7d, or a date.")] = "30d",
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Estimate what a run, or all that a team ran, costs: by run, workflow and month.

    Example: lanes cost team2
    """
    from shared.cli.deploy import warn_if_brief
    from shared.cli.metrics import moment
    from shared.cli.wiring import open_cloud, open_project
    from shared.measure.billing.bill import price_found, price_team
    from shared.run.find import find_run

    project = open_project()
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as cloud:
        warn_if_brief(project, cloud)
        if run_id:
            priced = price_found(cloud, find_run(cloud, lane, run_id))
            if as_json:
                console.print_json(priced.as_record())
            else:
                _print_items(priced)
        else:
            bill = price_team(cloud, lane, moment(since, datetime.now(UTC)))
            if as_json:
                console.print_json(_record(bill))
            else:
                _print_bill(bill)
    _say_what_it_is()


def _record(bill: Bill) -> dict[str, object]:
    return {
        "total": bill.total.as_record(),
        "unread_runs": bill.unread,
        "months": {name: cost.usd for name, cost in bill.months.items()},
        "workflows": {name: cost.usd for name, cost in bill.workflows.items()},
        "runs": [{"run": name, "workflow": flow, "usd": cost.usd} for name, (flow, cost) in bill.runs.items()],
    }


def _print_bill(bill: Bill) -> None:
    from shared.measure.billing.cost import dollars

    for name, (workflow, cost) in bill.runs.items():
        console.out.print(f"{name}  {workflow:<16} {dollars(cost.usd):>12}", markup=False, highlight=False)
    for heading, costs in (("workflow", bill.workflows), ("month", bill.months)):
        for name, cost in costs.items():
            console.out.print(f"{heading:<9} {name:<32} {dollars(cost.usd):>12}", markup=False, highlight=False)
    _print_items(bill.total)
    if bill.unread:
        console.note(f"{bill.unread} runs, the oldest, are taken for average ones: AWS tells so many histories at once")


def _print_items(cost: Cost) -> None:
    from shared.measure.billing.cost import LABELS, dollars

    for item in cost.items:
        label, unit = LABELS[item.name]
        amount = f"{item.amount:,.3f} {unit}" if unit else f"{item.amount:,.0f}"
        text = f"{label:<26} {amount:>18}  x ${item.price:.10f} = {dollars(item.usd):>12}"
        console.out.print(text, markup=False, highlight=False)
    console.out.print(f"{'total, estimated':<26} {dollars(cost.usd):>52}", markup=False, highlight=False)


def _say_what_it_is() -> None:
    from shared.measure.billing.cost import read_prices

    prices = read_prices()
    console.note(
        f"an estimate: list prices noted on {prices.date} for {prices.region}, {prices.without}; "
        "S3 requests of functions are counted from their code"
    )
