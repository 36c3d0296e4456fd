"""Step 1: check the payload, and that there is an R to run it with."""

from __future__ import annotations

from typing import Any

from shared.handlers import env
from shared.handlers.payload import Reader
from shared.handlers.wssr import rscript

MOST_ITERATIONS = 10_000
MOST_AT_ONCE = 10_000  # child executions of one distributed Map (AWS quota)
MOST_YEARS = 100
MOST_PEOPLE = 1_000_000
LARGEST_SEED = 2**31 - 1  # R's integers
JOINERS_SHARE = 0.08  # of the first headcount, a year: about what leaves and retires
KNOWN = ("iterations", "years", "seed", "headcount", "joiners", "concurrency", "bucket")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the run's figures, all there and all whole numbers.

    Args:
        event: ``run_id``, the execution's input as ``payload``, and the team's ``defaults`` for what that leaves out.

    Raises:
        BadInput: The payload cannot be run.
        MissingR: There is no R where functions run.
    """
    reader = Reader(event["payload"], KNOWN, event["defaults"])
    reader.own_bucket(env.read().bucket)
    headcount = reader.whole("headcount", MOST_PEOPLE, required=True) or 0
    told = {
        "run_id": event["run_id"],
        "iterations": reader.whole("iterations", MOST_ITERATIONS, required=True),
        "years": reader.whole("years", MOST_YEARS, required=True),
        "seed": reader.whole("seed", LARGEST_SEED, least=0, required=True),
        "headcount": headcount,
        "joiners": reader.whole("joiners", MOST_PEOPLE, least=0, default=round(headcount * JOINERS_SHARE)),
        "concurrency": reader.whole("concurrency", MOST_AT_ONCE, required=True),
    }
    reader.finish()
    rscript.find()
    return told
