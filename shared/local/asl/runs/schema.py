"""The tables of ``runs.db``.

``runs`` holds executions, children of Map runs as well: those have an ``item``. An execution's ``scope`` is what it is
listed by: its machine, or its Map run. What ``listed`` cannot list by are versions and aliases, which few executions
are started by. A number stands for an execution: ``events`` holds the events of execution n from place p on in row
n * 65,536 + p, several in one row, and ``root`` is the execution that was started from outside, with which all below
it goes.
"""

from __future__ import annotations

LAYOUT = 1
TABLES = (
    "CREATE TABLE IF NOT EXISTS machines (id INTEGER PRIMARY KEY, hash TEXT UNIQUE, data TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS runs (
        id INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, version TEXT, alias TEXT,
        status TEXT NOT NULL, changed REAL NOT NULL, redrives INTEGER NOT NULL, item INTEGER,
        items INTEGER NOT NULL, machine INTEGER, events INTEGER NOT NULL, facts TEXT NOT NULL, input BLOB NOT NULL,
        output BLOB, stopped TEXT)""",
    "CREATE INDEX IF NOT EXISTS listed ON runs (scope, status, changed, id)",
    "CREATE INDEX IF NOT EXISTS of_version ON runs (version, changed, id) WHERE version IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS of_alias ON runs (alias, changed, id) WHERE alias IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS by_item ON runs (scope, item) WHERE item IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS by_end ON runs (changed) WHERE item IS NULL AND status <> 'RUNNING'",
    "CREATE INDEX IF NOT EXISTS of_machine ON runs (machine) WHERE machine IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, data TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS map_runs (
        arn TEXT PRIMARY KEY, root INTEGER NOT NULL, parent TEXT NOT NULL, started REAL NOT NULL,
        data TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS of_root ON map_runs (root)",
    "CREATE INDEX IF NOT EXISTS of_parent ON map_runs (parent, started)",
)
# Places that an execution has for its events; AWS allows 25,000.
PLACES = 1 << 16
