"""The journal's tables in tables.db, and what must be the same in the version that reads it."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

LAYOUT = 1
"""The number of the layout: of these tables, and of our own classes in the pickles. Another one is not read.

It grows when a class of ours that is in a pickle gets other attributes: machines and aliases, stacks, records of the
ledgers."""

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS units (id INTEGER PRIMARY KEY, state BLOB NOT NULL)",
    """CREATE TABLE IF NOT EXISTS shelves
    (shelf INTEGER NOT NULL, key TEXT NOT NULL, state BLOB NOT NULL, UNIQUE (shelf, key))""",
    """CREATE TABLE IF NOT EXISTS records
    (kind TEXT NOT NULL, key TEXT NOT NULL, state BLOB NOT NULL, UNIQUE (kind, key))""",
    "CREATE TABLE IF NOT EXISTS blobs (name TEXT PRIMARY KEY, data BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS versions (name TEXT PRIMARY KEY, version TEXT NOT NULL)",
)

_MOTO = importlib.metadata.version("moto")
_AS_GOOD: frozenset[str] = frozenset()
"""Versions of moto, other than the one that this project pins, whose objects it goes on with as they are."""


def check_version(writer: sqlite3.Connection, folder: Path) -> None:
    """Note the version of moto whose objects are written from now on.

    Neither this project's own version counts (LAYOUT does) nor Python's: pickles are the same in all that it runs on.

    Raises:
        LanesError: Those that are there are of a version whose attributes may be others.
    """
    found = writer.execute("SELECT version FROM versions WHERE name = 'moto'").fetchone()
    if found is not None and found[0] not in {_MOTO, *_AS_GOOD}:
        raise LanesError(
            f"what lanes up --persist kept is of moto {found[0]}, and this is moto {_MOTO}, whose tables may differ",
            where=str(folder),
            fix=f"pip install moto=={found[0]} goes on with it; or remove that folder and begin anew",
        )
    writer.execute("INSERT OR REPLACE INTO versions VALUES ('moto', ?)", (_MOTO,))
