"""``lanes predict``: time and cost of runs larger than the machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from shared.cli import console
from shared.cli.options import AsJson
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.fmi.worlds import Server
    from shared.measure.scaling.measured import Evidence
    from shared.measure.scaling.time_model import Fit, Prediction
    from shared.measure.scaling.way import Way


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(predict)


def predict(
    workflow: Annotated[str, typer.Argument(help="cosmic, the only workflow that was measured.")],
    *,
    records: Annotated[int | None, typer.Option(min=1, help="How many records; 51,130,000 make 1 TB.")] = None,
    world_size: Annotated[list[int] | None, typer.Option(min=1, help="Ranks; may be given more than once.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Records of a batch; else the largest measured.")
    ] = None,
    memory: Annotated[int | None, typer.Option(min=128, max=10240, help="MB of a function; else as measured.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Ranks that the account runs at once.")] = 1000,
    children: Annotated[
        Literal["standard", "express", "inline"],
        typer.Option(help="What the Map starts for a rank: a child execution, or an iteration of an inline Map."),
    ] = "standard",
    way: Annotated[
        Literal["own", "field"],
        typer.Option(help="Whose workflow: own joins all results, 16 at once; the field's 1,000, one after the other."),
    ] = "own",
    deadline: Annotated[
        float | None, typer.Option(help="Recommend the cheapest run that 19 times in 20 ends within these seconds.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="Recommend the fastest run within these US dollars.")] = None,
    fit: Annotated[
        list[Path] | None,
        typer.Option(
            help="What to fit to, a file or folder; may be given more than once. A sweep, runs, results, exports of "
            "executions, or the paper's tables; the paper's runs when left out."
        ),
    ] = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Show the field's runs that no fit has seen, and what this one says.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Predict how long a run would take and cost, from a small model fitted to measured runs.

    Example: lanes predict cosmic --records 51130000 --world-size 1000 --world-size 10000

    Example: lanes predict cosmic --records 51130000 --deadline 900

    Example: lanes predict cosmic --fit sweeps/team2-cosmic --fit aws/results --held-out
    """
    from shared.cli.predict_view import Asked, held_out_record, print_held_out, print_runs, record
    from shared.measure.scaling.held_out import judge
    from shared.measure.scaling.joining import joining
    from shared.measure.scaling.time_model import Size, parts
    from shared.measure.scaling.time_model import predict as predict_run

    if workflow != "cosmic":
        raise UsageError(f"there is no model of {workflow}", fix="lanes predict cosmic")
    if records is None and not held_out:
        raise UsageError("it is not said how many records there are", fix="--records 51130000, or --held-out")
    fitted, evidence = _fitted(fit or ())
    about = {"fit": asdict(fitted), "read": evidence.sources, "unused": evidence.unused}
    judged = judge(fitted, evidence.runs) if held_out else []
    chosen = _way(way, children)
    if records is None:
        if as_json:
            console.print_json({**about, "held_out": held_out_record(judged)})
        else:
            print_held_out(fitted, evidence, judged)
        return
    batch, size = batch_size or fitted.batches[1], memory or fitted.memory_mb
    found = [
        predict_run(fitted, Size(records, world, batch, size), concurrency=concurrency, way=chosen)
        for world in world_size or ()
    ]
    asks = not found or deadline is not None or budget is not None
    runs = _choices(fitted, records, concurrency, chosen) if asks else []
    choice = _recommended(runs, deadline, budget)
    shown = [*found, *([choice] if choice else [])]
    server = _server()
    asked = Asked(
        fitted,
        evidence,
        concurrency,
        chosen,
        {run.size: joining(run.size, server) for run in shown},
        {run.size: parts(fitted, run.size, concurrency=concurrency, way=chosen) for run in shown},
        server,
    )
    if as_json:
        told = {
            **about,
            "way": asdict(chosen),
            "concurrency": concurrency,
            "predictions": [record(run, asked) for run in found],
            "recommended": record(choice, asked) if choice else None,
        }
        console.print_json({**told, **({"held_out": held_out_record(judged)} if held_out else {})})
    else:
        print_runs(asked, shown, choice)
        if held_out:
            print_held_out(fitted, evidence, judged)
    if asks and choice is None:
        _fail_with(runs)


def _fitted(paths: Sequence[Path]) -> tuple[Fit, Evidence]:
    """Return the fit to what lies at *paths*, and what was read there; without paths, the fit of this package."""
    from shared.measure.scaling.evidence.files import read_evidence
    from shared.measure.scaling.fit_model import fit_evidence
    from shared.measure.scaling.measured import Evidence
    from shared.measure.scaling.time_model import published

    if not paths:
        return published(), Evidence()
    evidence = read_evidence(paths)
    return fit_evidence(evidence), evidence


def _way(name: str, children: Literal["standard", "express", "inline"]) -> Way:
    from dataclasses import replace

    from shared.measure.scaling.way import FIELD, OWN

    return replace(FIELD if name == "field" else OWN, children=children)


def _choices(fit: Fit, records: int, concurrency: int, way: Way) -> list[Prediction]:
    """Return the runs that a recommendation chooses from.

    Raises:
        UsageError: There are none.
    """
    from shared.measure.scaling.time_model import LONGEST_RANK, Choices

    runs = Choices(concurrency=concurrency).runs(fit, records, way=way)
    if not runs:
        what = f"no run of {records:,} records keeps a rank within Lambda's {LONGEST_RANK:.0f} seconds"
        raise UsageError(what, fix="fewer records")
    return runs


def _recommended(runs: Sequence[Prediction], deadline: float | None, budget: float | None) -> Prediction | None:
    from shared.measure.scaling.time_model import recommend

    return recommend(runs, deadline=deadline, budget=budget)


def _fail_with(runs: Sequence[Prediction]) -> None:
    """Say that no run keeps what was asked for, and what could be asked for."""
    from shared.cli.predict_view import words

    fastest, cheapest = _recommended(runs, None, float("inf")), _recommended(runs, float("inf"), None)
    console.fail(f"no run keeps that; the fastest: {words(fastest)}; the cheapest: {words(cheapest)}")
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
