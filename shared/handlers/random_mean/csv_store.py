"""Draws as CSV files in the team's bucket: ``generated_numbers/<batch>+<iteration>.csv``, one row with one number."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from shared.handlers.random_mean.draws import MOST, listing
from shared.handlers.random_mean.errors import BatchExists, CorruptDraw, MissingDraw
from shared.handlers.s3 import POOL, Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.handlers.env import Env

FOLDER = "generated_numbers/"


class CsvStore:
    """The store of one team. A batch is called like its run."""

    def __init__(self, here: Env) -> None:
        self._bucket = Bucket(here.bucket, here.account)

    def begin(self, run_id: str, repetitions: int) -> str:
        """Return *run_id*: no other run of the state machine has it."""
        del repetitions  # files need no room to be made
        first = next(self._keys(run_id), None)
        if first is not None:
            raise BatchExists(
                f"an earlier run called {run_id} left draws, {first} among them",
                where=f"s3://{self._bucket.name}",
                fix="start the run under another name",
            )
        return run_id

    def add(self, batch: str, iteration: int, number: int) -> None:
        """Write the draw's file, unless it is there."""
        self._bucket.put_new(_key(batch, iteration), f"{number}\r\n".encode(), "text/csv")

    def mean(self, batch: str, repetitions: int) -> float:
        """Return the mean of the numbers in the batch's files. Files of no draw of the batch are ignored."""
        there = set(self._keys(batch))
        lost = [iteration for iteration in range(repetitions) if _key(batch, iteration) not in there]
        if lost:
            raise MissingDraw(
                f"{len(lost)} of {repetitions} draws were not stored: {listing(lost)}",
                where=f"s3://{self._bucket.name}/{FOLDER}{batch}+*.csv",
                fix="read the logs of the draw function and start the run again",
            )
        with ThreadPoolExecutor(POOL) as pool:
            return sum(pool.map(lambda iteration: self._read(batch, iteration), range(repetitions))) / repetitions

    def _keys(self, batch: str) -> Iterator[str]:
        """List the files of *batch*, but none of a batch that is called ``<batch>+1``."""
        mine = re.compile(re.escape(f"{FOLDER}{batch}") + r"\+[0-9]+\.csv")
        return (found.key for found in self._bucket.list(f"{FOLDER}{batch}+") if mine.fullmatch(found.key))

    def _read(self, batch: str, iteration: int) -> int:
        key = _key(batch, iteration)
        text = self._bucket.get(key).decode(errors="replace")
        found = re.fullmatch(r"([0-9]{1,4})\r?\n?", text)
        if not found or int(found[1]) > MOST:
            raise CorruptDraw(
                f"this is no whole number from 0 to {MOST}: {text[:40]!r}", where=f"s3://{self._bucket.name}/{key}"
            )
        return int(found[1])


def _key(batch: str, iteration: int) -> str:
    return f"{FOLDER}{batch}+{iteration}.csv"
