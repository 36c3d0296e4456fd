"""``lanes predict``: time and cost of runs larger than the machine."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

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
    workflow: Annotated[str, typer.Argument(help="cosmic, the workflow that has been measured.")],
    *,
    records: Annotated[int, typer.Option(min=1, help="How many records; 51,130,000 make 1 TB.")],
    world_size: Annotated[list[int] | None, typer.Option(min=1, help="Ranks; may be given more than once.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Records a batch; the largest measured.")] = None,
    memory: Annotated[int | None, typer.Option(min=128, max=10240, help="MB of a function; as measured.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Ranks that the account runs at once.")] = 1000,
    deadline: Annotated[
        float | None, typer.Option(help="Recommend the cheapest that 9 times in 10 ends within so many seconds.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="Recommend the fastest within so many US dollars.")] = None,
    fit: Annotated[
        Path | None, typer.Option(help="Fit to a sweep's folder or to published tables; the paper's unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Predict how long a run would take and cost, from a small model fitted to measured runs.

    Example: lanes predict cosmic --records 51130000 --world-size 1000 --world-size 10000

    Example: lanes predict cosmic --records 51130000 --deadline 900
    """
    from shared.measure.scaling import time_model

    if workflow != "cosmic":
        raise UsageError(f"there is no model of {workflow}", fix="lanes predict cosmic")
    fitted = _fit(fit)
    batch, size = batch_size or fitted.batches[1], memory or fitted.memory_mb
    found = [
        time_model.predict(fitted, records, world, batch, size, concurrency=concurrency) for world in world_size or ()
    ]
    choice: Prediction | None = None
    runs = time_model.Choices(concurrency=concurrency).runs(fitted, records)
    if not runs:
        raise UsageError(f"no run of {records:,} records keeps a rank within Lambda's 900 seconds", fix="fewer records")
    if not world_size or deadline is not None or budget is not None:
        choice = time_model.recommend(runs, deadline=_safely(fitted, deadline), budget=budget)
    if as_json:
        chosen = choice.as_record() if choice else None
        console.print_json(
            {"fit": _record(fitted), "predictions": [p.as_record() for p in found], "recommended": chosen}
        )
    else:
        _print(fitted, [*found, *([choice] if choice else [])], choice)
    if choice is None and (deadline is not None or budget is not None):
        fastest, cheapest = (
            time_model.recommend(runs, budget=float("inf")),
            time_model.recommend(runs, deadline=float("inf")),
        )
        console.fail(f"no run keeps that; the fastest: {_words(fastest)}; the cheapest: {_words(cheapest)}")
        raise typer.Exit(1)


def _fit(folder: Path | None) -> Fit:
    from shared.measure.scaling.time_model import published

    if folder is None:
        return published()
    from shared.measure.scaling.fit_model import fit_published, fit_sweep

    return fit_sweep(folder) if (folder / "cells.jsonl").exists() else fit_published(folder)


def _record(fit: Fit) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(fit)


def _words(run: Prediction | None) -> str:
    from shared.measure.billing.cost import dollars

    if run is None:
        return "-"
    return f"{run.seconds:,.0f} s, {dollars(run.usd)} on {run.world_size:,} ranks of {run.memory_mb} MB"


def _safely(fit: Fit, deadline: float | None) -> float | None:
    """Return the prediction that keeps *deadline* in 9 of 10 runs."""
    return None if deadline is None else deadline / (1 + fit.error_90)


def _print(fit: Fit, found: list[Prediction], choice: Prediction | None) -> None:
    from rich.table import Table

    from shared.measure.billing.cost import dollars

    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("ranks", "batch", "memory", "time", "9 in 10", "cost", "a rank", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for run in found:
        low, high = run.seconds * (1 - fit.error_90), run.seconds * (1 + fit.error_90)
        words = ["recommended"] * (run is choice) + ["extrapolated"] * (run.world_size not in range(*_span(fit)))
        words += ["too long for Lambda"] * (run.rank_seconds > 900)  # noqa: PLR2004  Lambda's limit
        table.add_row(
            f"{run.world_size:,}",
            str(run.batch_size),
            str(run.memory_mb),
            f"{run.seconds:,.1f}",
            f"{low:,.1f}..{high:,.1f}",
            dollars(run.usd),
            f"{run.rank_seconds:,.1f}",
            ", ".join(words),
        )
    if found:
        console.out.print(table)
        console.out.print("(time: of the whole run, in seconds; 9 in 10: what 9 of 10 runs take;", highlight=False)
        console.out.print("memory: a function's, in MB; a rank: its own seconds, of Lambda's 900)\n", highlight=False)
    text = (
        f"fitted to {fit.measurements} runs of {fit.source}, {fit.worlds[0]} to {fit.worlds[1]} ranks; "
        f"on the {fit.held_out} runs held out the median error is {100 * fit.error:.1f} %, "
        f"9 in 10 are within {100 * fit.error_90:.0f} %"
    )
    console.out.print(text, markup=False, highlight=False)


def _span(fit: Fit) -> tuple[int, int]:
    return fit.worlds[0], fit.worlds[1] + 1
