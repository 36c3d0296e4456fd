"""The tables of random-mean: runs, which number themselves; draws; and means."""

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

from shared.handlers.random_mean.draws import MOST

if TYPE_CHECKING:
    from sqlalchemy import Engine

METADATA = MetaData()
RUNS = Table(
    "runs",
    METADATA,
    # A sequence counts them; the highest plus one would be the same for two that start together.
    Column("run_id", BigInteger, Identity(always=True), primary_key=True, autoincrement=True),
    Column("execution", String(80), nullable=False, unique=True),
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
_LOCK = 7_246_173  # any number; the database lets one at a time hold it
_LOCK_SECONDS = 30


def migrate(engine: Engine) -> None:
    """Make what is not there yet. Run twice, or by two at once, it does no more than run once."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        else:  # held until the connection ends: in MySQL a transaction ends with the first table that is made
            connection.execute(text("SELECT GET_LOCK(:lock, :seconds)"), {"lock": str(_LOCK), "seconds": _LOCK_SECONDS})
        METADATA.create_all(connection, checkfirst=True)
