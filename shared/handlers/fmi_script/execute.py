"""Step 2, once per rank: fetch the program and run it."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TypedDict

from shared.handlers import env, process
from shared.handlers.fmi.key import own_namespace
from shared.handlers.fmi.meeting import meeting
from shared.handlers.fmi_script import program
from shared.handlers.s3 import Bucket


class Ended(TypedDict):
    """The answer. ``seconds`` is how long the program took."""

    rank: int
    seconds: float


def handler(event: program.Rank, _context: object) -> Ended:
    """Run the rank's program. Its output goes to this function's log.

    Raises:
        ScriptFailed: The program ended badly.
        MissingObject: The program is gone from the bucket.
        NoTeamKey: The team has no key to sign with.
    """
    here = env.read()
    started = {"run_id": event["run_id"], "rank": event["rank"], "done": 0, "of": 0}
    print(json.dumps({"progress": started}), flush=True)
    at = meeting(event["rendezvous_endpoint"])
    with tempfile.TemporaryDirectory() as folder:
        script = program.fetch(
            Bucket(here.bucket, here.account), event["script"], event["folder"], Path(folder).resolve()
        )
        work = Path(folder).resolve() / event["folder"] if event["folder"] else script.parent
        environment = program.environment(event, here.bucket, at.endpoint, own_namespace().key)
        began = time.perf_counter()
        name = f"rank {event['rank']}: {event['script']}"
        process.run(program.command(script), work, environment, name, _say)
        return {"rank": event["rank"], "seconds": round(time.perf_counter() - began, 3)}


def _say(line: str) -> None:
    print(line, flush=True)
