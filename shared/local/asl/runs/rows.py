"""Executions, events and Map runs as rows, and back."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from shared.local.asl.history import shown_details
from shared.local.asl.identity import Identity, StartedMachine
from shared.local.asl.runs.record import Limits, MapRunRecord, RunRecord
from shared.local.asl.runs.schema import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.local.asl.history import Event

# How many events, and about how much text, one row holds.
_ROW_EVENTS, _ROW_TEXT = 100, 1 << 18
# What is enough to list an execution, and all of it.
LISTED = "id, status, redrives, item, items, machine, events, facts, scope"
WHOLE = f"{LISTED}, input, output"


def pack(text: str) -> bytes:
    """Return *text* for the database, also one that holds half of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass")


def unpack(data: bytes) -> str:
    """Return the text that :func:`pack` gave as *data*."""
    return data.decode("utf-8", "surrogatepass")


def facts_of(record: RunRecord) -> str:
    """Return as JSON what there is of *record* that has no column of its own."""
    identity = record.identity
    return json.dumps(
        [
            identity.arn, identity.name, identity.machine_arn, identity.machine_name, identity.role_arn,
            identity.express, identity.alias, identity.trace, record.error, record.cause, record.started_at,
            record.stopped_at, record.redriven_at, dict(record.redrive_tokens),
        ]
    )  # fmt: skip


def read_run(row: Sequence[Any], machine: StartedMachine | None) -> RunRecord:
    """Return the execution of a *row* of LISTED, whose texts are left out, or of WHOLE."""
    number, status, redrives, item, items, _, events, facts, scope, *texts = row
    (
        arn, name, machine_arn, machine_name, role_arn, express, alias, trace, error, cause, started_at, stopped_at,
        redriven_at, tokens,
    ) = json.loads(facts)  # fmt: skip
    record = RunRecord(
        identity=Identity(arn, name, machine_arn, machine_name, role_arn, express, machine, alias, trace),
        status=status,
        input_text="",
        error=error,
        cause=cause,
        started_at=started_at,
        stopped_at=stopped_at,
        redrives=redrives,
        redriven_at=redriven_at,
        redrive_tokens=tokens,
        events=events,
        map_run=None if item is None else scope,
        item=item,
        items=items,
        number=number,
    )
    if not texts:
        return record
    given, output = texts
    return replace(record, input_text=unpack(given), output_text=None if output is None else unpack(output))


def write_machine(machine: StartedMachine) -> str:
    """Return *machine* as JSON."""
    return json.dumps(machine._replace(updated=machine.updated.timestamp())._asdict())  # type: ignore[arg-type]


def read_machine(text: str) -> StartedMachine:
    """Return the machine that *text* holds."""
    held = json.loads(text)
    return StartedMachine(**{**held, "updated": dt.datetime.fromtimestamp(held["updated"], dt.UTC)})


def event_rows(number: int, place: int, events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    """Yield rows that hold *events* of the execution *number*, of which the first is at *place*."""
    held: list[str] = []
    size = 0
    for kind, previous, when, details in events:
        text = json.dumps([kind, previous, when, None if details is None else shown_details(details)])
        held.append(text)
        size += len(text)
        if len(held) == _ROW_EVENTS or size > _ROW_TEXT:
            yield number * PLACES + place, f"[{','.join(held)}]"
            place, size = place + len(held), 0
            held = []
    if held:
        yield number * PLACES + place, f"[{','.join(held)}]"


def write_map_run(record: MapRunRecord) -> str:
    """Return *record* as JSON."""
    return json.dumps(asdict(record))


def read_map_run(text: str) -> MapRunRecord:
    """Return the Map run that *text* holds."""
    held = json.loads(text)
    pairs = {name: tuple(held[name]) for name in ("running", "again", "offered")}
    return MapRunRecord(
        **{
            **held,
            **pairs,
            "limits": Limits(*held["limits"]),
            "waiting": tuple((index, given, size) for index, given, size in held["waiting"]),
            "batch": None if held["batch"] is None else tuple(held["batch"]),
        }
    )
