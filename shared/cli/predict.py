"""``lanes predict``: time and cost of runs larger than the machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.fmi.worlds import Server
    from shared.measure.scaling.joining import Joining
    from shared.measure.scaling.time_model import Fit, Prediction, Size
    from shared.values import Json


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(predict)


def predict(
    workflow: Annotated[str, typer.Argument(help="cosmic, the only workflow that was measured.")],
    *,
    records: Annotated[int, typer.Option(min=1, help="How many records; 51,130,000 make 1 TB.")],
    world_size: Annotated[list[int] | None, typer.Option(min=1, help="Ranks; may be given more than once.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Records of a batch; else the largest measured.")
    ] = None,
    memory: Annotated[int | None, typer.Option(min=128, max=10240, help="MB of a function; else as measured.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Ranks that the account runs at once.")] = 1000,
    deadline: Annotated[
        float | None, typer.Option(help="Recommend the cheapest run that 9 times in 10 ends within these seconds.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="Recommend the fastest run within these US dollars.")] = None,
    fit: Annotated[
        Path | None, typer.Option(help="Folder of a sweep or of published tables to fit to; the paper's when left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Predict how long a run would take and cost, from a small model fitted to measured runs.

    Example: lanes predict cosmic --records 51130000 --world-size 1000 --world-size 10000

    Example: lanes predict cosmic --records 51130000 --deadline 900
    """
    from shared.measure.scaling.fit_model import fit_folder
    from shared.measure.scaling.joining import joining
    from shared.measure.scaling.time_model import LONGEST_RANK, Choices, Size, recommend
    from shared.measure.scaling.time_model import predict as predict_run

    if workflow != "cosmic":
        raise UsageError(f"there is no model of {workflow}", fix="lanes predict cosmic")
    fitted = fit_folder(fit)
    batch, size = batch_size or fitted.batches[1], memory or fitted.memory_mb
    sizes = [Size(records, world, batch, size) for world in world_size or ()]
    found = [predict_run(fitted, each, concurrency=concurrency) for each in sizes]
    choice: Prediction | None = None
    runs = Choices(concurrency=concurrency).runs(fitted, records)
    if not runs:
        what = f"no run of {records:,} records keeps a rank within Lambda's {LONGEST_RANK:.0f} seconds"
        raise UsageError(what, fix="fewer records")
    if not world_size or deadline is not None or budget is not None:
        choice = recommend(runs, deadline=None if deadline is None else fitted.safely(deadline), budget=budget)
    server = _server()
    shown = [*found, *([choice] if choice else [])]
    meets = {run.size: joining(fitted, run.size, server) for run in shown}
    if as_json:
        predictions, chosen = ([_record(run, meets) for run in runs] for runs in (found, [choice] if choice else []))
        console.print_json(
            {"fit": asdict(fitted), "predictions": predictions, "recommended": chosen[0] if chosen else None}
        )
    else:
        _print(fitted, shown, choice)
        for each, joined in meets.items():
            console.out.print(_meeting(each, joined, server, concurrency), markup=False, highlight=False)
    if choice is None and (deadline is not None or budget is not None):
        fastest, cheapest = recommend(runs, budget=float("inf")), recommend(runs, deadline=float("inf"))
        console.fail(f"no run keeps that; the fastest: {_words(fastest)}; the cheapest: {_words(cheapest)}")
        raise typer.Exit(1)


def _server() -> Server | None:
    """Return the rendezvous server of the project here; None where there is no project, or it is somebody else's."""
    from shared.config.load import find_root

    try:
        find_root(Path.cwd())
    except LanesError:
        return None
    from shared.cli.wiring import NO_TEAM, open_project

    return open_project(NO_TEAM).settings.rendezvous.resolve().server


def _record(run: Prediction, meets: Mapping[Size, Joining]) -> dict[str, Json]:
    return {**run.as_record(), "joining": meets[run.size].as_record()}


def _meeting(size: Size, found: Joining, server: Server | None, concurrency: int) -> str:
    """Return what meeting over FMI adds to a run of *size*, in words."""
    from shared.measure.billing.cost import dollars

    ranks = f"with fmi_enabled, {size.world_size:,} ranks"
    if size.world_size > found.carried:
        return f"{ranks} are refused: the rendezvous carries {found.carried:,} (lanes rendezvous plan)"
    if size.world_size > concurrency:
        return f"{ranks} are refused: they wait for each other, and the account runs {concurrency:,} at once"
    cost = f"each of {size.memory_mb} MB is billed for {found.waited:,.1f} s more, all for {dollars(found.usd)}"
    if server is None:
        what = f"{ranks} join in {found.seconds:,.2f} s at least: {found.pairings:,} pairings"
        return f"{what}, and nothing is known of the server's cpu; {cost}"
    what = (
        f"{ranks} join in {found.seconds:,.2f} s: {found.pairings:,} pairings, {found.server_cpu:.2f} s of the server"
    )
    return f"{what}'s CPU (cpu {server.cpu}: {found.server_share:.0%} of that time); {cost}"


def _words(run: Prediction | None) -> str:
    from shared.measure.billing.cost import dollars

    if run is None:
        return "-"
    return f"{run.seconds:,.0f} s, {dollars(run.usd)} on {run.size.world_size:,} ranks of {run.size.memory_mb} MB"


def _print(fit: Fit, found: list[Prediction], choice: Prediction | None) -> None:
    from rich.table import Table

    from shared.measure.billing.cost import dollars

    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("ranks", "batch", "memory", "time", "9 in 10", "cost", "a rank", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for run in found:
        low, high = fit.nine_in_ten(run.seconds)
        words = {
            "recommended": run is choice,
            "extrapolated": not fit.covers(run.size.world_size),
            "too long for Lambda": not run.fits_lambda,
        }
        table.add_row(
            f"{run.size.world_size:,}",
            str(run.size.batch_size),
            str(run.size.memory_mb),
            f"{run.seconds:,.1f}",
            f"{low:,.1f}..{high:,.1f}",
            dollars(run.usd),
            f"{run.rank_seconds:,.1f}",
            ", ".join(word for word, holds in words.items() if holds),
        )
    if found:
        console.out.print(table)
        console.out.print("(time: of the whole run, in seconds; 9 in 10: what 9 of 10 runs take;")
        console.out.print("memory: a function's, in MB; a rank: its own seconds, of Lambda's 900)\n")
    text = (
        f"fitted to {fit.measurements} runs of {fit.source}, {fit.worlds[0]} to {fit.worlds[1]} ranks; "
        f"on {fit.held_out} others, which it had not seen, the median error is {100 * fit.error:.1f} %, "
        f"9 in 10 are within {100 * fit.error_90:.0f} %"
    )
    console.out.print(text)
