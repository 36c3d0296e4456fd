"""What files an archive has: an index that takes no memory however many there are, and the lines it is written in."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.archive.stores import Stored
from shared.errors import LanesError
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.values import Json

_TOO_LARGE = 1 << 63  # for SQLite, and for any file
_TABLE = "create table file (path text primary key, size integer, sha256 text, sort text, source text, about text)"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive: what was stored, what it is of, and what was told beside it."""

    path: str
    stored: Stored
    source: Mapping[str, Json]
    about: Mapping[str, Json] = field(default_factory=dict)

    def as_data(self) -> dict[str, Json]:
        """Return it as the manifest has it."""
        told: dict[str, Json] = {"path": self.path, "size": self.stored.size, "sha256": self.stored.sha256}
        return {**told, "source": dict(self.source), **({"about": dict(self.about)} if self.about else {})}


def entry_of(told: Json) -> Entry:
    """Return the entry that :meth:`Entry.as_data` *told*.

    Raises:
        LanesError: It is none.
    """
    try:
        data = as_mapping(told)
        stored = Stored(_size(data["size"]), as_text(data["sha256"]))
        source = as_mapping(data["source"])
        as_text(source["sort"])
        return Entry(as_text(data["path"]), stored, source, as_mapping(data.get("about", {})))
    except (KeyError, TypeError, ValueError) as error:
        raise LanesError(
            f"the archive's list of files is damaged: {error}", fix="take another copy of it, or archive the lane again"
        ) from error


def _size(told: Json) -> int:
    size = int(str(told))
    if not 0 <= size < _TOO_LARGE:
        raise ValueError(f"no file has {size} bytes")
    return size


class Index:
    """The entries of an archive, by their paths. SQLite keeps them in a file of its own, which ends with the index.

    Several threads may use it.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", check_same_thread=False)
        self._database.execute(_TABLE)
        self._lock = threading.Lock()

    def put(self, entry: Entry) -> None:
        """Keep *entry*, in the place of another of its path."""
        row = (
            entry.path,
            *entry.stored,
            entry.source.get("sort"),
            json.dumps(dict(entry.source), sort_keys=True),
            json.dumps(dict(entry.about)),
        )
        with self._lock:
            self._database.execute("insert or replace into file values (?, ?, ?, ?, ?, ?)", row)

    def get(self, path: str) -> Entry | None:
        """Return the entry of *path*, or None."""
        with self._lock:
            row = self._database.execute("select * from file where path = ?", (path,)).fetchone()
        return _entry(row) if row else None

    def held(self, places: Iterable[str]) -> Entry | None:
        """Return the entry of the first of *places* that has one, or None."""
        return next((entry for path in places if (entry := self.get(path))), None)

    def entries(self, below: str = "") -> Iterator[Entry]:
        """Yield the entries whose paths begin with *below*, by their paths."""
        last = ""
        while True:  # page by page: other threads may write between two
            with self._lock:
                asked = "select * from file where path > ? and substr(path, 1, ?) = ? order by path limit 1000"
                rows = self._database.execute(asked, (last, len(below), below)).fetchall()
            if not rows:
                return
            yield from map(_entry, rows)
            last = rows[-1][0]

    def counts(self) -> dict[str, Json]:
        """Return how many files of each sort there are, and their bytes."""
        with self._lock:
            asked = "select sort, count(*), sum(size) from file group by sort order by sort"
            rows = self._database.execute(asked).fetchall()
        return {sort: {"files": files, "bytes": size} for sort, files, size in rows}

    def close(self) -> None:
        """Let go of it."""
        self._database.close()


def _entry(row: tuple[str, int, str, str, str, str]) -> Entry:
    path, size, sha256, _, source, about = row
    return Entry(path, Stored(size, sha256), json.loads(source), json.loads(about))
