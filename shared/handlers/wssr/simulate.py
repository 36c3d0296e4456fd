"""Step 2, once per iteration: simulate in R and keep the rows."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shared.handlers import env
from shared.handlers.s3 import Bucket
from shared.handlers.wssr import layout, rscript

if TYPE_CHECKING:
    from shared.handlers.wssr.figures import Iteration

RDS = "application/octet-stream"


def handler(event: Iteration, _context: object) -> int:
    """Write the iteration's ``.rds`` object, in one piece, and return its number.

    Raises:
        MissingR: There is no R.
        ScriptFailed: R ended badly.
    """
    here = env.read()
    run_id, number = event["run_id"], event["iteration"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.rds"
        asked = {"seed": event["seed"], "years": event["years"]}
        people = {"headcount": event["headcount"], "joiners": event["joiners"]}
        rscript.run("simulate.R", f"iteration {number}", iteration=number, **asked, **people, out=out)
        Bucket(here.bucket, here.account).put(layout.iteration(run_id, number), out.read_bytes(), RDS)
    done = {"run_id": run_id, "rank": number, "done": 1, "of": 1}
    print(json.dumps({"progress": done}))
    return number
