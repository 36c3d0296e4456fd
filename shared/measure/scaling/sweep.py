"""Runs a workflow at every point of a grid, several times, and never loses what it has measured.

Every finished cell is one line of a journal (JSON Lines), which is on the disk before the next cell begins. Its key is
made of all that could change the result: team, workflow, place, memory, payload and repeat. So the same sweep again
runs only the cells that are missing or failed. The repeats are the outer loop: a slow minute of the machine then falls
on several configurations.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import statistics
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, TypeAlias, TypedDict

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shared.config.lane import Lane, Workflow
    from shared.values import Json

JOURNAL = "cells.jsonl"
"""The name of the journal in a sweep's folder."""
DONE = "SUCCEEDED"
Scalar: TypeAlias = "bool | int | float | str"
"""A value on an axis."""


class Measured(TypedDict, total=False):
    """What one run of a sweep took: seconds, records per second, MB, US dollars.

    ``status`` is always there, the rest only where the run began. ``ranks`` has (rank, records, seconds, cold start in
    ms or None) of each rank.
    """

    run_id: str
    status: str
    error: str | None
    measured_at: str
    wall_seconds: float
    records: int
    wall_throughput: float
    aggregate_throughput: float
    memory_mb: int
    memory_size_mb: int
    cost_usd: float
    cold_starts: int
    ranks: Sequence[Sequence[float | None]]


class Record(Measured, total=False):
    """A line of the journal: a run, the key of its cell, which repeat it is, and its place on the axes."""

    key: str
    repeat: int
    axes: dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a sweep: its place on the axes, its whole input, which repeat it is (1, 2, ...), and its key."""

    axes: Mapping[str, Scalar]
    payload: Mapping[str, Json]
    repeat: int
    key: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is. ``seconds_left`` is estimated from the cells that this process has run."""

    done: int
    total: int
    cell: Cell
    record: Record
    seconds_left: float


def describe_setting(lane: Lane, workflow: Workflow, place: str) -> dict[str, Json]:
    """Return what makes the results of a sweep what they are, apart from its input.

    Args:
        lane: Whose sweep it is.
        workflow: What it runs.
        place: ``aws``, ``embedded``, or the URL of what stands in AWS's place.
    """
    sizes = {step: lane.functions[key].memory_mb for step, key in workflow.functions.items()}
    return {"team": lane.team, "workflow": workflow.key, "where": place, "memory": sizes}


def make_cells(
    axes: Mapping[str, Sequence[Scalar]], payload: Mapping[str, Json], repeat: int, about: Mapping[str, Json]
) -> list[Cell]:
    """Return the cells of a grid.

    Args:
        axes: Parameters and the values each takes.
        payload: The input they are put into.
        repeat: How often each configuration runs.
        about: What else makes a result what it is, from :func:`describe_setting`; part of the keys.
    """
    cells = []
    for number in range(1, repeat + 1):
        for values in itertools.product(*axes.values()):
            point = dict(zip(axes, values, strict=True))
            whole = {**payload, **point}
            text = json.dumps([dict(about), whole, number], sort_keys=True, default=str)
            cells.append(Cell(point, whole, number, hashlib.sha256(text.encode()).hexdigest()[:16]))
    return cells


class Journal:
    """The file that remembers finished cells."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Record]:
        """Return the last record of each key. A last line that an interruption cut short is left out.

        Raises:
            LanesError: Another line is damaged. The message names it.
        """
        records: dict[str, Record] = {}
        lines = self.path.read_text(encoding="utf-8").split("\n") if self.path.exists() else []
        for number, line in enumerate(lines[:-1], 1):  # what is after the last newline was never finished
            try:
                record: Record = json.loads(line)
                records[record["key"]] = record
            except (ValueError, TypeError, KeyError) as error:
                raise LanesError(
                    "this line is no result of a sweep",
                    where=f"{self.path}:{number}",
                    fix="delete the line: its cell runs again",
                ) from error
        return records

    def count_done(self, cells: Sequence[Cell]) -> int:
        """Return how many of *cells* it has the results of."""
        records = self.read()
        return sum(cell.key in records and records[cell.key]["status"] == DONE for cell in cells)

    def append(self, record: Record) -> None:
        """Add a record, and wait until it is on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            if file.tell() and not _ends_line(file):
                file.truncate(_last_line(file))  # what an interruption cut short
            file.write(json.dumps(record).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _ends_line(file: IO[bytes]) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _last_line(file: IO[bytes]) -> int:
    """Return where the last line begins."""
    file.seek(0)
    return file.read().rfind(b"\n") + 1


def run_sweep(
    cells: Sequence[Cell],
    journal: Journal,
    measure: Callable[[Cell], Measured],
    on_done: Callable[[Progress], object],
    clock: Callable[[], float] = time.monotonic,
) -> list[Record]:
    """Measure the cells that the journal lacks; return the records of all cells, in the order of *cells*.

    A cell that fails, or that cannot be started, is recorded as failed, and the sweep goes on.
    """
    records = journal.read()
    todo = [cell for cell in cells if cell.key not in records or records[cell.key]["status"] != DONE]
    took: list[float] = []
    for number, cell in enumerate(todo, len(cells) - len(todo) + 1):
        begun = clock()
        measured: Measured
        try:
            measured = measure(cell)
        except (LanesError, BotoCoreError, ClientError) as error:
            measured = {"status": "ERROR", "error": str(error)}
        took.append(clock() - begun)
        record: Record = {"key": cell.key, "repeat": cell.repeat, "axes": dict(cell.axes), **measured}
        journal.append(record)
        records[cell.key] = record
        left = statistics.median(took) * (len(cells) - number)
        on_done(Progress(number, len(cells), cell, record, left))
    return [records[cell.key] for cell in cells]


def read_sweep(folder: Path) -> list[Record]:
    """Return the records of the newest sweep in *folder*: one folder may hold sweeps over other axes, from before.

    Raises:
        UsageError: There is no sweep in it.
    """
    records = list(Journal(folder / JOURNAL).read().values())
    if not records:
        raise UsageError(
            "there is no sweep in this folder", where=str(folder), fix=f"lanes sweep writes {JOURNAL} there"
        )
    axes = records[-1]["axes"].keys()
    return [record for record in records if record["axes"].keys() == axes]
