"""Arithmetic of one run: what its evidence must add up to, whoever made it. Pure, and without any cloud."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.config.express import states_of_express_children
from shared.measure.billing.cost import read_prices
from shared.measure.billing.usage import used_by_functions, used_by_states
from shared.measure.comparing.values import side_by_side
from shared.measure.reports.figures import records_of
from shared.measure.verifying.verdict import Finding
from shared.run.patience import LATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.measure.observed.invocations import Row
    from shared.measure.reports.evidence import Evidence, Provenance, Stay
    from shared.values import Json

_ROUNDING = 1e-9  # relative: sums in another order
_HUNDREDTH = 0.006  # ms: REPORT lines have two decimals
_CLOCKS = timedelta(seconds=5)  # between Step Functions' and CloudWatch's: our choice
_OVERHEAD_MS = 50.0  # between the clocks of an invocation and of its state: our choice


def arithmetic(evidence: Evidence, provenance: Provenance) -> Iterator[Finding]:
    """Yield what of a run does not add up."""
    yield from _times(evidence)
    yield from _invocations(evidence, provenance)
    yield from _states(evidence)
    yield from _cost(evidence, provenance)
    yield from _output(evidence)


def _times(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    if run.stopped and run.stopped < run.started:
        yield _found("evidence.run.stopped", run.stopped, f"after {run.started}", "a run ends after its start")
    for place, stay in enumerate(evidence.visits):
        path = f"evidence.visits.{place}"
        if stay.left and stay.left < stay.entered:
            yield _found(f"{path}.left", stay.left, f"after {stay.entered}", "a state is left after it was entered")
        if stay.entered < run.started - _CLOCKS or (run.stopped and stay.entered > run.stopped + _CLOCKS):
            yield _found(f"{path}.entered", stay.entered, f"from {run.started} to {run.stopped}", "the run's own time")


def _invocations(evidence: Evidence, provenance: Provenance) -> Iterator[Finding]:
    sizes = {each.name: each.memory_mb for each in provenance.functions}
    stays = {request: stay for stay in evidence.visits for request in stay.requests}
    run = evidence.run
    for place, row in enumerate(evidence.rows):
        path, report = f"figures.invocations.{place}", row.report
        yield from _billed(path, row)
        size = sizes.get(row.group.rpartition("/")[2], report.memory_mb)
        if size != report.memory_mb:
            yield _found(f"{path}.memory_mb", report.memory_mb, size, "the memory of its function")
        if not 0 <= report.used_mb <= report.memory_mb:
            yield _found(f"{path}.used_mb", report.used_mb, f"0 to {report.memory_mb}", "the memory of its function")
        late = run.stopped + LATE + _CLOCKS if run.stopped else None
        first, last = _ms(run.started - _CLOCKS), _ms(late) if late else math.inf
        if not first <= row.at_ms <= last:
            yield _found(f"{path}.reported_seconds", row.at_ms, f"{first:.0f} to {last:.0f}", "the run's own time, ms")
        if stay := stays.get(report.request_id):
            yield from _within(path, row, stay)


def _billed(path: str, row: Row) -> Iterator[Finding]:
    """Lambda bills whole milliseconds, with the cold start; before August 2025 without that of its own runtimes."""
    report = row.report
    may = {math.ceil(report.duration_ms - _HUNDREDTH), math.ceil(report.duration_ms + _HUNDREDTH)}
    if report.init_ms is not None:
        whole = report.duration_ms + report.init_ms
        may |= {math.ceil(whole - 2 * _HUNDREDTH), math.ceil(whole + 2 * _HUNDREDTH)}
    if report.duration_ms < 0 or (report.init_ms or 0) < 0:
        yield _found(f"{path}.duration_ms", report.duration_ms, "0 or more", "a time")
    elif report.billed_ms not in may and row.trouble == "":
        told = f"{report.duration_ms} ms" + (f" and {report.init_ms} ms of cold start" if report.init_ms else "")
        yield _found(f"{path}.billed_ms", report.billed_ms, " or ".join(map(str, sorted(may))), f"its duration, {told}")


def _within(path: str, row: Row, stay: Stay) -> Iterator[Finding]:
    """An invocation belongs to the visit that names it, and is no longer. Where that tells no rank, its log does."""
    if row.state != stay.state:
        yield _found(f"{path}.state", row.state, stay.state, "the visit that names it")
    if stay.rank is not None and row.rank != stay.rank:
        yield _found(f"{path}.rank", row.rank, stay.rank, "the visit that names it")
    if stay.left is None:
        return
    most = (stay.left - stay.entered).total_seconds() * 1000 + _OVERHEAD_MS
    if row.report.duration_ms > most:
        yield _found(f"{path}.duration_ms", row.report.duration_ms, f"{most:.0f} at most", "the time of its state")


def _states(evidence: Evidence) -> Iterator[Finding]:
    visits: dict[str, list[Stay]] = defaultdict(list)
    for stay in evidence.visits:
        visits[stay.state].append(stay)
    for _, node in evidence.graph.walk():
        there, path = visits.pop(node.name, []), f"figures.states.{node.name}"
        if len(there) != node.visits:
            told = f"{node.done}, {node.failed}, {node.stopped}, {node.running}"
            yield _found(f"{path} done, failed, stopped, running", told, f"{len(there)} in all", "the visits")
        took = [(stay.left - stay.entered).total_seconds() for stay in there if stay.left]
        if node.seconds is not None and took and not math.isclose(node.seconds, max(took), abs_tol=0.002):
            yield _found(f"{path}.seconds", node.seconds, max(took), "its longest visit")
        items = node.items
        if items and items.total is not None and items.begun > items.total:
            yield _found(f"{path}.items", items.begun, f"{items.total} at most", "the items of the Map")
        if (
            items
            and items.total is not None
            and node.mark == "done"
            and items.begun != items.total
            and not node.retries
        ):
            yield _found(f"{path}.items", items.begun, items.total, "the items of a Map that is done")
    children = sum(each.count for each in evidence.maps if not each.express)
    if children != evidence.children:
        yield _found("figures.children", evidence.children, children, "the children of its Maps")
    if not evidence.unread:
        unbilled = set(states_of_express_children(evidence.definition))
        billed = (max(1, stay.calls) for stay in evidence.visits if stay.state not in unbilled)
        counted = sum(billed) + evidence.redrives
        if counted != evidence.transitions:
            yield _found("figures.transitions", evidence.transitions, counted, "the visits, with their retries")


def _cost(evidence: Evidence, provenance: Provenance) -> Iterator[Finding]:
    """Count again what the bill counts, but for the bytes of logs: a report does not hold the lines."""
    prices = read_prices()
    keys = {each.name: each.key for each in provenance.functions}
    calls = [(keys.get(row.group.rpartition("/")[2], ""), row.report) for row in evidence.rows]
    storage = {each.key: each.storage_mb for each in provenance.functions}
    counted = (used_by_functions(calls, storage) + used_by_states(evidence.trace)).priced()
    there = {item.name: item for item in evidence.cost}
    for name in sorted(counted.keys() - {"log_gb"}):
        said = there[name].amount if name in there else 0.0
        if not _same(said, counted[name]):
            yield _found(f"figures.cost.{name}.amount", said, counted[name], "the invocations and the visits")
    if len(there) < len(evidence.cost):
        names = [item.name for item in evidence.cost]
        yield _found("figures.cost", ", ".join(names), ", ".join(there), "each item is there once")
    for item in evidence.cost:
        path = f"figures.cost.{item.name}"
        if not _same(item.usd, item.amount * item.price):
            yield _found(f"{path}.usd", item.usd, item.amount * item.price, "its amount and its price")
        if provenance.prices_date == str(prices.date) and not _same(item.price, prices.usd.get(item.name, math.nan)):
            yield _found(f"{path}.price", item.price, prices.usd.get(item.name), f"prices of {prices.date}")


def _output(evidence: Evidence) -> Iterator[Finding]:
    """What the run says of itself: copies of its output, its records by rank, its throughput."""
    output = json.loads(evidence.run.output) if evidence.run.output else None
    if not isinstance(output, dict):
        return
    records = records_of(output)
    for stored in evidence.stored:
        value: Json = stored.value
        if isinstance(value, dict) and value.keys() == output.keys():
            for leaf in side_by_side(output, value):
                if not leaf.same:
                    yield _found(f"figures.output.{leaf.path}", leaf.before, leaf.after, f"{stored.key}, its copy")
        elif isinstance(value, list) and records is not None and stored.key.endswith("/combined_data.json"):
            told = [each.get("records") for each in value if isinstance(each, dict)]
            whole = sum(each for each in told if isinstance(each, int))
            if whole != records:
                yield _found("figures.output.records", records, whole, f"the records by rank in {stored.key}")
    match output:
        case {"throughput": {"map_wall": {"seconds": int() | float() as seconds, "records_per_second": rate}}}:
            if records and seconds > 0 and not (isinstance(rate, float) and _same(rate, records / seconds)):
                path = "figures.output.throughput.map_wall.records_per_second"
                yield _found(path, rate, records / seconds, "records divided by seconds")


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_ROUNDING, abs_tol=1e-15)


def _ms(moment: datetime) -> float:
    return moment.timestamp() * 1000


def _found(figure: str, says: object, follows: object, why: str) -> Finding:
    return Finding(figure, str(says), str(follows), why)
