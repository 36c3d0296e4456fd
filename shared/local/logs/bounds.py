"""How much of logs and figures is kept: what is too old goes, and the oldest of what is too much.

It is done on a write now and then, a bounded piece at a time, so that no writer waits long. A deleted group's events
are given back in the same way. SQLite uses a page again that is free, so the file grows no further.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shared.local.storage import bytes_in_use

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from shared.config.cloud_bounds import Bound
    from shared.local.storage import Database

DAY = 24 * 3600 * 1000
"""A day in ms."""
OVERHEAD = 26
"""Bytes that each event counts besides its message."""

_EVERY_MS = DAY // 24
_EVERY_BYTES = 1 << 20
_EVERY_WRITES = 1000
_PIECE = 2000  # rows that are deleted in one transaction


class Bounds:
    """Holds a database of logs to a bound.

    Args:
        database: The database.
        bound: How much of it may stay.
        now: The time in ms.
    """

    def __init__(self, database: Database, bound: Bound, now: Callable[[], int]) -> None:
        self.days = bound.days
        self._database = database
        self._most = bound.mb << 20
        self._now = now
        self._lock = threading.Lock()
        self._writes = self._written = 0
        self._last = 0

    def due(self, written: int) -> bool:
        """Count a write of so many bytes, and tell whether it is time to look."""
        with self._lock:
            self._writes += 1
            self._written += written
            return (
                self._writes >= _EVERY_WRITES
                or self._written >= _EVERY_BYTES
                or abs(self._now() - self._last) >= _EVERY_MS
            )

    def enforce(self) -> None:
        """Delete what has to go."""
        with self._lock:
            now = self._now()
            aged = abs(now - self._last) >= _EVERY_MS
            written, self._writes, self._written = self._written, 0, 0
            self._last = now if aged else self._last
        self._free_deleted()
        if aged:
            self._drop_aged(now)
        self._drop_oldest(written)

    def _free_deleted(self) -> None:
        """Delete events of groups and streams that are gone: a few of each."""
        for owner, stream in self._database.read("SELECT owner, stream FROM gone LIMIT 10"):
            column, value = ("owner", owner) if stream is None else ("stream", stream)
            if not self._delete(f"event.{column} = ?", (value,)):
                with self._database.transaction() as writer:
                    writer.execute("DELETE FROM gone WHERE owner = ? AND stream IS ?", (owner, stream))

    def _drop_aged(self, now: int) -> None:
        for owner, retention in self._database.read("SELECT id, retention FROM log_group"):
            days = self.days if retention is None else min(retention, self.days)
            while self._delete("event.owner = ? AND event.at < ?", (owner, now - days * DAY)) == _PIECE:
                pass
        oldest = now - self.days * DAY
        with self._database.transaction() as writer:
            writer.execute(
                "DELETE FROM stream WHERE newest < ? AND created < ?"
                " AND NOT EXISTS (SELECT 1 FROM event WHERE event.stream = stream.id)",
                (oldest, oldest),
            )
            writer.execute("DELETE FROM figure WHERE at < ?", (oldest,))
            writer.execute("DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM figure WHERE series = series.id)")

    def _drop_oldest(self, written: int) -> None:
        """Delete the oldest events, then figures, while there is too much: some more than were written since."""
        pieces = 4 + written // (1 << 16)
        while pieces and self._too_large():
            pieces -= 1
            if not self._delete("TRUE ORDER BY id", ()) and not self._delete_figures():
                return

    def _delete(self, where: str, values: Sequence[object]) -> int:
        """Delete some of the events *where* something holds, and return how many."""
        with self._database.transaction() as writer:
            query = f"SELECT id, owner, length(message) FROM event WHERE {where} LIMIT {_PIECE}"  # noqa: S608
            rows = writer.execute(query, values).fetchall()
            _take_off(writer, rows)
            writer.executemany("DELETE FROM event WHERE id = ?", [(id_,) for id_, _, _ in rows])
        return len(rows)

    def _delete_figures(self) -> int:
        with self._database.transaction() as writer:
            query = f"DELETE FROM figure WHERE id IN (SELECT id FROM figure ORDER BY id LIMIT {_PIECE})"  # noqa: S608
            return writer.execute(query).rowcount

    def _too_large(self) -> bool:
        with self._database.reading() as reader:
            return bytes_in_use(reader) > self._most


def _take_off(writer: sqlite3.Connection, rows: Sequence[tuple[int, int, int]]) -> None:
    """Take the bytes of events off those of their groups."""
    freed: dict[int, int] = {}
    for _, owner, size in rows:
        freed[owner] = freed.get(owner, 0) + size + OVERHEAD
    query = "UPDATE log_group SET bytes = max(0, bytes - ?) WHERE id = ?"
    writer.executemany(query, [(size, owner) for owner, size in freed.items()])
