"""Step 3: average the batch."""

from __future__ import annotations

import json
from typing import TypedDict

from shared.handlers import env
from shared.handlers.random_mean import draws
from shared.handlers.random_mean.stores import open_store
from shared.handlers.s3 import Bucket


class Drawn(TypedDict):
    """The event. The run's list of draws says which draws there must be."""

    run_id: str
    storage: str


def handler(event: Drawn, _context: object) -> float:
    """Return the mean of the run's draws.

    Raises:
        MissingDraw: A draw was not stored. The mean of some would look like the mean of all.
        CorruptDraw: A stored draw is no number that can be drawn.
        MissingObject: The run has no list of draws.
    """
    here = env.read()
    named = json.loads(Bucket(here.bucket, here.account).get(draws.manifest(event["run_id"])))
    batch, _ = draws.split(named[0])
    return open_store(event["storage"], here).mean(batch, len(named))
