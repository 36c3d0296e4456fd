"""Step 3: join the iterations in R, make one CSV table of them, and plot them."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.handlers import env
from shared.handlers.s3 import POOL, Bucket
from shared.handlers.wssr import layout, rscript

if TYPE_CHECKING:
    from shared.handlers.wssr.figures import Result, Run

TYPES = {
    ".csv": "text/csv",
    ".rds": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
}


class MissingIteration(LanesError):
    """An iteration of the run left no rows."""


def handler(event: Run, _context: object) -> Result:
    """Write ``all.rds``, ``workforce.csv`` and the plot of the run. Return its figures, and where the files are.

    Raises:
        MissingIteration: Iterations are missing. The message says which.
        ScriptFailed: R ended badly: an object is not what an iteration writes.
    """
    here = env.read()
    bucket = Bucket(here.bucket, here.account)
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        _fetch(bucket, event["run_id"], event["iterations"], top / "in")
        rscript.run("collate.R", "collation", iterations=event["iterations"], folder=top)
        made = sorted(path for path in top.iterdir() if path.suffix in TYPES)
        keys = {path.stem: layout.results(event["run_id"]) + path.name for path in made}
        for path in made:
            bucket.put(keys[path.stem], path.read_bytes(), TYPES[path.suffix])
    return {
        "run_id": event["run_id"],
        "iterations": event["iterations"],
        "years": event["years"],
        "seed": event["seed"],
        "headcount": event["headcount"],
        "joiners": event["joiners"],
        "results": {name: f"s3://{bucket.name}/{key}" for name, key in keys.items()},
    }


def _fetch(bucket: Bucket, run_id: str, iterations: int, folder: Path) -> None:
    there = {found.key for found in bucket.list(layout.iterations(run_id))}
    keys = {number: layout.iteration(run_id, number) for number in range(1, iterations + 1)}
    missing = [str(number) for number, key in keys.items() if key not in there]
    if missing:
        raise MissingIteration(
            f"{len(missing)} of {iterations} iterations left no rows: {', '.join(missing[:20])}",
            where=f"s3://{bucket.name}/{layout.iterations(run_id)}",
            fix="read the logs of the simulate function and start the run again",
        )
    folder.mkdir()
    with ThreadPoolExecutor(POOL) as pool:
        list(pool.map(lambda item: bucket.download(item[1], folder / f"{item[0]}.rds"), keys.items()))
