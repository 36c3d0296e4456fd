"""Step 2, once per draw: take the time that the real model would take, draw a number, keep it."""

from __future__ import annotations

import json
import secrets
import time
from typing import TypedDict

from shared.handlers import env
from shared.handlers.random_mean import draws
from shared.handlers.random_mean.stores import open_store


class Draw(TypedDict, total=False):
    """The event: a draw's name-value pair (see ``draws``), and these beside it."""

    run_id: str
    storage: str
    sleep_seconds: float


def handler(event: Draw, _context: object) -> str:
    """Draw a number and return its batch.

    Args:
        event: A bare pair, as the first version of this step was given, is a draw on csv without a delay.

    Raises:
        BadInput: The event names no draw.
    """
    here = env.read()
    batch, iteration = draws.split(event)
    time.sleep(event.get("sleep_seconds", 0))
    open_store(event.get("storage", "csv"), here).add(batch, iteration, secrets.randbelow(draws.MOST + 1))
    done = {"run_id": event.get("run_id", batch), "rank": iteration, "done": 1, "of": 1}
    print(json.dumps({"progress": done}))
    return batch
