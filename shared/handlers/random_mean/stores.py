"""Stores, where draws are kept: one interface, and an implementation for each ``storage``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.handlers.random_mean.csv_store import CsvStore

if TYPE_CHECKING:
    from shared.handlers.env import Env


class Store(Protocol):
    """Keeps the draws of batches apart."""

    def begin(self, run_id: str, repetitions: int) -> str:
        """Return the name of a new batch. If the run's first step is tried again, it is the same name.

        Raises:
            BatchExists: An earlier run of that name left draws.
        """

    def add(self, batch: str, iteration: int, number: int) -> None:
        """Keep *number* as the draw *iteration*, unless there is one already: of a retried draw, the first counts."""

    def mean(self, batch: str, repetitions: int) -> float:
        """Return the mean of the batch's draws, every one counted once.

        Raises:
            MissingDraw: Names those that were not stored.
            CorruptDraw: A stored draw is no number that can be drawn.
        """


def open_store(storage: str, here: Env) -> Store:
    """Return the store that *storage* names."""
    if storage == "csv":
        return CsvStore(here)
    from shared.handlers.random_mean.database_store import DatabaseStore  # SQLAlchemy takes 0.2 s

    return DatabaseStore()
