"""A run as a report's file has it, made by hand: three ranks in a Map between two Tasks, all of which adds up."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

from shared.measure.billing.cost import Cost, cost_of, read_prices
from shared.measure.billing.usage import Usage, used_by_functions
from shared.measure.observed.invocations import Row
from shared.measure.reports.evidence import (
    Contribution,
    DeployedFunction,
    Evidence,
    Execution,
    Images,
    Provenance,
    RunManifest,
    Stay,
    Stored,
    StoredTable,
)
from shared.measure.reports.figures import figures_of
from shared.measure.reports.plots_redshifts import MAGNITUDE, TRUE
from shared.measure.reports.redshift_figures import Bin, Estimate, Figures, fraction
from shared.measure.reports.redshift_section import section_of
from shared.measure.reports.report import digest_of_data
from shared.run.graph import Graph, Items, Node
from shared.run.report_line import Report

RUN = "20260102T030405Z-a1b2c3"
BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RANKS = 3
PLOT = "<svg>12 bars</svg>"
"""Stands in a page for each of its plots."""
SVG = hashlib.sha256(PLOT.encode()).hexdigest()
DEFINITION = {
    "StartAt": "Init",
    "States": {
        "Init": {"Type": "Task", "Resource": "arn:init", "Next": "Ranks"},
        "Ranks": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Work",
                "States": {"Work": {"Type": "Task", "Resource": "arn:work", "End": True}},
            },
            "Next": "Sum",
        },
        "Sum": {"Type": "Task", "Resource": "arn:sum", "End": True},
    },
}
_STATES = (("Init", None, 0.0, 0.4), ("Sum", None, 2.4, 0.3))


def redshifts():
    """Return figures of the redshifts of a run, as its ranks' records would give them."""
    far, near = fraction(2, 600), fraction(31, 600)
    values = {"bias": Estimate(-0.0009, -0.0018, -0.0001, 600), "median": Estimate(-0.0004, -0.0011, 0.0003, 600)}
    values |= {"sigma_nmad": Estimate(0.0097, 0.0089, 0.0106, 600), "outliers": far, "near_outliers": near}
    bins = [
        Bin(0.1, 0.2, 594, 0.0017, -0.0021, 0.0116, 0.0057, fraction(2, 594), fraction(31, 594)),
        Bin(0.2, 0.3, 6, None, None, None, None, fraction(0, 6), fraction(0, 6)),
        Bin(0.3, 0.4, 0, None, None, None, None, None, None),
    ]
    return Figures(604, 600, 3, 1, 600, 7, values, {TRUE: bins, MAGNITUDE: bins[:2]})


def output(run_id=RUN, *, records=600, mae=0.013, seconds=1.9):
    return {
        "run_id": run_id,
        "records": records,
        "quality": {"mae": mae, "bias": -0.0009, "outlier_fraction": 2 / 600, "outlier_fraction_005": 31 / 600},
        "throughput": {"map_wall": {"seconds": seconds, "records_per_second": records / seconds}},
        "results": {"ranks": f"results/{run_id}/ranks/"},
    }


def evidence(run_id=RUN, *, told=None, seconds=3.0, slower=1.0):
    """Return what the cloud told of a run; its work takes *slower* times as long."""
    told = output(run_id) if told is None else told
    stays, rows = [], []
    for state, rank, at, took in [*_STATES, *(("Work", rank, 0.4, 1.5 + rank / 8) for rank in range(RANKS))]:
        number = len(rows)
        entered = BEGIN + timedelta(seconds=at)
        stays.append(_stay(state, "Task", rank, entered, took * slower, (f"request-{number}",)))
        rows.append(_row(state, rank, number, entered, (took - 0.1) * slower * 1000))
    stays.append(_stay("Ranks", "Map", None, BEGIN + timedelta(seconds=0.4), 1.9 * slower, ()))
    longest = {state: max(s.left - s.entered for s in stays if s.state == state).total_seconds() for state in _names()}
    work = Node("Work", "Task", done=RANKS, seconds=longest["Work"])
    nodes = (
        Node("Init", "Task", ("Ranks",), done=1, seconds=longest["Init"]),
        Node("Ranks", "Map", ("Sum",), (work,), done=1, items=Items(RANKS, done=RANKS), seconds=longest["Ranks"]),
        Node("Sum", "Task", done=1, seconds=longest["Sum"]),
    )
    return Evidence(
        run=Execution(
            id=run_id,
            arn=f"arn:aws:states:us-east-1:123456789012:execution:team2-x:{run_id}",
            team="team2",
            workflow="cosmic",
            status="SUCCEEDED",
            started=BEGIN,
            stopped=BEGIN + timedelta(seconds=seconds * slower),
            input=json.dumps({"world_size": RANKS, "seed": 17}),
            output=json.dumps(told),
        ),
        definition=DEFINITION,
        graph=Graph(nodes),
        visits=tuple(sorted(stays, key=lambda stay: stay.entered)),
        transitions=len(stays),
        children=0,
        unread=0,
        maps=(),
        redrives=0,
        rows=tuple(rows),
        cost=_cost(rows, len(stays)).items,
        failure="",
        stored=tuple(
            Stored(key=f"results/{run_id}/ranks/{rank}.npz", bytes=900 + rank, sha256=f"{rank}" * 64)
            for rank in range(RANKS)
        ),
        sections=(Contribution.of(section_of(redshifts())),),
    )


def provenance(cloud="embedded", **other):
    prices = read_prices()
    functions = tuple(
        DeployedFunction(
            key=f"cosmic-{state.lower()}",
            name=_function(state),
            memory_mb=1024,
            timeout_seconds=60,
            storage_mb=1024,
            runtime="python3.11",
            architecture="x86_64",
            code_sha256="c29tZSBjb2Rl",
        )
        for state in ("Init", "Work", "Sum")
    )
    told = {
        "cloud": cloud,
        "account": "123456789012",
        "region": "us-east-1",
        "made": BEGIN + timedelta(hours=1),
        "functions": functions,
        "code": {"shared/handlers/x.py": "a" * 64},
        "data": (Stored(key="datasets/part-0", bytes=6417992, sha256="b" * 64),),
        "tables": (StoredTable(key="items", entries=7, sha256="d" * 64),),
        "versions": {"Python": "3.11.7", "numpy": "2.4.6", "matplotlib": "3.11.2"},
        "processor": "x86_64",
        "prices_date": str(prices.date),
        "prices_told": prices.told,
    }
    return Provenance(**{**told, **other})


def manifest(told=None, of=None):
    """Return a report's file with the figures that follow."""
    told, of = told or evidence(), of or provenance()
    return RunManifest(evidence=told, provenance=of, figures=figures_of(told, of), plots=images())


def images():
    """Return what a report's file has of its plots: of their drawings made-up digests, of their data the true ones."""
    data = {plot.name: plot.data for plot in section_of(redshifts()).plots} | {"timeline": ""}
    of_data = {name: "c" * 64 if text is None else digest_of_data(text) for name, text in data.items()}
    return {name: Images(svg=SVG, png="0" * 64, csv=digest) for name, digest in of_data.items()}


def _names():
    return ("Init", "Ranks", "Work", "Sum")


def _function(state):
    return f"team2-cosmic-{state.lower()}"


def _stay(state, kind, rank, entered, took, requests):
    return Stay(
        state=state,
        kind=kind,
        rank=rank,
        entered=entered,
        left=entered + timedelta(seconds=took),
        calls=1 if requests else 0,
        services=(("lambda", "invoke"),) if requests else (),
        requests=requests,
        failures=(),
        unnamed=0,
        redriven=0,
    )


def _row(state, rank, number, entered, duration):
    init = 250.5 if number % 2 else None
    at = int((entered.timestamp() * 1000) + duration)
    billed = -int(-(duration + (init or 0)) // 1)
    asked = {"s3:GetObject": 1 + number, "s3:PutObject": 2}
    report = Report(f"request-{number}", round(duration, 2), billed, 1024, 90 + number, init, requests=asked)
    group = f"/aws/lambda/{_function(state)}"
    return Row(report, group, at, RUN, rank, state, timed_out=False, failed=False, traceback=False)


def _cost(rows, transitions) -> Cost:
    calls = [(f"cosmic-{row.state.lower()}", row.report) for row in rows]
    storage = {key: 1024 for key, _ in calls}
    return cost_of(used_by_functions(calls, storage) + Usage(state_transitions=transitions, log_gb=0.00001))
