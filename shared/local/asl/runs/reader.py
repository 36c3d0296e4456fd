"""Finds executions, histories and Map runs on disk; what it costs follows from what it returns."""

from __future__ import annotations

import json
import math
from contextlib import closing
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from shared.local.asl.history import render
from shared.local.asl.runs.bounds import DAY
from shared.local.asl.runs.record import RUNNING
from shared.local.asl.runs.rows import LISTED, MACHINE, WHOLE, read_events, read_machine, read_map_run, read_run
from shared.local.asl.runs.schema import PLACES
from shared.local.asl.stopped import read_stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.config.cloud_bounds import Bound
    from shared.local.asl.history import Event
    from shared.local.asl.identity import StartedMachine
    from shared.local.asl.runs.record import MapRunRecord, RunRecord, Wanted
    from shared.local.asl.stopped import StoppedStrand
    from shared.local.storage import Database

_ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
_MAP_RUN = ":mapRun:"
_read_machine = lru_cache(256)(read_machine)


class RunReader:
    """Reads what is written.

    Args:
        database: Opens the database, once something is asked for.
        bound: How much is kept.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, database: Callable[[], Database], bound: Bound, clock: Callable[[], float]) -> None:
        self._open = database
        self._days, self._clock = bound.days, clock

    @cached_property
    def database(self) -> Database:
        """The database."""
        return self._open()

    def close_database(self) -> None:
        """Close the database, if it was opened."""
        if "database" in self.__dict__:
            self.database.close()

    def _read(self, query: str, *values: object) -> list[Any]:
        return self.database.read(query, values)

    def _since(self) -> float:
        """Return the time before which what ended is no longer known, whether or not it was removed."""
        return self._clock() - self._days * DAY

    def _records(self, rows: Sequence[Sequence[Any]]) -> list[RunRecord]:
        """Return the executions of *rows*; each machine is read once."""
        machines: dict[int | None, StartedMachine | None] = {None: None}
        for row in rows:
            if row[MACHINE] not in machines:
                held = self._read("SELECT data FROM machines WHERE id = ?", row[MACHINE])
                machines[row[MACHINE]] = _read_machine(held[0][0]) if held else None  # it was deleted just now
        return [read_run(row, machines[row[MACHINE]]) for row in rows]

    def written(self, arn: str) -> RunRecord | None:
        """Return the execution of *arn*, None if there is none (any more)."""
        query = f"SELECT {WHOLE} FROM runs WHERE arn = ? AND (changed >= ? OR item IS NOT NULL OR status = ?)"  # noqa: S608  names of ours
        found = self._records(self._read(query, arn, self._since(), RUNNING))
        return found[0] if found else None

    def running(self) -> list[RunRecord]:
        """Return what has not ended, but for children of Map runs; what began first comes first."""
        rows = self._read(f"SELECT {WHOLE} FROM runs WHERE status = ? AND item IS NULL ORDER BY id", RUNNING)  # noqa: S608  names of ours
        return self._records(rows)

    def stopped(self, number: int) -> StoppedStrand | None:
        """Return where the execution *number* stopped; None if it did not, or was in no state."""
        found = self._read("SELECT stopped FROM runs WHERE id = ?", number)
        return read_stopped(json.loads(found[0][0])) if found and found[0][0] else None

    def list_ended(self, wanted: Wanted, after: tuple[float, int] | None, count: int) -> list[RunRecord]:
        """Return up to *count* executions that have ended, the last to end first, without their texts.

        Args:
            wanted: Which.
            after: When the one before these ended, and its number; None to begin with the last.
            count: How many.
        """
        redriven = {None: "", True: "AND redrives > 0", False: "AND redrives = 0"}[wanted.redriven]
        where = f"{wanted.by} = ? AND status = ? AND changed >= ? AND (changed, id) < (?, ?) {redriven}"
        query = f"SELECT {LISTED}, changed FROM runs WHERE {where} ORDER BY changed DESC, id DESC LIMIT ?"  # noqa: S608  names of ours
        # Children go with the execution that they are below, however old they are.
        since = 0.0 if _MAP_RUN in wanted.arn else self._since()
        before = after or (math.inf, 0)
        rows: list[Any] = []
        for status in _ENDED if wanted.status is None else (wanted.status,):
            rows += self._read(query, wanted.arn, status, since, *before, count)
        rows.sort(key=lambda row: (row[-1], row[0]), reverse=True)
        return self._records([row[:-1] for row in rows[:count]])

    def events(self, number: int, start: int, count: int, *, reverse: bool, data: bool) -> list[dict[str, object]]:
        """Return up to *count* events of the execution *number* as GetExecutionHistory shows them.

        Args:
            number: The execution's number.
            start: The place of the first one, 0 for the first of all, or backwards for the last one that is wanted.
            count: How many.
            reverse: Whether to go back from there.
            data: Whether inputs and outputs are shown.
        """
        found: list[dict[str, object]] = []
        for place, events in self._event_rows(number, start, reverse=reverse):
            numbered = list(enumerate(events, place))
            for at, event in reversed(numbered) if reverse else numbered:
                if (at <= start) if reverse else (at >= start):
                    found.append(render(event, at + 1, data=data))
                    if len(found) == count:
                        return found
        return found

    def _event_rows(self, number: int, start: int, *, reverse: bool) -> Iterator[tuple[int, list[Event]]]:
        """Yield the place of the first event of each row, and its events, beginning with the row that holds *start*."""
        first, at = number * PLACES, number * PLACES + start
        with self.database.reading() as reader:
            values: tuple[int, ...] = (first, at)
            if reverse:
                query = "WHERE id >= ? AND id <= ? ORDER BY id DESC"
            else:
                row = "coalesce((SELECT max(id) FROM events WHERE id >= ? AND id <= ?), ?)"
                query, values = f"WHERE id >= {row} AND id < ? ORDER BY id", (first, at, first, first + PLACES)
            with closing(reader.execute(f"SELECT id, data FROM events {query}", values)) as rows:  # noqa: S608  names of ours
                for key, text in rows:
                    yield key - first, read_events(text)

    # Map runs and their children.

    def map_run(self, arn: str) -> MapRunRecord | None:
        """Return the Map run of *arn*, or None."""
        found = self._read("SELECT data FROM map_runs WHERE arn = ?", arn)
        return read_map_run(found[0][0]) if found else None

    def map_runs(self, parent: str) -> list[MapRunRecord]:
        """Return the Map runs of the execution *parent*, the newest first."""
        rows = self._read("SELECT data FROM map_runs WHERE parent = ? ORDER BY started DESC, rowid DESC", parent)
        return [read_map_run(text) for (text,) in rows]

    def children(self, map_run: str, *, succeeded: bool) -> Iterator[RunRecord]:
        """Yield the children that succeeded, or those that ended otherwise, in the order of their items."""
        chosen = "= 'SUCCEEDED'" if succeeded else "NOT IN ('SUCCEEDED', 'RUNNING')"
        # The + keeps SQLite from another index, for which it would have to sort them.
        query = f"SELECT {WHOLE} FROM runs WHERE scope = ? AND item IS NOT NULL AND +status {chosen} ORDER BY item"  # noqa: S608  names of ours
        with self.database.reading() as reader, closing(reader.execute(query, (map_run,))) as rows:
            for row in rows:
                yield read_run(row, None)
