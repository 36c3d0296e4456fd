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
        try:
            self._lay_out(layout, schema)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except (sqlite3.Error, OSError) as error:
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error | OSError) -> LanesError | sqlite3.Error | OSError:
        """Return what to raise of *error*: that of the disk with the file and the fix, or itself if it is ours."""
        return disk_error(error, [self.path]) or error

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
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException as error:
                if self._writer.in_transaction:  # a full disk has rolled it back itself
                    self._writer.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise self._told(error) from error
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
            yield reader
        except sqlite3.Error as error:
            raise self._told(error) from error
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
