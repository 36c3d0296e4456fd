"""The log groups, streams and events of a cloud, in ``logs.db``.

An event's place is its time and, among events of one millisecond, the order in which they came. Pages are read from a
place on by an index, so a page costs what it holds. Messages are kept as bytes, as some are no valid text.
"""

from __future__ import annotations

import contextlib
import heapq
import threading
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shared.local.logs.bounds import DAY, OVERHEAD, Bounds
from shared.local.storage import Commits, RefusedError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shared.local.logs.patterns import Pattern
    from shared.local.storage import Storage

_LAYOUT = 1
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS log_group (
        id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
        created INTEGER NOT NULL, retention INTEGER, bytes INTEGER NOT NULL DEFAULT 0,
        UNIQUE (account, region, name))""",
    """CREATE TABLE IF NOT EXISTS stream (
        id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
        newest INTEGER NOT NULL DEFAULT 0, ingested INTEGER NOT NULL DEFAULT 0, UNIQUE (owner, name))""",
    "CREATE INDEX IF NOT EXISTS stream_by_newest ON stream (owner, newest)",
    """CREATE TABLE IF NOT EXISTS event (
        id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, stream INTEGER NOT NULL, at INTEGER NOT NULL,
        ingested INTEGER NOT NULL, message BLOB NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS event_of_group ON event (owner, at)",
    "CREATE INDEX IF NOT EXISTS event_of_stream ON event (stream, at)",
    "CREATE TABLE IF NOT EXISTS gone (owner INTEGER NOT NULL, stream INTEGER)",
    """CREATE TABLE IF NOT EXISTS series (
        id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, namespace TEXT NOT NULL,
        name TEXT NOT NULL, dimensions TEXT NOT NULL, UNIQUE (account, region, namespace, name, dimensions))""",
    """CREATE TABLE IF NOT EXISTS figure (
        id INTEGER PRIMARY KEY, series INTEGER NOT NULL, at INTEGER NOT NULL, unit TEXT NOT NULL, count REAL NOT NULL,
        total REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS figure_of_series ON figure (series, at)",
)
_EVENT = "event.id, event.at, event.ingested, stream.name, event.message, length(event.message)"
_FEW_STREAMS = 100  # FilterLogEvents takes no more names
_LAST = "\U0010ffff"
_MOST_WAITING, _MOST_WAITING_BYTES = 1000, 1 << 20  # events that are written together, in a store that is not kept
_LONGEST_WAIT = 1000  # ms after which the next event that comes has those written that came before
_MOST_PLACES = 10_000  # of streams that are known without looking


class GroupKey(NamedTuple):
    """What names a log group."""

    account: str
    region: str
    name: str


class Group(NamedTuple):
    """A log group: its id, when it was made (ms), for how many days events stay, and the bytes that it holds."""

    id: int
    key: GroupKey
    created: int
    retention: int | None
    bytes: int


class Stream(NamedTuple):
    """A log stream. Times are in ms; ``first``, ``last`` and ``ingested`` are 0 before there was an event."""

    id: int
    name: str
    created: int
    first: int
    last: int
    ingested: int


class Event(NamedTuple):
    """A log event. ``at`` and ``id`` are its place; times are in ms, and the size is what CloudWatch Logs counts."""

    id: int
    at: int
    ingested: int
    stream: str
    message: str
    size: int


class Place(NamedTuple):
    """A place among events: after the event of this time and id, or before it."""

    at: int
    id: int


class LogStore:
    """Keeps logs. Thread-safe.

    Args:
        storage: The disk, with its bounds.
        clock: Seconds since the epoch.
    """

    def __init__(self, storage: Storage, clock: Callable[[], float]) -> None:
        self.database = storage.database("logs", _LAYOUT, _SCHEMA)
        self.commits = Commits(self.database)
        self._clock = clock
        self._bounds = Bounds(self.database, storage.bounds.logs, self.now)
        self._ids: dict[GroupKey, int] = {}
        # of streams: their group's id, and their own; changed within transactions alone, of which one is at a time
        self._places: dict[tuple[GroupKey, str], tuple[int, int]] = {}
        self._tidying = threading.Lock()
        self._durable = storage.persistent
        self._coming = threading.Lock()
        self._writing = threading.Lock()  # what waits; taken before the one above
        self._waiting: list[_Row] = []
        self._waiting_bytes = 0
        found = self.database.read("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'")
        self._next = int(found[0][0]) + 1  # event's id

    def now(self) -> int:
        """Return the time in ms."""
        return int(self._clock() * 1000)

    def close(self) -> None:
        """Close it. Nobody may use it any more."""
        try:
            self._write_waiting()
        finally:
            self.database.close()

    def groups(self) -> list[Group]:
        """Return all groups."""
        self._write_waiting()
        rows = self.database.read("SELECT id, account, region, name, created, retention, bytes FROM log_group")
        return [Group(id_, GroupKey(account, region, name), *rest) for id_, account, region, name, *rest in rows]

    def group(self, key: GroupKey) -> Group | None:
        """Return the group of this *key*, if there is one."""
        self._write_waiting()
        query = "SELECT id, created, retention, bytes FROM log_group WHERE account = ? AND region = ? AND name = ?"
        rows = self.database.read(query, key)
        return Group(rows[0][0], key, *rows[0][1:]) if rows else None

    def make_group(self, key: GroupKey, retention: int | None = None) -> None:
        """Make a group, if it is not there."""
        values = (*key, self.now(), retention)
        query = "INSERT OR IGNORE INTO log_group (account, region, name, created, retention) VALUES (?, ?, ?, ?, ?)"
        self.commits.do(lambda writer: writer.execute(query, values))

    def keep_for(self, key: GroupKey, days: int | None) -> None:
        """Set for how many *days* the events of a group stay; None for as long as the cloud keeps any."""
        query = "UPDATE log_group SET retention = ? WHERE account = ? AND region = ? AND name = ?"
        self.commits.do(lambda writer: writer.execute(query, (days, *key)))

    def delete_group(self, key: GroupKey) -> None:
        """Delete a group with all in it. The events' space is given back bit by bit, as others are written."""

        def delete(writer: sqlite3.Connection) -> None:
            query = "DELETE FROM log_group WHERE account = ? AND region = ? AND name = ? RETURNING id"
            for (owner,) in writer.execute(query, key).fetchall():
                writer.execute("DELETE FROM stream WHERE owner = ?", (owner,))
                writer.execute("INSERT INTO gone VALUES (?, NULL)", (owner,))

            self._places = {known: place for known, place in self._places.items() if known[0] != key}

        self._ids.pop(key, None)
        self.commits.do(delete)

    def make_stream(self, key: GroupKey, name: str) -> bool:
        """Make a stream, and tell whether it was not there before.

        Raises:
            RefusedError: There is no such group.
        """
        now = self.now()

        def make(writer: sqlite3.Connection) -> bool:
            owner = self._owner(writer, key)
            query = "INSERT OR IGNORE INTO stream (owner, name, created) VALUES (?, ?, ?)"
            return writer.execute(query, (owner, name, now)).rowcount > 0

        return self.commits.do(make)

    def delete_stream(self, key: GroupKey, name: str) -> bool:
        """Delete a stream with its events, and tell whether it was there."""

        def delete(writer: sqlite3.Connection) -> bool:
            owner = self._owner(writer, key)
            query = "DELETE FROM stream WHERE owner = ? AND name = ? RETURNING id"
            ids = writer.execute(query, (owner, name)).fetchall()
            writer.executemany("INSERT INTO gone VALUES (?, ?)", [(owner, id_) for (id_,) in ids])
            self._places.pop((key, name), None)
            return bool(ids)

        return self.commits.do(delete)

    def put(self, key: GroupKey, stream: str, events: Sequence[Mapping[str, int | str]]) -> list[Event]:
        """Append *events*, each with its ``timestamp`` and ``message``, and return them.

        In a store that is kept they are on the disk then. In another one they may wait for others: every reader finds
        them, and the end of this process would end the store too.

        Raises:
            RefusedError: There is no such group or stream.
        """
        now = self.now()
        rows = [(int(event["timestamp"]), str(event["message"]).encode("utf-8", "replace")) for event in events]
        put = self._write_now if self._durable else self._let_wait
        first = put(key, stream, now, rows)
        return [
            Event(first + number, at, now, stream, raw.decode(), len(raw) + OVERHEAD)
            for number, (at, raw) in enumerate(rows)
        ]

    def _write_now(self, key: GroupKey, stream: str, now: int, messages: Sequence[_Message]) -> int:
        """Write *messages* in a transaction whose failure is the caller's own; return the first one's id."""

        def write(writer: sqlite3.Connection) -> int:
            rows = self._numbered(self._place_of(writer, key, stream), now, messages)
            _write(writer, rows)
            return self._next - len(rows)

        first = self.commits.do(write)
        self.tidy(_size(messages))
        return first

    def _let_wait(self, key: GroupKey, stream: str, now: int, messages: Sequence[_Message]) -> int:
        """Have *messages* written with others; return the first one's id."""
        place = self._places.get((key, stream)) or self.commits.do(lambda writer: self._place_of(writer, key, stream))
        with self._coming:
            self._waiting += self._numbered(place, now, messages)
            first = self._next - len(messages)
            self._waiting_bytes += _size(messages)
            due = (
                len(self._waiting) >= _MOST_WAITING
                or self._waiting_bytes >= _MOST_WAITING_BYTES
                or (bool(messages) and now - self._waiting[0][4] >= _LONGEST_WAIT)
            )
        if due:
            self._write_waiting()
        return first

    def _numbered(self, place: tuple[int, int], now: int, messages: Sequence[_Message]) -> list[_Row]:
        """Return the rows of *messages*, whose ids follow those of all before; one caller at a time."""
        first = self._next
        self._next += len(messages)
        return [(first + number, *place, at, now, raw) for number, (at, raw) in enumerate(messages)]

    def _place_of(self, writer: sqlite3.Connection, key: GroupKey, stream: str) -> tuple[int, int]:
        """Return the ids of a group and of a stream in it.

        Raises:
            RefusedError: There is no such group or stream.
        """
        owner = self._owner(writer, key)
        found = writer.execute("SELECT id FROM stream WHERE owner = ? AND name = ?", (owner, stream)).fetchone()
        if not found:
            raise RefusedError(stream)
        while len(self._places) >= _MOST_PLACES:
            del self._places[next(iter(self._places))]
        place = self._places[key, stream] = owner, int(found[0])
        return place

    def _write_waiting(self) -> None:
        """Write the events that wait, if any do. Those of a stream that is gone by now go with it.

        Whoever comes while others write waits for them: what they took is not on the disk before.

        Raises:
            DiskError: The disk takes no more; they are lost.
        """
        with self._writing:
            with self._coming:
                rows, self._waiting = self._waiting, []
                size, self._waiting_bytes = self._waiting_bytes, 0
            if rows:
                self.commits.do(lambda writer: _write(writer, rows))
        if rows:
            self.tidy(size)

    def _owner(self, writer: sqlite3.Connection, key: GroupKey) -> int:
        owner = self._ids.get(key)
        if owner is None or not writer.execute("SELECT 1 FROM log_group WHERE id = ?", (owner,)).fetchone():
            query = "SELECT id FROM log_group WHERE account = ? AND region = ? AND name = ?"
            found = writer.execute(query, key).fetchone()
            if not found:
                raise RefusedError(key.name)
            owner = self._ids[key] = int(found[0])
        return owner

    def tidy(self, written: int) -> None:
        """Let what is old go, if it is time after a write of so many bytes; one does it, and others go on."""
        if self._bounds.due(written) and self._tidying.acquire(blocking=False):
            try:
                self._bounds.enforce()
                self.commits.do(lambda _: self._places.clear())  # streams of long ago went
            finally:
                self._tidying.release()

    def streams(  # noqa: PLR0913  what DescribeLogStreams takes
        self,
        group: Group,
        *,
        prefix: str = "",
        by_time: bool = False,
        descending: bool = False,
        after: str = "",
        limit: int = -1,
    ) -> list[Stream]:
        """Return streams of a group by name or by the time of their newest event, those that come after *after*.

        Raises:
            RefusedError: There is no stream *after*.
        """
        self._write_waiting()
        begin = max(0, self.kept_from(group))
        column, sign, order = ("newest", *_ORDER[descending]) if by_time else ("name", *_ORDER[descending])
        where = "owner = ?"
        values: list[object] = [group.id]
        if prefix:
            where, values = f"{where} AND name >= ? AND name < ?", [*values, prefix, prefix + _LAST]
        if after:
            found = self.database.read("SELECT newest, id FROM stream WHERE owner = ? AND name = ?", (group.id, after))
            if not found:
                raise RefusedError(after)
            place = found[0] if by_time else (after, found[0][1])
            where, values = f"{where} AND ({column}, id) {sign} (?, ?)", [*values, *place]
        query = (
            "SELECT id, name, created,"  # noqa: S608
            " (SELECT at FROM event WHERE event.stream = stream.id AND at >= ? ORDER BY at LIMIT 1), newest, ingested"
            f" FROM stream WHERE {where} ORDER BY {column} {order}, id {order} LIMIT ?"
        )
        rows = self.database.read(query, [begin, *values, limit])
        return [Stream(id_, name, created, first or 0, *rest) for id_, name, created, first, *rest in rows]

    def stream(self, group: Group, name: str) -> Stream | None:
        """Return the stream *name* of a group, if there is one."""
        self._write_waiting()
        query = "SELECT id, name, created, 0, newest, ingested FROM stream WHERE owner = ? AND name = ?"
        rows = self.database.read(query, (group.id, name))
        return Stream(*rows[0]) if rows else None

    def kept_from(self, group: Group) -> int:
        """Return the time in ms from which on events of a group are kept."""
        days = self._bounds.days if group.retention is None else min(group.retention, self._bounds.days)
        return self.now() - days * DAY

    @contextlib.contextmanager
    def events(  # noqa: PLR0913  what pages are asked by
        self,
        group: Group,
        streams: Iterable[Stream] | None = None,
        *,
        begin: int = 0,
        end: int | None = None,
        beyond: Place | None = None,
        descending: bool = False,
        pattern: Pattern | None = None,
    ) -> Iterator[Iterator[Event]]:
        """Give the events of a group, or of some of its streams, from *begin* on and before *end* (ms), in order.

        Those that are read are all that is read from the disk. With *beyond*, only those after that place, or before
        it if they are asked for in *descending* order; with a *pattern*, only what matches its SQL condition.
        """
        self._write_waiting()
        begin = max(begin or 0, self.kept_from(group))
        sign, order = _ORDER[descending]
        chosen = None if streams is None else list(streams)
        by_stream = chosen is not None and len(chosen) <= _FEW_STREAMS
        where = "event.at >= ?"
        values: list[object] = [begin]
        if end is not None:
            where, values = f"{where} AND event.at < ?", [*values, end]
        if beyond is not None:  # the first condition is one that an index serves
            where = f"{where} AND event.at {sign}= ? AND (event.at, event.id) {sign} (?, ?)"
            values = [*values, beyond.at, *beyond]
        if pattern is not None and pattern.where:
            where, values = f"{where} AND {pattern.where.replace('{}', 'event.message')}", [*values, *pattern.values]
        index = "event_of_stream" if by_stream else "event_of_group"
        query = (
            f"SELECT {_EVENT} FROM event INDEXED BY {index} JOIN stream ON stream.id = event.stream"  # noqa: S608
            f" WHERE event.{'stream' if by_stream else 'owner'} = ? AND {where}"
            f" ORDER BY event.at {order}, event.id {order}"
        )
        wanted = None if chosen is None or by_stream else {stream.name for stream in chosen}
        owners = [stream.id for stream in chosen or ()] if by_stream else [group.id]
        with self.database.reading() as reader, contextlib.ExitStack() as cursors:
            parts = []
            for owner in owners:
                cursor = reader.execute(query, [owner, *values])
                cursors.callback(cursor.close)
                parts.append(_read(cursor))
            read = parts[0] if len(parts) == 1 else heapq.merge(*parts, key=_place, reverse=descending)
            yield (event for event in read if wanted is None or event.stream in wanted)


_ORDER = {False: (">", "ASC"), True: ("<", "DESC")}


_Row: TypeAlias = "tuple[int, int, int, int, int, bytes]"
"""An event's row: its id, its group's, its stream's, its time and that of its coming in ms, and its message."""


_Message: TypeAlias = "tuple[int, bytes]"
"""An event's time in ms and its message."""


def _size(messages: Sequence[_Message]) -> int:
    """Return how many bytes *messages* count."""
    return sum(len(raw) + OVERHEAD for _, raw in messages)


def _write(writer: sqlite3.Connection, rows: Sequence[_Row]) -> None:
    """Write *rows*, and what streams and groups tell of them."""
    told: dict[int, tuple[int, int]] = {}  # of each stream, when its newest event was and when one came last
    for _, _, stream, at, ingested, _ in rows:
        newest, last = told.get(stream, (0, 0))
        told[stream] = max(newest, at), max(last, ingested)
    query = "UPDATE stream SET newest = max(newest, ?), ingested = ? WHERE id = ?"
    there = {stream for stream, values in told.items() if writer.execute(query, (*values, stream)).rowcount}
    kept = [row for row in rows if row[2] in there]
    writer.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", kept)
    sizes: dict[int, int] = {}
    for row in kept:
        sizes[row[1]] = sizes.get(row[1], 0) + len(row[5]) + OVERHEAD
    query = "UPDATE log_group SET bytes = bytes + ? WHERE id = ?"
    writer.executemany(query, [(size, owner) for owner, size in sizes.items()])


def _place(event: Event) -> tuple[int, int]:
    return event.at, event.id


def _read(cursor: sqlite3.Cursor) -> Iterator[Event]:
    for id_, at, ingested, stream, message, size in cursor:
        yield Event(id_, at, ingested, stream, message.decode(), size + OVERHEAD)
