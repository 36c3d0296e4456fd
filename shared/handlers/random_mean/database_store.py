"""Draws as rows of the team's database. The name of a batch is its run's number."""

from __future__ import annotations

from sqlalchemy import func, select

from shared.handlers.database import engine, insert_once, transaction
from shared.handlers.random_mean.draws import listing
from shared.handlers.random_mean.errors import BatchExists, MissingDraw
from shared.handlers.random_mean.tables import DRAWS, MEANS, RUNS


class DatabaseStore:
    """The store of one team. The team's role sees only the team's own schema."""

    def begin(self, run_id: str, repetitions: int) -> str:
        """Return the number of the execution *run_id*, from a sequence. Asked again, it is the same number."""
        with transaction(engine()) as connection:
            insert_once(connection, RUNS, execution=run_id, repetitions=repetitions)
            number = connection.execute(select(RUNS.c.run_id).where(RUNS.c.execution == run_id)).scalar_one()
            drawn = connection.execute(select(DRAWS.c.iteration).where(DRAWS.c.run_id == number).limit(1)).first()
        if drawn is not None:
            raise BatchExists(
                f"an earlier run called {run_id} left draws, under the number {number}",
                where="table draws",
                fix="start the run under another name",
            )
        return str(number)

    def add(self, batch: str, iteration: int, number: int) -> None:
        """Insert the draw's row, unless it is there."""
        with transaction(engine()) as connection:
            insert_once(connection, DRAWS, run_id=int(batch), iteration=iteration, number=number)

    def mean(self, batch: str, repetitions: int) -> float:
        """Return the mean of the batch's rows and keep it in the table of means."""
        mine = (DRAWS.c.run_id == int(batch)) & (DRAWS.c.iteration < repetitions)
        with transaction(engine()) as connection:
            count, total = connection.execute(select(func.count(), func.sum(DRAWS.c.number)).where(mine)).one()
            if count == repetitions:
                mean = int(total) / repetitions
                insert_once(connection, MEANS, run_id=int(batch), draws=repetitions, mean=mean)
                return mean
            there = set(connection.execute(select(DRAWS.c.iteration).where(mine)).scalars())
        lost = [iteration for iteration in range(repetitions) if iteration not in there]
        raise MissingDraw(
            f"{len(lost)} of {repetitions} draws were not stored: {listing(lost)}",
            where=f"table draws, run {batch}",
            fix="read the logs of the draw function and start the run again",
        )
