"""Writes executions that have ended, keeps them within bounds, and finds them again.

An end is queued and written in the background, with whatever else has come: one transaction for many. That begins when
it has been quiet for a while or much is queued, so what runs for a moment is not slowed by what is written of it.
``flush`` writes what is queued at once, on the thread of whoever asks. Whoever finds another at it waits, and mostly
has nothing left to do then.

A *durable* store is that of a cloud that goes on later. There nobody is told of an end before it is written
(``once_written``), starts are written as well, and what had started and not ended is ``unfinished`` for the next cloud.

Locks: ``_writing`` is held while rows are made and written, ``_lock`` for a few steps. Who holds them takes no lock of
an execution: what has ended does not change, until it is redriven, and a redrive flushes first.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import logging
import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from shared.disks import DiskError
from shared.local.asl.runs.bounds import Bounds, remove
from shared.local.asl.runs.reader import RunReader
from shared.local.asl.runs.record import RUNNING, SUCCEEDED, MapRunRecord, RunRecord, record_of
from shared.local.asl.runs.rows import event_rows, facts_of, insert, pack, unpack, write_machine, write_map_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from sqlite3 import Connection

    from shared.config.cloud_bounds import Bound
    from shared.local.asl.identity import Identity, StartedMachine
    from shared.local.asl.runs.record import LiveRun
    from shared.local.storage import Database

_log = logging.getLogger(__name__)
# How many may be queued: who starts more waits for the disk.
MOST_QUEUED = 4000
# The background thread lets others come until there was none for so many seconds, or they weigh so much, some 50 MB: an
# end weighs 50, an event 1, and so does each 500 letters of an input.
_QUIET_SECONDS, _MUCH = 10.0, 100_000
_END, _LETTERS = 50, 500
_AGAIN_SECONDS = 1.0  # after a failure
_MACHINES = 256
_UPSERT = """INSERT INTO runs (id, arn, scope, version, alias, status, changed, redrives, item, items, machine, events,
    facts, input, output, stopped)
    VALUES {}
    ON CONFLICT (arn) DO UPDATE SET status = excluded.status, changed = excluded.changed,
    redrives = excluded.redrives, events = excluded.events, facts = excluded.facts, output = excluded.output,
    stopped = excluded.stopped"""


@dataclass(eq=False, slots=True)
class _Queued:
    """An execution that is to be written with a status, and who is to be told when it is."""

    execution: LiveRun
    status: str
    tell: list[Callable[[], None]] = field(default_factory=list)

    @property
    def has_history(self) -> bool:
        """Whether its events are written as well: AWS has no history of an express execution."""
        return self.status != RUNNING and not self.execution.identity.express


def _event_rows(queued: _Queued) -> Iterator[tuple[int, str]]:
    execution = queued.execution
    history = execution.history
    return event_rows(execution.number, history.earlier, history.events) if queued.has_history else iter(())


class RunStore(RunReader):
    """The executions of one cloud that have ended.

    Args:
        database: Opens the database, once something is written or asked for.
        bound: How much is kept.
        clock: Gives the time in seconds since the epoch.
        durable: Whether nobody may be told of what is not written.
    """

    def __init__(
        self, database: Callable[[], Database], bound: Bound, clock: Callable[[], float], *, durable: bool = False
    ) -> None:
        super().__init__(database, bound, clock)
        self.durable = durable
        self._bounds = Bounds(bound, clock)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._queued: dict[str, _Queued | MapRunRecord] = {}
        last = self._read("SELECT coalesce(max(id), 0) FROM runs")[0][0] if durable else 0
        self._numbers = itertools.count(last + 1)
        self._machines: OrderedDict[int, tuple[StartedMachine, int]] = OrderedDict()
        self._halted = False
        self._closed = threading.Event()
        self._came = self._weight = 0  # how many were ever queued, and what those weigh that are
        self._most_weight = _MUCH
        self._wake = threading.Event()
        self._much = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, quiet: float = _QUIET_SECONDS, much: int = _MUCH) -> None:
        """Write in the background from now on. Until then what is queued is written when it is asked for, or much.

        Args:
            quiet: After so many seconds without anything new it is written; in a durable store at once.
            much: What is queued may weigh so much.
        """
        self._most_weight = much
        work = functools.partial(self._work, 0.0 if self.durable else quiet)
        self._thread = threading.Thread(target=work, name="runs-writer", daemon=True)
        self._thread.start()

    def new_number(self) -> int:
        """Return the number of a new execution."""
        return next(self._numbers)

    # What comes in.

    def began(self, execution: LiveRun) -> None:
        """Take note that *execution* runs, first or again."""
        self._queue(execution.arn, _Queued(execution, RUNNING))

    def ended(self, execution: LiveRun, status: str) -> None:
        """Take *execution*, which is about to have this *status* for good."""
        if not (self._halted and status != SUCCEEDED):
            self._queue(execution.arn, _Queued(execution, status))

    def keep_map_run(self, record: MapRunRecord) -> None:
        """Take a Map run as it is now."""
        self._queue(record.arn, record)

    def once_written(self, execution: LiveRun, tell: Callable[[], None]) -> None:
        """Call *tell* now, or in a durable store once the end of *execution* is written."""
        if self.durable:
            with self._lock:
                queued = self._queued.get(execution.arn)
                if isinstance(queued, _Queued) and queued.execution is execution:
                    queued.tell.append(tell)
                    return
        tell()

    def halt(self) -> None:
        """Take no end any more but a success: what else ends from now on ends because the cloud does."""
        self._halted = True

    def _queue(self, arn: str, queued: _Queued | MapRunRecord) -> None:
        if self._closed.is_set():
            return
        with self._lock:
            before = self._queued.get(arn)
            if isinstance(before, _Queued) and isinstance(queued, _Queued):
                queued.tell = before.tell
            self._queued[arn] = queued
            count = len(self._queued)
            self._came += 1
            if isinstance(queued, _Queued):
                execution = queued.execution
                self._weight += _END + len(execution.history.events) + len(execution.input_text) // _LETTERS
            much = self._weight >= self._most_weight
        if self._thread is None:
            if count >= MOST_QUEUED:
                self.flush()
        elif not self._wake.is_set():
            self._wake.set()
        if much and not self._much.is_set():
            self._much.set()

    # What is written.

    @property
    def behind(self) -> bool:
        """Whether so much is queued that who brings more has to wait: :meth:`flush`, on a thread that may."""
        return len(self._queued) >= MOST_QUEUED

    def acknowledge(self) -> None:
        """Return when what a durable store was given is written, and a store that is behind has caught up."""
        if self.durable or self.behind:
            self.flush()

    def flush(self) -> None:
        """Return when all that was queued is written.

        Raises:
            DiskError: It cannot be written; it stays queued.
        """
        if not self._queued:
            return
        with self._writing:
            told = self._write()
        for tell in told:
            try:
                tell()
            except Exception:  # noqa: BLE001  the others are to be told all the same
                _log.exception("an execution that ended could not be told of")

    def _write(self) -> list[Callable[[], None]]:
        with self._lock:
            batch = dict(self._queued)
            if not batch or self._closed.is_set():
                return []
            self._weight = 0
            self._much.clear()
        with self.database.transaction() as writer:
            for queued in batch.values():
                if isinstance(queued, MapRunRecord):
                    self._write_map_run(writer, queued)
            runs = [queued for queued in batch.values() if isinstance(queued, _Queued)]
            insert(writer, _UPSERT, 16, (self._run_row(writer, queued) for queued in runs))
            insert(writer, "INSERT OR REPLACE INTO events VALUES {}", 2, chain.from_iterable(map(_event_rows, runs)))
            if self._bounds.keep_within(writer):
                self._machines.clear()  # numbers of machines that may be gone
        told: list[Callable[[], None]] = []
        with self._lock:
            for arn, queued in batch.items():
                if self._queued.get(arn) is queued:
                    del self._queued[arn]
                    told += queued.tell if isinstance(queued, _Queued) else ()
        return told

    def _run_row(self, writer: Connection, queued: _Queued) -> tuple[object, ...]:
        execution, status = queued.execution, queued.status
        record = record_of(execution, status)
        identity = record.identity
        machine = identity.machine
        version = machine.arn if machine is not None and machine.arn != identity.machine_arn else None
        stopped = execution.stopped if status not in (RUNNING, SUCCEEDED) else None
        return (
            record.number, record.arn, record.map_run or identity.machine_arn, version, identity.alias, status,
            record.changed_at, record.redrives, record.item, record.items,
            None if machine is None else self._machine_number(writer, machine),
            record.events if queued.has_history else execution.history.earlier, facts_of(record),
            pack(record.input_text), None if record.output_text is None else pack(record.output_text),
            None if stopped is None else json.dumps(stopped.written()),
        )  # fmt: skip

    def _machine_number(self, writer: Connection, machine: StartedMachine) -> int:
        known = self._machines.get(id(machine))
        if known is not None:
            return known[1]
        text = write_machine(machine)
        key = hashlib.sha256(text.encode()).hexdigest()
        writer.execute("INSERT OR IGNORE INTO machines (hash, data) VALUES (?, ?)", (key, text))
        number = int(writer.execute("SELECT id FROM machines WHERE hash = ?", (key,)).fetchone()[0])
        self._machines[id(machine)] = machine, number  # which also keeps the id its own
        while len(self._machines) > _MACHINES:
            self._machines.popitem(last=False)
        return number

    @staticmethod
    def _write_map_run(writer: Connection, record: MapRunRecord) -> None:
        values = record.arn, record.root, record.parent_arn, record.started_at, write_map_run(record)
        writer.execute("INSERT OR REPLACE INTO map_runs VALUES (?, ?, ?, ?, ?)", values)

    def _gather(self, quiet: float) -> None:
        """Return when nothing new has come for *quiet* seconds, or there is much."""
        came = -1
        while came != self._came:
            came = self._came
            if self._much.wait(quiet):
                return

    def _work(self, quiet: float) -> None:
        told = False
        while True:
            self._wake.wait()
            if quiet:
                self._gather(quiet)
            self._wake.clear()
            if self._closed.is_set():
                return
            try:
                self.flush()
                told = False
            except (DiskError, sqlite3.Error) as error:
                if not told:
                    _log.error("executions that ended cannot be written, and stay in memory: %s", error)
                told = True
                self._closed.wait(_AGAIN_SECONDS)
                self._wake.set()

    # What is taken away.

    def forget(self, arn: str) -> None:
        """Forget the execution of *arn*, with all below it."""
        self.flush()
        with self._writing, self.database.transaction() as writer:
            remove(writer, "SELECT id FROM runs WHERE arn = ?", arn)
            self._machines.clear()

    def forget_machine(self, machine_arn: str) -> None:
        """Forget the executions of the machine of this ARN."""
        self.flush()
        with self._writing, self.database.transaction() as writer:
            remove(writer, "SELECT id FROM runs WHERE scope = ?", machine_arn)
            self._machines.clear()

    def take_unsuccessful(self, map_run: str) -> list[tuple[int, int, str, str, str | None]]:
        """Return of each child that ended without success what is to run again: index, number of items, ARN, status.

        The fifth is the input of an express one, which is forgotten: another will stand in its place.
        """
        self.flush()
        text = "CASE WHEN instr(arn, ':express:') THEN input END"
        query = f"SELECT item, items, arn, status, {text} FROM runs WHERE scope = ? AND item IS NOT NULL"  # noqa: S608  names of ours
        ended = "+status NOT IN ('RUNNING', 'SUCCEEDED')"
        rows = self._read(f"{query} AND {ended} ORDER BY item", map_run)
        if any(given is not None for *_, given in rows):
            with self._writing, self.database.transaction() as writer:
                writer.execute(f"DELETE FROM runs WHERE scope = ? AND item IS NOT NULL AND {ended}", (map_run,))  # noqa: S608  names of ours
        return [(*row, None if given is None else unpack(given)) for *row, given in rows]

    # What is found.

    def queued(self, arn: str) -> RunRecord | None:
        """Return the execution of *arn* that waits to be written, or None."""
        with self._lock:
            found = self._queued.get(arn)
        return record_of(found.execution, found.status) if isinstance(found, _Queued) else None

    def find(self, arn: str) -> RunRecord | None:
        """Return the execution of *arn*, None if there is none (any more); a durable store writes it first."""
        if self.durable:
            self.flush()
        return self.queued(arn) or self.written(arn)

    def knows(self, arn: str) -> bool:
        """Tell whether there was an execution of *arn*, which has ended and is not too old to be known."""
        if self.queued(arn) is not None:
            return True
        found = self._read("SELECT changed FROM runs WHERE arn = ?", arn)
        if found and found[0][0] < self._since():
            self.forget(arn)
            return False
        return bool(found)

    def unfinished(self) -> list[tuple[Identity, str]]:
        """Return what had started and not ended when the cloud before this one did: each with its input, JSON."""
        return [(run.identity, run.input_text) for run in self.running()]

    def close(self) -> None:
        """Write what is left, where it is to stay, and close the database."""
        if self._closed.is_set():
            return
        try:
            if self.durable:
                self.flush()
        finally:
            self._closed.set()
            self._wake.set()
            self._much.set()
            if self._thread is not None:
                self._thread.join()
            self.close_database()
