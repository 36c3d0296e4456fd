"""``lanes cost``: what runs cost, estimated at list prices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team, read_moment
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
    run_id: Annotated[str | None, typer.Argument(metavar="RUN", help="One run, or last; all when left out.")] = None,
    *,
    since: Annotated[str, typer.Option(help="From when on: 12h, 7d, or a date.")] = "30d",
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Estimate what a run, or all that a team ran, costs: by run, workflow and month.

    Example: lanes cost team2
    """
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.measure.billing.bill import price_team
    from shared.measure.billing.express_offer import express_offer, unseen_children
    from shared.measure.billing.measured_run import read_measured
    from shared.run.express import untold_runs
    from shared.run.find import find_named

    project = open_project(team)
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as cloud:
        cloud_of(project, cloud).warn_if_brief()
        if run_id:
            measured = read_measured(cloud, find_named(cloud, lane, run_id))
            if as_json:
                console.print_json(measured.cost.as_record())
            else:
                _print_items(measured.cost)
            of = lane, measured.found.run.workflow, measured.trace
            for told in (unseen_children(*of), express_offer(*of, measured.cost)):
                if told:
                    console.note(told)
        else:
            bill = price_team(cloud, lane, read_moment(since, datetime.now(UTC)))
            for line in untold_runs(lane):
                console.note(f"{line}; the bill counts their functions, not the machine")
            if as_json:
                console.print_json(bill.as_record())
            else:
                _print_bill(bill)
    _say_what_it_is()


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


def _say_what_it_is() -> None:
    from shared.measure.billing.cost import read_prices
    from shared.measure.billing.log_sample import MOST_LINES

    console.note(
        f"{read_prices().told}; S3 requests of functions are counted from their code, "
        f"their logs in {MOST_LINES:,} lines of each function, the others as on average"
    )
