"""``lanes predict``: time and cost of runs larger than the machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path  # noqa: TC003  typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson
from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.measure.scaling.time_model import Fit, Prediction


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
    if as_json:
        predictions = [prediction.as_record() for prediction in found]
        chosen = choice.as_record() if choice else None
        console.print_json({"fit": asdict(fitted), "predictions": predictions, "recommended": chosen})
    else:
        _print(fitted, [*found, *([choice] if choice else [])], choice)
    if choice is None and (deadline is not None or budget is not None):
        fastest, cheapest = recommend(runs, budget=float("inf")), recommend(runs, deadline=float("inf"))
        console.fail(f"no run keeps that; the fastest: {_words(fastest)}; the cheapest: {_words(cheapest)}")
        raise typer.Exit(1)


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
