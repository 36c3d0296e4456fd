"""Shows predictions: the table of runs, what their time is made of, and what a fit says of runs it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.cli import console

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.fmi.worlds import Server
    from shared.measure.scaling.held_out import Judged
    from shared.measure.scaling.joining import Joining
    from shared.measure.scaling.measured import Evidence
    from shared.measure.scaling.time_model import Fit, Prediction, Size
    from shared.measure.scaling.way import Way
    from shared.values import Json

_PARTS = {
    "start": "the run's own start",
    "slowest rank": "the slowest rank's own time",
    "children": "starting the Map's children",
    "environments": "the ramp of Lambda's environments",
    "concurrency": "the account's concurrency",
    "s3": "S3's request rates",
    "joining": "joining the results",
}
_KNOWN = {
    "results": "ranks counted in the results",
    "listing": "ranks by the order of the results",
    "label": "ranks by the label",
    "joining": "ranks by the time of joining",
    "table": "ranks of the paper's table",
    "assumed": "ranks assumed",
}
_LEAST_SHARE = 0.005  # of a run's time; a smaller part is not told


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and what was found beside the predictions: the joining of worlds and the parts, by size."""

    fit: Fit
    evidence: Evidence
    concurrency: int
    way: Way
    meets: Mapping[Size, Joining]
    parts: Mapping[Size, Mapping[str, float]]
    server: Server | None


def record(run: Prediction, asked: Asked) -> dict[str, Json]:
    """Return a prediction for JSON."""
    made_of = asked.parts[run.size]
    return {
        **run.as_record(),
        "parts": dict(made_of),
        "dominates": _largest(made_of),
        "extrapolated": _extrapolated(run, asked.fit),
        "joining": asked.meets[run.size].as_record(),
    }


def held_out_record(judged: Sequence[Judged]) -> list[Json]:
    """Return what a fit says of the held-out runs for JSON."""
    return [{**each.as_record(), "dominates": _largest(each.parts)} for each in judged]


def words(run: Prediction | None) -> str:
    """Return a prediction in words."""
    from shared.measure.billing.cost import dollars

    if run is None:
        return "-"
    return f"{run.seconds:,.0f} s, {dollars(run.usd)} on {run.size.world_size:,} ranks of {run.size.memory_mb} MB"


def print_runs(asked: Asked, found: Sequence[Prediction], choice: Prediction | None) -> None:
    """Print the table of predictions, what each is made of, and what the fit is from."""
    from rich.table import Table

    from shared.measure.billing.cost import dollars

    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("ranks", "batch", "memory", "time", "9 in 10", "cost", "a rank", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for run in found:
        told = {
            "recommended": run is choice,
            "extrapolated": _extrapolated(run, asked.fit),
            "too long for Lambda": not run.fits_lambda,
        }
        table.add_row(
            f"{run.size.world_size:,}",
            str(run.size.batch_size),
            str(run.size.memory_mb),
            f"{run.seconds:,.1f}",
            f"{run.low:,.1f}..{run.high:,.1f}",
            dollars(run.usd),
            f"{run.rank_seconds:,.1f}",
            ", ".join(word for word, holds in told.items() if holds),
        )
    if found:
        console.out.print(table)
        console.out.print("(time: of the whole run, in seconds; 9 in 10: what 9 of 10 runs take;")
        console.out.print("memory: a function's, in MB; a rank: its own seconds in the mean, of Lambda's 900)\n")
    for run in found:
        console.out.print(f"{run.size.world_size:,} ranks: {_made_of(asked.parts[run.size])}")
    console.out.print(_source(asked.fit, asked.evidence))
    for size, joined in asked.meets.items():
        console.out.print(_meeting(size, joined, asked.server, asked.concurrency), markup=False, highlight=False)


def print_held_out(fit: Fit, evidence: Evidence, judged: Sequence[Judged]) -> None:
    """Print what the fit says of the runs that were held out of the package's own fit."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("label", "ranks", "runs", "measured", "median", "predicted", "error", "9 in 10", "inside"):
        table.add_column(heading, justify="left" if heading == "label" else "right")
    for each in judged:
        run, seconds = each.prediction, each.runs.seconds
        table.add_row(
            each.runs.label,
            f"{each.runs.ranks:,}",
            str(len(seconds)),
            f"{min(seconds):,.0f}..{max(seconds):,.0f}" if len(seconds) > 1 else f"{seconds[0]:,.0f}",
            f"{each.median:,.1f}",
            f"{run.seconds:,.1f}",
            f"{each.error:+.1%}",
            f"{run.low:,.0f}..{run.high:,.0f}",
            f"{each.inside} of {len(seconds)}",
        )
    console.out.print(table)
    console.out.print(
        "(seconds of whole runs of the field; label: what the field calls them, which is not always true;"
    )
    console.out.print("error: of the prediction, against the median; inside: runs that the interval covers)\n")
    for each in judged:
        console.out.print(f"{each.runs.label} ({_KNOWN[each.runs.known_from]}): {_made_of(each.parts)}")
        if each.fitted:
            console.out.print(f"  {each.fitted} of these runs were fitted, so they are not held out here")
    console.out.print(_source(fit, evidence))


def _extrapolated(run: Prediction, fit: Fit) -> bool:
    return fit.widened(run.size.world_size, run.size.records / run.size.world_size) > 1


def _largest(made_of: Mapping[str, float]) -> str:
    return max(made_of, key=lambda name: made_of[name])


def _made_of(made_of: Mapping[str, float]) -> str:
    """Return what a run's time is made of, in words, the largest part first."""
    whole = sum(made_of.values())
    order = sorted(made_of, key=lambda name: -made_of[name])
    first, *others = [name for name in order if made_of[name] >= _LEAST_SHARE * whole]
    rest = ", ".join(f"{_PARTS[name]} {made_of[name]:,.0f} s" for name in others)
    return f"{_PARTS[first]} dominates, {made_of[first]:,.0f} of {whole:,.0f} s ({made_of[first] / whole:.0%}); {rest}"


def _source(fit: Fit, evidence: Evidence) -> str:
    """Return what the fit is from, how far off it was, and what was passed over."""
    judged = (
        f"fitted to {fit.measurements} runs of {fit.source}, {fit.worlds[0]} to {fit.worlds[1]} ranks; "
        f"on {fit.held_out} others, which it had not seen, the median error is {100 * fit.error:.1f} %, "
        f"9 in 10 are within {100 * fit.error_90:.0f} %"
    )
    lines = [judged]
    numbers = {
        "start": f"start {fit.start:.3g} s",
        "rank_start": f"a rank's start {fit.rank_start:.3g} s",
        "compute": f"a record {1000 * fit.compute:.3g} ms",
        "overhead": f"a batch {1000 * fit.overhead:.3g} ms",
        "joining": f"a result {1000 * fit.joining:.3g} ms",
        "slow": f"slow ranks {fit.slow:.1%}, {fit.factor:.2g} times as long",
        "sigma": f"spread {fit.sigma:.2g}",
    }
    lines.append("the numbers: " + ", ".join(f"{text} ({_from(fit.runs[name])})" for name, text in numbers.items()))
    lines += [f"mixed: {each}" for each in fit.mixed]
    lines += [f"not used: {each}" for each in evidence.unused]
    return "\n".join(lines)


def _from(runs: int) -> str:
    return f"from {runs} run{'' if runs == 1 else 's'}" if runs else "not measured"


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
