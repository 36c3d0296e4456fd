"""Step 2, once per rank: fetch the program and run it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, TypedDict

from shared.handlers import env, process
from shared.handlers.fmi.key import own_namespace
from shared.handlers.fmi.meeting import meeting
from shared.handlers.fmi.remaining import seconds_left
from shared.handlers.fmi_script import program
from shared.handlers.fmi_script.place import below_tmp, own_folder, own_tmp
from shared.handlers.s3 import Bucket

if TYPE_CHECKING:
    from shared.handlers.fmi.remaining import Context


class Ended(TypedDict):
    """The answer. ``seconds`` is how long the program took."""

    rank: int
    seconds: float


def handler(event: program.Rank, context: Context) -> Ended:
    """Run the rank's program. Its output goes to this function's log.

    Raises:
        ScriptFailed: The program ended badly.
        MissingObject: The program is gone from the bucket.
        NoTeamKey: The team has no key to sign with.
        NoOwnTmp: The program must lie below /tmp, and this worker has none of its own.
    """
    here = env.read()
    started = {"run_id": event["run_id"], "rank": event["rank"], "done": 0, "of": 0}
    print(json.dumps({"progress": started}), flush=True)
    at = meeting(event["rendezvous_endpoint"])
    with below_tmp(event["path"], own_tmp()) if event["path"] else own_folder(event["script"]) as place:
        program.fetch(Bucket(here.bucket, here.account), event["script"], event["folder"], place)
        work = place.root / event["folder"] if event["folder"] else place.script.parent
        key, left = own_namespace().key, seconds_left(context)
        environment = program.environment(event, here.bucket, at.endpoint, key, left)
        began = time.perf_counter()
        name = f"rank {event['rank']}: {event['script']}"
        process.run(program.command(place.script, event["args"]), work, environment, name, _say)
        return {"rank": event["rank"], "seconds": round(time.perf_counter() - began, 3)}


def _say(line: str) -> None:
    print(line, flush=True)
