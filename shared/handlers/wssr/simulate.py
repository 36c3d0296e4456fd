"""Step 2, once per iteration: simulate in R, keep the rows."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from shared.handlers import env
from shared.handlers.s3 import Bucket
from shared.handlers.wssr import layout, rscript

RDS = "application/octet-stream"


def handler(event: dict[str, Any], _context: object) -> int:
    """Write the iteration's ``.rds`` object, in one piece, and return its number.

    Args:
        event: What init returned, and the ``iteration``, from 1.

    Raises:
        MissingR: There is no R.
        ScriptFailed: R ended badly.
    """
    here = env.read()
    run_id, number = event["run_id"], event["iteration"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.rds"
        figures = {name: event[name] for name in ("seed", "years", "headcount", "joiners")}
        rscript.run("simulate.R", f"iteration {number}", iteration=number, **figures, out=out)
        Bucket(here.bucket, here.account).put(layout.iteration(run_id, number), out.read_bytes(), RDS)
    done = {"run_id": run_id, "rank": number, "done": 1, "of": 1}
    print(json.dumps({"progress": done}))
    return int(number)
