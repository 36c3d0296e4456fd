"""The journal of a kept cloud: what has changed is in tables.db before anybody hears that it was done.

Who has changed something calls :meth:`Journal.written` and waits. One of those who wait writes for all: it keeps
changes out (:mod:`shared.local.changing`), pickles what they have touched, lets them in again, and commits one
transaction. So the file always holds the state after whole changes, and a power cut leaves that of the last commit.

A change that could not be written stays to be written with the next one; who waited for it is told.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from shared.errors import LanesError
from shared.local.keeping.pickles import Writer
from shared.local.keeping.shelves import GONE, Notes, Shelf

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from shared.local.changing import Changes
    from shared.local.keeping.units import Draft, Units
    from shared.local.storage import Database

_log = logging.getLogger(__name__)
_Records = dict[tuple[str, str], bytes | None]


class Files(Protocol):
    """Files that the tables lead to. One that nothing leads to any more waits until that is written."""

    def unheld(self) -> list[str]:
        """Return the names of those that wait."""

    def remove(self, names: list[str]) -> None:
        """Remove them."""


class NoFiles:
    """There are none."""

    def unheld(self) -> list[str]:
        """Return nothing."""
        return []

    def remove(self, names: list[str]) -> None:
        """Do nothing."""


@dataclass(slots=True)
class _OnShelf:
    """What is to be written of one shelf: all of it anew, or some entries; pickled, None for those that are gone."""

    shelf: Shelf
    anew: bool
    collection: object
    seen: dict[str, tuple[object, object]]
    states: dict[str, bytes | None] = field(default_factory=dict)
    blobs: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Batch:
    """What one transaction writes."""

    touched: dict[int, object]
    noted: dict[int, dict[object, None]]
    records: _Records
    files: list[str]
    drafts: list[Draft] = field(default_factory=list)
    shelves: list[_OnShelf] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)


class Journal:
    """Writes units, shelves and records. Thread-safe.

    Args:
        database: Where.
        changes: Who changes what.
        units: The units as they are written.
        notes: What is told of the large shelves.
        files: Files that wait for their removal to be written.
    """

    def __init__(
        self, database: Database, changes: Changes, units: Units, notes: Notes, files: Files | None = None
    ) -> None:
        self._database = database
        self._changes = changes
        self._units = units
        self._notes = notes
        self._files = files or NoFiles()
        self._waiting_files: list[str] = []
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._records: _Records = {}
        self._used: Counter[str] = Counter()
        self._begun = self._done = 0
        self._asked = threading.Event()
        self._ends = False
        changes.soon = self._asked.set
        self._thread = threading.Thread(target=self._write_later, name="journal", daemon=True)

    # Records: what is no part of moto's tables.

    def ledger(self, kind: str) -> JournalLedger:
        """Return the records of a *kind*."""
        return JournalLedger(self, kind)

    def put(self, kind: str, key: str, value: object) -> None:
        """Keep *value* as the record *key* of a *kind*, from the next commit on."""
        state = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        with self._lock:
            self._records[kind, key] = state
        self._changes.mark()

    def drop(self, kind: str, key: str) -> None:
        """Keep the record *key* of a *kind* no more, from the next commit on."""
        with self._lock:
            self._records[kind, key] = None
        self._changes.mark()

    def records(self, kind: str) -> dict[str, Any]:
        """Return the records of a *kind* that are written, by their keys, the oldest first."""
        rows = self._database.read("SELECT key, state FROM records WHERE kind = ? ORDER BY rowid", (kind,))
        return {key: pickle.loads(state) for key, state in rows}  # noqa: S301  we wrote it

    # Commits.

    def begin(self, used: Counter[str]) -> None:
        """Write from now on also what nobody waits for. *used* counts how often each blob is named."""
        self._used = used
        self._thread.start()

    def next(self) -> int:
        """Return the number of the commit that will hold what a change has changed that is under way."""
        return self._begun + 1

    def written(self, number: int | None = None) -> None:
        """Wait until all is written that was changed before now, or what the commit of that *number* holds.

        Raises:
            LanesError: It could not be written, or not for now.
        """
        number = number or self.next()
        with self._turn:
            if self._done < number:
                self._commit()

    def close(self, backends: Mapping[int, object] | None) -> None:
        """Write what is left, of all *backends*, and write no more; without them, only write no more.

        Raises:
            LanesError: It could not be written.
        """
        self._ends = True
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join()
        if backends is not None:
            self._changes.put_back(dict(backends))
            self.written()

    def _write_later(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._ends:
                return
            try:
                self.written()
            except LanesError as error:
                _log.warning("%s", error)

    def _commit(self) -> None:
        with self._changes.look() as touched:
            self._begun += 1
            number = self._begun
            with self._lock:
                records, self._records = self._records, {}
            batch = _Batch(touched, self._notes.take(), records, self._files.unheld())
            self._waiting_files += batch.files
            with self._undone_if_it_fails(batch):
                self._pickle(batch)
        with self._undone_if_it_fails(batch):
            used = self._write(batch)
        self._accept(batch, used)
        self._done = number

    def _pickle(self, batch: _Batch) -> None:
        tables = self._units.tables(batch.touched)
        batch.drafts = self._units.changed(tables)
        before: set[int] = set()
        now: set[int] = set()
        for draft in batch.drafts:
            batch.blobs |= draft.blobs
            had = self._units.units.get(draft.unit.number)
            before |= had.shelves if had else frozenset()
            now |= draft.unit.shelves if draft.state is not None else frozenset()
        batch.gone = sorted(before - now)
        for shelf in self._units.shelves.values():
            if shelf.table in tables and shelf.number not in batch.gone:
                self._pickle_shelf(batch, shelf)

    def _pickle_shelf(self, batch: _Batch, shelf: Shelf) -> None:
        noted = batch.noted.get(shelf.noted_by, {}) if shelf.kind.find is not None else {}
        if shelf.kind.find is not None and not noted and shelf.held is shelf.collection:
            return
        anew, entries = shelf.differences(noted)
        if not entries and not anew:
            return
        on = _OnShelf(shelf, anew, shelf.collection, shelf.see(entries))
        for key, value in entries:
            if value is GONE:
                on.states[key] = None
                continue
            writer = Writer(self._units)
            on.states[key] = writer.written(value)
            if writer.blobs:
                batch.blobs |= writer.blobs
                on.blobs[key] = frozenset(writer.blobs)
        batch.shelves.append(on)

    def _write(self, batch: _Batch) -> Counter[str]:
        """Write *batch* in one transaction; return how often each blob is named after it."""
        used, before = self._counted(batch), self._used
        with self._database.transaction() as writer:
            for name, data in batch.blobs.items():
                if not before[name]:
                    writer.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", (name, data))
            writer.executemany(
                "INSERT INTO units VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
                [(draft.unit.number, draft.state) for draft in batch.drafts if draft.state is not None],
            )
            writer.executemany(
                "DELETE FROM units WHERE id = ?", [(each.unit.number,) for each in batch.drafts if each.state is None]
            )
            voided = [*batch.gone, *(on.shelf.number for on in batch.shelves if on.anew)]
            writer.executemany("DELETE FROM shelves WHERE shelf = ?", [(number,) for number in voided])
            for on in batch.shelves:
                _write_shelf(writer, on)
            _write_records(writer, batch.records)
            writer.executemany("DELETE FROM blobs WHERE name = ?", [(name,) for name in before if not used[name]])
        return used

    def _counted(self, batch: _Batch) -> Counter[str]:
        used = Counter(self._used)
        for draft in batch.drafts:
            before = self._units.units.get(draft.unit.number)
            used.subtract(before.blobs if before else ())
            used.update(draft.unit.blobs if draft.state is not None else ())
        for number in batch.gone:
            shelf = self._units.shelves.get(number)
            for names in shelf.blobs.values() if shelf else ():
                used.subtract(names)
        for on in batch.shelves:
            held = on.shelf.blobs
            for key in list(held) if on.anew else on.states:
                used.subtract(held.get(key, ()))
            for names in on.blobs.values():
                used.update(names)
        return +used

    def _accept(self, batch: _Batch, used: Counter[str]) -> None:
        self._used = used
        self._units.accept(batch.drafts)
        for number in batch.gone:
            self._units.drop_shelf(number)
        for on in batch.shelves:
            if on.anew:
                on.shelf.blobs.clear()
            for key in on.states:
                on.shelf.blobs.pop(key, None)
            on.shelf.blobs.update(on.blobs)
            on.shelf.wrote(on.collection, on.seen)
        files, self._waiting_files = self._waiting_files, []
        self._files.remove(files)

    @contextlib.contextmanager
    def _undone_if_it_fails(self, batch: _Batch) -> Iterator[None]:
        """Have the next commit hold what is in *batch*, if the block raises."""
        try:
            yield
        except BaseException as error:
            self._undo(batch)
            if isinstance(error, LanesError) or not isinstance(error, Exception):
                raise
            raise _unwritten(error) from error

    def _undo(self, batch: _Batch) -> None:
        self._units.forget()
        self._changes.put_back(batch.touched)
        self._notes.put_back(batch.noted)
        with self._lock:
            self._records = {**batch.records, **self._records}


@dataclass(frozen=True, slots=True)
class JournalLedger:
    """The records of one kind in a journal."""

    journal: Journal
    kind: str

    def put(self, key: str, value: object) -> None:
        """Keep *value* under *key*."""
        self.journal.put(self.kind, key, value)

    def drop(self, key: str) -> None:
        """Keep what is under *key* no more."""
        self.journal.drop(self.kind, key)

    def all(self) -> dict[str, Any]:
        """Return what was kept when the cloud began, the oldest first."""
        return self.journal.records(self.kind)


def _write_shelf(writer: sqlite3.Connection, on: _OnShelf) -> None:
    shelf = on.shelf.number
    writer.executemany(
        "INSERT INTO shelves VALUES (?, ?, ?) ON CONFLICT (shelf, key) DO UPDATE SET state = excluded.state",
        [(shelf, key, state) for key, state in on.states.items() if state is not None],
    )
    gone = [(shelf, key) for key, state in on.states.items() if state is None]
    writer.executemany("DELETE FROM shelves WHERE shelf = ? AND key = ?", gone)


def _write_records(writer: sqlite3.Connection, records: _Records) -> None:
    writer.executemany(
        "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET state = excluded.state",
        [(*key, state) for key, state in records.items() if state is not None],
    )
    writer.executemany(
        "DELETE FROM records WHERE kind = ? AND key = ?", [key for key, state in records.items() if state is None]
    )


def _unwritten(error: Exception) -> LanesError:
    """Return what to say of a fault of ours."""
    _log.error("the journal could not be written", exc_info=error)
    return LanesError(
        f"the embedded cloud could not write this down: {type(error).__name__}: {error}",
        fix="this is a fault in lanes itself: tell us, with the cloud's log",
    )
