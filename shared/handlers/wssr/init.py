"""Step 1: check the payload, and that there is an R to run it with."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from shared.handlers import env
from shared.handlers.payload import Reader
from shared.handlers.wssr import rscript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.handlers.wssr.figures import Run

MOST_ITERATIONS = 10_000  # our choice
MOST_AT_ONCE = 10_000  # child executions of one distributed Map (AWS quota)
MOST_YEARS = 100  # our choice
MOST_PEOPLE = 1_000_000  # our choice
LARGEST_SEED = 2**31 - 1  # R's integers
JOINERS_SHARE = 0.08  # of the first headcount, a year: about as many as leave and retire in model.R
KNOWN = ("iterations", "years", "seed", "headcount", "joiners", "concurrency", "bucket")


class Start(TypedDict):
    """The event. ``payload`` is the execution's input; ``defaults`` are the team's, for keys that it leaves out."""

    run_id: str
    payload: object
    defaults: Mapping[str, object]


def handler(event: Start, _context: object) -> Run:
    """Return the run's figures: all are there, and all are whole numbers.

    Raises:
        BadInput: The payload cannot be run.
        MissingR: There is no R where functions run.
    """
    reader = Reader(event["payload"], KNOWN, event["defaults"])
    reader.own_bucket(env.read().bucket)
    headcount = reader.whole("headcount", MOST_PEOPLE, required=True) or 0
    told: Run = {
        "run_id": event["run_id"],
        "iterations": reader.whole("iterations", MOST_ITERATIONS, required=True) or 0,
        "years": reader.whole("years", MOST_YEARS, required=True) or 0,
        "seed": reader.whole("seed", LARGEST_SEED, least=0, required=True) or 0,
        "headcount": headcount,
        "joiners": reader.whole("joiners", MOST_PEOPLE, least=0, default=round(headcount * JOINERS_SHARE)) or 0,
        "concurrency": reader.whole("concurrency", MOST_AT_ONCE, required=True) or 0,
    }
    reader.finish()
    rscript.find()
    return told
