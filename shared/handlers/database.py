"""A team's database as handlers use it: the team's own schema, through its own role, a connection for a transaction.

A connection is held for one transaction, some milliseconds. The role has a limit of connections, so a thousand writers
take turns and do not exhaust the server. A writer that finds no free connection tries again, a little later each time.
The same code works through RDS Proxy. That has a pool of its own, so nobody has to wait.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import time
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from sqlalchemy import URL, create_engine
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection, Engine, Insert, Table

VARIABLE = "DATABASE_SECRET"
"""The variable that names the team's secret."""

CONNECT_SECONDS = 5  # for a server to answer: our choice
PATIENCE = 40.0  # seconds to wait for a free connection: our choice, since the functions have a minute
_DRIVERS = {"postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}  # RDS's names of engines
_FIRST_WAIT, _LONGEST_WAIT = 0.02, 1.0  # seconds between two tries: our choice, about a transaction at first
_TURNED_AWAY = ("too many connections", "too many clients", "remaining connection slots", "max_user_connections")


class NoDatabase(LanesError):
    """The team has no database."""


class DatabaseDown(LanesError):
    """The database does not answer."""


def connect(secret: Mapping[str, object]) -> Engine:
    """Return an engine for *secret*, as RDS writes them: engine, host, port, username, password, dbname.

    It opens a connection for each transaction and keeps none.

    Raises:
        LanesError: It is neither PostgreSQL nor MySQL.
    """
    told = {name: str(secret[name]) for name in ("engine", "username", "password", "host", "port", "dbname")}
    if told["engine"] not in _DRIVERS:
        raise LanesError(f"no driver for {told['engine']!r}", fix=f"known: {', '.join(_DRIVERS)}")
    driver = _DRIVERS[told["engine"]]
    url = URL.create(driver, told["username"], told["password"], told["host"], int(told["port"]), told["dbname"])
    return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})


@functools.cache
def engine() -> Engine:
    """Return this worker's engine. The secret is read once.

    Raises:
        NoDatabase: The function was deployed without one.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        raise NoDatabase("the team has no database", fix="set database: true in its file, and lanes deploy it")
    client = boto3.client("secretsmanager", config=Config(retries={"mode": "standard"}))
    return connect(json.loads(client.get_secret_value(SecretId=name)["SecretString"]))


@contextlib.contextmanager
def transaction(
    on: Engine, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Connection]:
    """Give a connection in a transaction, committed at the end.

    Raises:
        DatabaseDown: Nothing answers at its address, it refuses the role, or no connection was free in time.
    """
    with _opened(on, clock, sleep) as connection, connection.begin():
        yield connection


def _opened(on: Engine, clock: Callable[[], float], sleep: Callable[[float], None]) -> Connection:
    give_up, wait = clock() + PATIENCE, _FIRST_WAIT
    while True:
        try:
            return on.connect()
        except OperationalError as error:
            full = any(words in str(error.orig).lower() for words in _TURNED_AWAY)
            if not full or clock() > give_up:
                raise DatabaseDown(
                    f"{'no connection came free' if full else 'it does not answer'}: {str(error.orig).strip()}",
                    where=f"database {on.url.host}:{on.url.port}",
                    fix="see that it runs and that the function's network reaches it"
                    if not full
                    else "run fewer functions at once, or put RDS Proxy before it",
                ) from error
        sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311  no secret: those who wait must not all come back at once
        wait = min(wait * 2, _LONGEST_WAIT)


def insert_once(connection: Connection, table: Table, **values: object) -> None:
    """Insert a row unless there is one with the same key: a step that is tried again writes no second row."""
    connection.execute(once(connection.dialect.name, table).values(**values))


def once(dialect: str, table: Table) -> Insert:
    """Return an INSERT of *dialect* that leaves a row with the same key as it is."""
    if dialect == "mysql":  # its INSERT IGNORE would hide every other error too
        first = next(iter(table.primary_key))
        return mysql.insert(table).on_duplicate_key_update({first.name: first})
    return postgresql.insert(table).on_conflict_do_nothing()
