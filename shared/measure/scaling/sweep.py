"""Runs a workflow at every point of a grid, several times, and never loses what it has measured.

Every finished cell is one line of a journal (JSON Lines), written through to the disk, under a key made of all that
could change its result: team, workflow, place, memory, payload and repeat. The same command again runs only the cells
that are missing or failed. Repeats are the outer loop, so that a slow minute of the machine does not fall on one
configuration alone.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

Record = dict[str, Any]
DONE = "SUCCEEDED"


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a sweep: its place on the axes, its whole input, which repeat it is (1, 2, ...), and its key."""

    axes: Mapping[str, Any]
    payload: Mapping[str, Any]
    repeat: int
    key: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is; ``seconds_left`` is None until a cell of this sitting has been timed."""

    done: int
    of: int
    cell: Cell
    record: Record
    seconds_left: float | None


def make_cells(
    axes: Mapping[str, Sequence[Any]], payload: Mapping[str, Any], repeat: int, about: Mapping[str, Any]
) -> list[Cell]:
    """Return the cells of a grid.

    Args:
        axes: Parameters and the values each takes.
        payload: The input they are put into.
        repeat: How often each configuration runs.
        about: What else makes a result what it is (team, workflow, place, memory); part of the keys.
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
            LanesError: Another line is damaged; the message names it.
        """
        records: dict[str, Record] = {}
        lines = self.path.read_text(encoding="utf-8").split("\n") if self.path.exists() else []
        for number, line in enumerate(lines[:-1], 1):  # what follows the last newline was never finished
            try:
                record = json.loads(line)
                records[record["key"]] = record
            except (ValueError, TypeError, KeyError) as error:
                raise LanesError(
                    "this line is no result of a sweep",
                    where=f"{self.path}:{number}",
                    fix="delete the line: its cell runs again",
                ) from error
        return records

    def append(self, record: Record) -> None:
        """Add a record and wait until the disk has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            if file.tell() and not _ends_line(file):
                file.truncate(_last_line(file))  # what an interruption cut short
            file.write(json.dumps(record).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _ends_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _last_line(file: Any) -> int:
    """Return where the last line begins."""
    file.seek(0)
    return int(file.read().rfind(b"\n")) + 1


def run_sweep(
    cells: Sequence[Cell],
    journal: Journal,
    measure: Callable[[Cell], Record],
    on_done: Callable[[Progress], object],
    clock: Callable[[], float] = time.monotonic,
) -> list[Record]:
    """Measure the cells that the journal lacks; return the records of all, in the order of *cells*.

    A cell that fails, or that cannot be started, is recorded as failed and the sweep goes on.
    """
    records = journal.read()
    todo = [cell for cell in cells if records.get(cell.key, {}).get("status") != DONE]
    took: list[float] = []
    for number, cell in enumerate(todo, len(cells) - len(todo) + 1):
        begun = clock()
        try:
            record = measure(cell)
        except (LanesError, BotoCoreError, ClientError) as error:
            record = {"status": "ERROR", "error": str(error)}
        took.append(clock() - begun)
        record = {"key": cell.key, "repeat": cell.repeat, "axes": dict(cell.axes), **record}
        journal.append(record)
        records[cell.key] = record
        left = statistics.median(took) * (len(cells) - number)
        on_done(Progress(number, len(cells), cell, record, left))
    return [records[cell.key] for cell in cells]
