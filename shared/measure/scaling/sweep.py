"""Runs a workflow at every point of a grid, several times, and never loses what it has measured.

Every finished cell is one line of a journal (JSON Lines), which is on the disk before the next cell begins. Its key is
made of all that could change the result: team, workflow, place, memory, code, payload and repeat. So the same sweep
again runs only the cells that are missing or failed, and never takes those of other code for its own.

The repeats are the outer loop: each configuration runs once in each round. The order within a round is another in
each, and looks random (it is that of the keys, which are hashes). So a machine or an account that gets slower over an
hour, or over a round, does so for all configurations alike: these are randomized blocks. An interrupted sweep goes on
in the same order.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import statistics
import time
from collections import Counter
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
WORLD = "world_size"
"""The axis that says how many ranks there are."""
_LONGEST = 200  # characters of a value in a journal's settings
Scalar: TypeAlias = "bool | int | float | str"
"""A value on an axis."""


class Measured(TypedDict, total=False):
    """What one run of a sweep took: seconds, records per second, MB, US dollars.

    ``status`` is always there, the rest only where the run began. ``cold_starts`` counts the invocations of all its
    functions that began cold. ``ranks`` has (rank, records, seconds, cold start in ms or None) of each rank.
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
    """A line of the journal: a run, the key of its cell, which repeat it is, its place on the axes, and its setting.

    ``setting`` is that of its :class:`Cell`; journals of before 2026-11-30 have none.
    """

    key: str
    repeat: int
    axes: dict[str, Scalar]
    setting: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a sweep.

    Attributes:
        axes: Its place on the axes.
        payload: Its whole input.
        repeat: Which repeat it is: 1, 2, ...
        key: What it is known by.
        setting: What else makes its result: from :func:`describe_setting`, and what of the input is on no axis.
    """

    axes: Mapping[str, Scalar]
    payload: Mapping[str, Json]
    repeat: int
    key: str
    setting: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is. ``seconds_left`` is estimated from the cells that this process has run."""

    done: int
    total: int
    cell: Cell
    record: Record
    seconds_left: float


def describe_setting(lane: Lane, workflow: Workflow, place: str, code: str) -> dict[str, Json]:
    """Return what makes the results of a sweep what they are, apart from its input.

    Args:
        lane: Whose sweep it is.
        workflow: What it runs.
        place: ``aws``, ``embedded``, or the URL of what stands in AWS's place.
        code: The digest of its code, from :func:`shared.deploy.code.digest_code`.
    """
    sizes = {step: lane.functions[key].memory_mb for step, key in workflow.functions.items()}
    return {"team": lane.team, "workflow": workflow.key, "where": place, "memory": sizes, "code": code}


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
    fixed = {name: _short(value) for name, value in payload.items() if name not in axes}
    setting = {**about, "input": fixed}
    for number in range(1, repeat + 1):
        for values in itertools.product(*axes.values()):
            point = dict(zip(axes, values, strict=True))
            whole = {**payload, **point}
            text = json.dumps([dict(about), whole, number], sort_keys=True, default=str)
            cells.append(Cell(point, whole, number, hashlib.sha256(text.encode()).hexdigest()[:16], setting))
    return cells


def _short(value: Json) -> Json:
    """Return *value*, or the hash of one that is too long for each line of a journal."""
    text = json.dumps(value, sort_keys=True, default=str)
    return value if len(text) <= _LONGEST else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def most_ranks(cells: Sequence[Cell]) -> Cell:
    """Return the first of *cells* with the largest world: a run of it warms the environments that the others need."""
    worlds = (world if isinstance(world := cell.axes.get(WORLD), int) else 0 for cell in cells)
    return max(zip(worlds, cells, strict=True), key=lambda pair: pair[0])[1]


class Journal:
    """The file that remembers finished cells."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Record]:
        """Return the last record of each key, the newest at the end.

        Raises:
            LanesError: A line is damaged. The message names it.
        """
        return {record["key"]: record for record in self.last_lines().values()}

    def last_lines(self) -> dict[int, Record]:
        """Return the last record of each key by the number of its line. A last line that was cut short is left out.

        Raises:
            LanesError: Another line is damaged. The message names it.
        """
        last: dict[str, tuple[int, Record]] = {}
        lines = self.path.read_bytes().split(b"\n") if self.path.exists() else []
        for number, line in enumerate(lines[:-1], 1):  # what is after the last newline was never finished
            try:
                record: Record = json.loads(line)
                last.pop(record["key"], None)  # a cell that ran again is as new as its last run
                last[record["key"]] = number, record
            except (ValueError, TypeError, KeyError) as error:
                raise LanesError(
                    "this line is no result of a sweep",
                    where=f"{self.path}:{number}",
                    fix="delete the line: its cell runs again",
                ) from error
        return dict(last.values())

    def count_done(self, cells: Sequence[Cell]) -> int:
        """Return how many of *cells* it has the results of."""
        records = self.read()
        return sum(cell.key in records and records[cell.key]["status"] == DONE for cell in cells)

    def others(self, cells: Sequence[Cell]) -> dict[str, int]:
        """Return how many runs it has of the same places as *cells* that are not theirs, by what is other in them."""
        keys = {cell.key for cell in cells}
        places = {(cell.repeat, *cell.axes.items()): cell.setting for cell in cells}
        found: Counter[str] = Counter()
        for record in self.read().values():
            setting = places.get((record.get("repeat", 0), *record.get("axes", {}).items()))
            if setting is not None and record["key"] not in keys and record["status"] == DONE:
                had = record.get("setting", {})
                other = [name for name in setting if had.get(name) != setting[name]]
                found["a setting that was not recorded" if not had else "other " + " and ".join(other)] += 1
        return dict(found)

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
    """Measure the cells that the journal lacks, round by round; return the records of all, in the order of *cells*.

    A cell that fails, or that cannot be started, is recorded as failed, and the sweep goes on.
    """
    records = journal.read()
    todo = [cell for cell in cells if cell.key not in records or records[cell.key]["status"] != DONE]
    todo.sort(key=lambda cell: (cell.repeat, cell.key))  # keys are hashes: a random order, and the same each time
    took: list[float] = []
    for number, cell in enumerate(todo, len(cells) - len(todo) + 1):
        begun = clock()
        measured: Measured
        try:
            measured = measure(cell)
        except (LanesError, BotoCoreError, ClientError) as error:
            measured = {"status": "ERROR", "error": str(error)}
        took.append(clock() - begun)
        place: Record = {"key": cell.key, "repeat": cell.repeat, "axes": dict(cell.axes), "setting": dict(cell.setting)}
        record: Record = {**place, **measured}
        journal.append(record)
        records[cell.key] = record
        left = statistics.median(took) * (len(cells) - number)
        on_done(Progress(number, len(cells), cell, record, left))
    return [records[cell.key] for cell in cells]


def read_sweep(folder: Path) -> list[Record]:
    """Return the records of the newest sweep in *folder*, in the order of their repeats and places.

    One folder may hold sweeps from before, over other axes or of another setting, as of other code.

    Raises:
        UsageError: There is no sweep in it.
    """
    records = list(Journal(folder / JOURNAL).read().values())
    if not records:
        raise UsageError(
            "there is no sweep in this folder", where=str(folder), fix=f"lanes sweep writes {JOURNAL} there"
        )
    newest = records[-1]
    same = [each for each in records if _sweep_of(each) == _sweep_of(newest)]
    return sorted(same, key=_place_of)


def _sweep_of(record: Record) -> tuple[set[str], Mapping[str, Json]]:
    return set(record["axes"]), record.get("setting", {})


def _place_of(record: Record) -> tuple[object, ...]:
    """Return what orders records: numbers on an axis come before texts."""
    return record.get("repeat", 0), [(isinstance(value, str), value) for value in record["axes"].values()]
