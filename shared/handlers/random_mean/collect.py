"""Step 3: average the batch."""

from __future__ import annotations

import json
from typing import Any

from shared.handlers import env
from shared.handlers.random_mean import draws
from shared.handlers.random_mean.stores import open_store
from shared.handlers.s3 import Bucket


def handler(event: dict[str, Any], _context: object) -> float:
    """Return the mean of the run's draws.

    Args:
        event: ``run_id``, whose list of draws says which there must be, and ``storage``.

    Raises:
        MissingDraw: A draw was not stored: a mean of some would pass for the mean of all.
        CorruptDraw: One is no number that is drawn.
        MissingObject: The run has no list of draws.
    """
    here = env.read()
    named = json.loads(Bucket(here.bucket, here.account).get(draws.manifest(event["run_id"])))
    batch, _ = draws.split(named[0])
    return open_store(event["storage"], here).mean(batch, len(named))
