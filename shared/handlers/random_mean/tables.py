"""The tables of random-mean: runs (the database numbers them), draws and means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    func,
    text,
)
from sqlalchemy.dialects import mysql

from shared.errors import LanesError
from shared.handlers.random_mean.draws import MOST

if TYPE_CHECKING:
    from sqlalchemy import Engine

# In MySQL's usual collations Night-Run and night-run are the same name; for AWS and PostgreSQL they are two.
_NAME = String(80).with_variant(mysql.VARCHAR(80, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
METADATA = MetaData()
RUNS = Table(
    "runs",
    METADATA,
    # A sequence counts them. The highest number plus one would be the same for two runs that start together.
    Column("run_id", BigInteger, Identity(always=True), primary_key=True, autoincrement=True),
    Column("execution", _NAME, nullable=False, unique=True),
    Column("repetitions", Integer, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
DRAWS = Table(
    "draws",
    METADATA,
    Column("run_id", BigInteger, ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("iteration", Integer, primary_key=True, autoincrement=False),
    Column("number", SmallInteger, CheckConstraint(f"number BETWEEN 0 AND {MOST}"), nullable=False),
)
MEANS = Table(
    "means",
    METADATA,
    Column("run_id", BigInteger, ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("draws", Integer, nullable=False),
    Column("mean", Double, nullable=False),
)
LOCK = 7_246_173  # any number will do: in a PostgreSQL database, one connection at a time can hold it


def migrate(engine: Engine, *, patience: int = 30) -> None:
    """Make the tables that are not there yet. To call it twice, or from two places at once, changes nothing.

    Args:
        engine: The team's database.
        patience: Seconds to wait for another deploy that makes the tables.

    Raises:
        LanesError: Another deploy took longer than that.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{patience}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        else:  # a lock until the connection ends: in MySQL, making a table ends the transaction
            lock = {"lock": engine.url.database, "seconds": patience}
            if connection.execute(text("SELECT GET_LOCK(:lock, :seconds)"), lock).scalar() != 1:
                raise LanesError(
                    f"another deploy has been making the tables for more than {patience} s",
                    where=f"database {engine.url.database}",
                    fix="wait until it ends, then deploy again",
                )
        METADATA.create_all(connection, checkfirst=True)
