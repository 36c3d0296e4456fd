"""Executions, events and Map runs as rows, and back."""

from __future__ import annotations

import datetime as dt
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from shared.local.asl.history import Text
from shared.local.asl.identity import Identity, StartedMachine
from shared.local.asl.runs.record import Limits, MapRunRecord, RunRecord
from shared.local.asl.runs.schema import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from sqlite3 import Connection

    from shared.local.asl.history import Event

# How many events, and about how much text, one row holds.
_ROW_EVENTS, _ROW_TEXT = 100, 1 << 18
_ROWS = 100  # in one statement
# The event whose input is text, as it was given.
_WITH_TEXT = "ExecutionStarted"
# As json.dumps writes it, in four fifths of the time: no value of an execution holds itself.
_encode = json.JSONEncoder(check_circular=False).encode
# What is enough to list an execution, and all of it.
LISTED = "id, status, redrives, item, items, machine, events, facts, scope"
WHOLE = f"{LISTED}, input, output"
MACHINE = 5  # the place of the machine's number in both


def insert(writer: Connection, statement: str, width: int, rows: Iterable[Sequence[object]]) -> None:
    """Run *statement*, with the values of *rows* in its braces, for many rows at a time.

    sqlite3 lets go of the interpreter's lock at each step, and gets it back late where other threads are busy.
    """
    values = f"({', '.join('?' * width)})"
    left = iter(rows)
    while some := list(islice(left, _ROWS)):
        writer.execute(statement.format(", ".join([values] * len(some))), [value for row in some for value in row])


def pack(text: str) -> bytes:
    """Return *text* for the database, also one that holds half of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass")


def unpack(data: bytes) -> str:
    """Return the text that :func:`pack` gave as *data*."""
    return data.decode("utf-8", "surrogatepass")


def facts_of(record: RunRecord) -> str:
    """Return as JSON what there is of *record* that has no column of its own."""
    identity = record.identity
    return _encode(
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
    return record._replace(input_text=unpack(given), output_text=None if output is None else unpack(output))


def write_machine(machine: StartedMachine) -> str:
    """Return *machine* as JSON."""
    return json.dumps(machine._replace(updated=machine.updated.timestamp())._asdict())  # type: ignore[arg-type]


def read_machine(text: str) -> StartedMachine:
    """Return the machine that *text* holds."""
    held = json.loads(text)
    return StartedMachine(**{**held, "updated": dt.datetime.fromtimestamp(held["updated"], dt.UTC)})


def event_rows(number: int, place: int, events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    """Yield rows that hold *events* of the execution *number*, of which the first is at *place*."""
    for start in range(0, len(events), _ROW_EVENTS):
        yield from _split(number * PLACES + place + start, events[start : start + _ROW_EVENTS])


def _split(key: int, events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    """Yield *events* as one row, or as more if they are large, so that a page reads little beside what it shows."""
    text = _encode(events)
    if len(text) <= _ROW_TEXT or len(events) == 1:
        yield key, text
        return
    half = len(events) // 2
    yield from _split(key, events[:half])
    yield from _split(key + half, events[half:])


def read_events(text: str) -> list[Event]:
    """Return the events that a row holds."""
    events: list[Event] = json.loads(text)
    for place, (kind, previous, when, details) in enumerate(events):
        if kind == _WITH_TEXT and details is not None:
            events[place] = (kind, previous, when, {**details, "input": Text(details["input"])})
    return events


def write_map_run(record: MapRunRecord) -> str:
    """Return *record* as JSON."""
    return json.dumps(record._asdict())


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
