"""Where draws are kept: one interface, an implementation for each ``storage``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.handlers.random_mean.csv_store import CsvStore

if TYPE_CHECKING:
    from shared.handlers.env import Env


class Store(Protocol):
    """Keeps the draws of batches apart."""

    def begin(self, run_id: str, repetitions: int) -> str:
        """Return the name of a new batch; the same one when the run's first step is tried again.

        Raises:
            BatchExists: An earlier run of that name left draws.
        """

    def add(self, batch: str, iteration: int, number: int) -> None:
        """Keep *number* as the draw *iteration*, unless one is kept already: of a retried draw the first counts."""

    def mean(self, batch: str, repetitions: int) -> float:
        """Return the mean of the batch's draws, every one counted once.

        Raises:
            MissingDraw: Names those that were not stored.
            CorruptDraw: One is no number that is drawn.
        """


def open_store(storage: str, here: Env) -> Store:
    """Return the store that *storage* names."""
    if storage == "csv":
        return CsvStore(here)
    from shared.handlers.random_mean.database_store import DatabaseStore  # SQLAlchemy takes 0.2 s

    return DatabaseStore()
