"""One SQLite file: many readers at a time, one writer, each transaction whole or not at all.

SQLite's write-ahead log lets readers go on while one writes. Transactions survive the death of this process in any
case. Those of a durable database also survive that of the machine: each waits until the disk has it.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from shared.disks import disk_error
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BUSY_SECONDS = 30.0
_READERS = 8  # connections that are kept for the next reader


class Database:
    """An SQLite file of one layout. Thread-safe.

    Args:
        path: The file, which is made if it is missing.
        layout: The number of the layout that *schema* describes, 1 or more.
        schema: The statements that make its tables, of which each may have been made before (IF NOT EXISTS).
        durable: Whether each transaction waits for the disk.

    Raises:
        LanesError: It has another layout, or cannot be opened.
        DiskError: Of every method: the disk is full, read-only or broken. What was written before is there, and the
            database goes on when the disk does.
    """

    def __init__(self, path: Path, layout: int, schema: Sequence[str], *, durable: bool = False) -> None:
        self.path = path
        self._durable = durable
        self._writing = threading.RLock()
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue(_READERS)
        self._writer = self._opened()
        with self._telling():
            self._lay_out(layout, schema)

    def _opened(self) -> sqlite3.Connection:
        with self._telling():
            return self._connect()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise an error of the disk with the file and the fix, and any other one as it is."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            told = disk_error(error, [self.path])
            if told is None:
                raise
            raise told from error

    def _connect(self) -> sqlite3.Connection:
        self.path.touch(mode=0o600)  # SQLite gives the files beside it the same mode
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
        return connection

    def _lay_out(self, layout: int, schema: Sequence[str]) -> None:
        found = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, layout):
            raise LanesError(
                f"another version of teamlanes wrote this: its layout is {found}, and this version reads {layout}",
                where=str(self.path),
                fix="work with that version, or remove what it kept and begin anew",
            )
        with self.transaction() as writer:
            for statement in schema:
                writer.execute(statement)
            writer.execute(f"PRAGMA user_version = {layout}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the one connection that writes; all of the block is written at its end, or nothing if it raises."""
        with self._writing:
            if self._writer.in_transaction:  # a block within a block is part of it
                yield self._writer
                return
            with self._telling():
                try:
                    self._writer.execute("BEGIN IMMEDIATE")
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:  # a full disk has rolled it back itself
                        self._writer.execute("ROLLBACK")
                    raise

    def read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of *query*, all of them: ask for no more than is needed."""
        with self.reading() as reader:
            return reader.execute(query, values).fetchall()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that reads, for rows that are fetched bit by bit."""
        try:
            reader = self._readers.get_nowait()
        except queue.Empty:
            reader = self._opened()
        try:
            with self._telling():
                yield reader
        finally:
            try:
                self._readers.put_nowait(reader)
            except queue.Full:
                reader.close()

    def close(self) -> None:
        """Close it. Nobody may use it any more."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._readers.get_nowait().close()
        with self._writing:
            self._writer.close()


def bytes_in_use(connection: sqlite3.Connection) -> int:
    """Return how large a database is without what it has free: that is used again before its file grows."""
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in names)
    return (pages - free) * size
