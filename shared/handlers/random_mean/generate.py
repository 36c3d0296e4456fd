"""Step 1: check the payload, name the batch and its draws."""

from __future__ import annotations

import json
from typing import TypedDict

from shared.handlers import env
from shared.handlers.random_mean import draws, payload
from shared.handlers.random_mean.stores import open_store
from shared.handlers.s3 import Bucket


class Start(TypedDict):
    """The event. ``run_id`` is the execution's name, ``payload`` its input: whatever a user sent."""

    run_id: str
    payload: object


def handler(event: Start, _context: object) -> dict[str, object]:
    """Return the draws to make, and write the list of them for the Map: a state cannot hold some thousand of them.

    Returns:
        ``{"statusCode": 200, "body": {"csv_name": [{"name1": "<batch>+0"}, ...]}}``.

    Raises:
        BadInput: The payload cannot be run.
        BatchExists: An earlier run of the same name left draws.
    """
    here = env.read()
    request = payload.read(event["payload"])
    batch = open_store(request.storage, here).begin(event["run_id"], request.repetitions)
    named = draws.pairs(batch, request.repetitions)
    key = draws.manifest(event["run_id"])
    Bucket(here.bucket, here.account).put(key, json.dumps(named).encode(), "application/json")
    return draws.response(named, key)
