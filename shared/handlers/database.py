"""A team's database as handlers use it: its own schema, through its own role, a connection for as long as it is needed.

A connection is held for one transaction, some milliseconds, and the role may have so many at a time: a thousand
writers take turns instead of exhausting the server. What finds no free one tries again, a little later each time.
Through RDS Proxy, which has a pool of its own, it is the same code, and nobody has to wait.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import time
from typing import TYPE_CHECKING, Any

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

SECRET = "DATABASE_SECRET"  # noqa: S105  the variable that names the secret
CONNECT_SECONDS = 5
PATIENCE = 40.0  # seconds to wait for a free connection; the functions have a minute
_DRIVERS = {"postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}
_FIRST_WAIT, _LONGEST_WAIT = 0.02, 1.0
_TURNED_AWAY = ("too many connections", "too many clients", "remaining connection slots", "max_user_connections")


class NoDatabase(LanesError):
    """The team has no database."""


class DatabaseDown(LanesError):
    """The database does not answer."""


def connect(secret: Mapping[str, Any]) -> Engine:
    """Return an engine for *secret*, as RDS writes them: engine, host, port, username, password, dbname.

    It opens a connection for each transaction and keeps none.

    Raises:
        LanesError: It is neither PostgreSQL nor MySQL.
    """
    if secret["engine"] not in _DRIVERS:
        raise LanesError(f"no driver for {secret['engine']!r}", fix=f"known: {', '.join(_DRIVERS)}")
    url = URL.create(
        _DRIVERS[secret["engine"]],
        secret["username"],
        secret["password"],
        secret["host"],
        int(secret["port"]),
        secret["dbname"],
    )
    return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})


@functools.cache
def engine() -> Engine:
    """Return this worker's engine; its secret is read once.

    Raises:
        NoDatabase: The function was deployed without one.
    """
    name = os.environ.get(SECRET)
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
        DatabaseDown: Nothing answers at its address, it refuses the role, or no connection came free in time.
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
        sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311  so that those who wait do not come back together
        wait = min(wait * 2, _LONGEST_WAIT)


def insert_once(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row unless one with the same key is there: who is tried again writes no second one."""
    connection.execute(once(connection.dialect.name, table).values(**values))


def once(dialect: str, table: Table) -> Insert:
    """Return an INSERT of *dialect* that leaves a row with the same key as it is."""
    if dialect == "mysql":  # its INSERT IGNORE would pass over every other error, too
        first = next(iter(table.primary_key))
        return mysql.insert(table).on_duplicate_key_update({first.name: first})
    return postgresql.insert(table).on_conflict_do_nothing()
