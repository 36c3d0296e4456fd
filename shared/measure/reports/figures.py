"""The figures of a run's report as one JSON value, made from what the report rests on: one reading, many showings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from shared.measure.observed.invocations import summarize

if TYPE_CHECKING:
    from datetime import datetime

    from shared.measure.observed.invocations import Row
    from shared.measure.reports.evidence import Evidence, Provenance, Stay, Stored
    from shared.values import Json


def figures_of(evidence: Evidence, provenance: Provenance) -> dict[str, Json]:
    """Return the figures of a run; times are in seconds from its start, or in milliseconds where a name says so.

    Every number of *evidence* and of *provenance* leads to one of them, so that none can be changed by itself.
    """
    run, begin = evidence.run, evidence.run.started
    output = json.loads(run.output) if run.output else None
    records = records_of(output)
    summary = summarize(evidence.rows)
    return {
        "status": run.status,
        "wall_seconds": run.seconds,
        "records": records,
        "records_per_second": records / run.seconds if records and run.seconds and not evidence.redrives else None,
        "transitions": evidence.transitions,
        "children": evidence.children,
        "children_unread": evidence.unread,
        "redrives": evidence.redrives,
        "maps": [asdict(each) for each in evidence.maps],
        "definition_sha256": _digest(evidence.definition),
        "input": json.loads(run.input),
        "output": output,
        "summary": asdict(summary) if summary else None,
        "invocations": [_invocation(row, begin) for row in evidence.rows],
        "visits": [_visit(stay, begin) for stay in evidence.visits],
        "states": {node.name: {**_state(node.as_record()), "depth": depth} for depth, node in evidence.graph.walk()},
        "attempts": [asdict(each) for each in evidence.trace.tried_again],
        "cost": {item.name: {"amount": item.amount, "price": item.price, "usd": item.usd} for item in evidence.cost},
        "cost_usd": sum(item.usd for item in evidence.cost),
        "stored": {each.key: _object(each) for each in evidence.stored},
        "sections": {section.title: section.figures for section in evidence.sections},
        "functions": {each.key: each.model_dump() for each in provenance.functions},
        "data": {each.key: _object(each) for each in provenance.data},
        "tables": {each.key: each.model_dump() for each in provenance.tables},
    }


def records_of(output: Json) -> int | None:
    """Return how many records a run's *output* tells of; None where it tells of none."""
    told = output.get("records") if isinstance(output, dict) else None
    return told if isinstance(told, int) and not isinstance(told, bool) else None


def _digest(value: Json) -> str:
    """Return the SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _invocation(row: Row, begin: datetime) -> dict[str, Json]:
    return {
        "state": row.state,
        "rank": row.rank,
        **asdict(row.report),
        "reported_seconds": round(row.at_ms / 1000 - begin.timestamp(), 3),
        "trouble": row.trouble,
    }


def _visit(stay: Stay, begin: datetime) -> dict[str, Json]:
    return {
        "state": stay.state,
        "rank": stay.rank,
        "entered_seconds": (stay.entered - begin).total_seconds(),
        "left_seconds": (stay.left - begin).total_seconds() if stay.left else None,
        "calls": stay.calls,
        "services": len(stay.services),
        "requests": len(stay.requests),
        "failures": list(stay.failures),
        "unnamed": stay.unnamed,
        "redriven": stay.redriven,
    }


def _state(record: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in record.items() if key not in {"inner", "name"}}


def _object(stored: Stored) -> dict[str, Json]:
    return {"bytes": stored.bytes, "sha256": stored.sha256, "value": stored.value}
