"""Step 3: join the ranks' results, judge the predictions, and tell how fast the run was."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from shared.handlers import env
from shared.handlers.cosmic import layout, quality
from shared.handlers.cosmic.errors import MissingRank, TotalsDiffer
from shared.handlers.s3 import POOL, Bucket

_ROUNDING = 1e-9  # relative and absolute: our choice, far above the rounding of sums in another order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from shared.handlers.cosmic.events import Ended, Result, Run


def handler(event: Ended, _context: object) -> dict[str, object]:
    """Write the run's combined_data.json and summary.json; return the summary.

    Raises:
        MissingRank: A rank left no result of this run.
        TotalsDiffer: The totals that rank 0 learned over FMI are not those of the results.
    """
    here = env.read()
    bucket = Bucket(here.bucket, here.account)
    run = event["run"]
    path, run_id = run["result_path"], run["run_id"]
    results = gather(bucket, run)
    wall = dt.datetime.fromisoformat(event["ranks_done"]).timestamp() - run["ranks_started"]
    summary = {
        "run_id": run_id,
        "team": here.team,
        "world_size": run["world_size"],
        "batch_size": run["batch_size"],
        "partitions": sum(result["partitions"] for result in results),
        "records": sum(result["records"] for result in results),
        "bytes": sum(result["bytes"] for result in results),
        **judge(bucket, results),
        "fmi": fmi_totals(results) if run["fmi_enabled"] else None,
        "throughput": throughput(results, wall),
        "results": {
            "bucket": bucket.name,
            "combined": layout.combined(path, run_id),
            "newest": layout.newest(path),
            "summary": layout.summary(path, run_id),
            "ranks": layout.ranks(path, run_id),
        },
    }
    bucket.put_json(layout.combined(path, run_id), results)
    bucket.put_json(layout.summary(path, run_id), summary)
    bucket.put_json(layout.newest(path), results)
    return summary


def gather(bucket: Bucket, run: Run) -> list[Result]:
    """Return every rank's result object, in the order of ranks.

    An object of an earlier run of the same name does not count.

    Raises:
        MissingRank: Names the ranks that have none.
    """
    prefix = layout.ranks(run["result_path"], run["run_id"])
    keys = {layout.rank(run["result_path"], run["run_id"], rank): rank for rank in range(run["world_size"])}
    there = [found.key for found in bucket.list(prefix) if found.key in keys]
    with ThreadPoolExecutor(POOL) as pool:
        read: list[Result] = [json.loads(body) for body in pool.map(bucket.get, there)]
    results = {result["rank"]: result for result in read if result["run_started"] == run["run_started"]}
    missing = [str(rank) for rank in range(run["world_size"]) if rank not in results]
    if missing:
        raise MissingRank(
            f"{len(missing)} of {run['world_size']} ranks left no result: {', '.join(missing[:20])}",
            where=f"s3://{bucket.name}/{prefix}",
            fix="read the logs of these ranks' inference function and start the run again",
        )
    return [results[rank] for rank in range(run["world_size"])]


def judge(bucket: Bucket, results: Sequence[Result]) -> dict[str, object]:
    """Return the quality of all predictions, and that of predicting the mean; both are None when there are none.

    ``unjudged`` is how many records are in neither: those whose prediction is no finite number, or whose true redshift
    is -1 or less.

    Memory holds 4 bytes for each record of the run (the median needs all), and some ranks' predictions at a time.
    """
    total = quality.merge(result["quality_sums"] for result in results)
    unjudged = sum(result["records"] for result in results) - int(total["records"])
    if not total["records"]:
        return {"quality": None, "baseline": None, "unjudged": unjudged}
    mean = quality.mean(total)
    scaled: list[NDArray[np.float32]] = []
    off_mean = 0.0
    full = [result["predictions"] for result in results if result["records"]]
    with ThreadPoolExecutor(POOL) as pool:
        for start in range(0, len(full), POOL):
            for body in pool.map(bucket.get, full[start : start + POOL]):
                with np.load(io.BytesIO(body), allow_pickle=False) as file:
                    true, predicted = file["redshift"], file["predicted"]
                kept = quality.judged(true, predicted)
                true, predicted = true[kept], predicted[kept]
                scaled.append(quality.scaled_error(true, predicted).astype(np.float32))
                off_mean += float(np.abs(true.astype(np.float64) - mean).sum())
    return {
        "quality": quality.figures(total, np.concatenate(scaled)),
        "baseline": {"mean_redshift": mean, "mae": off_mean / total["records"], "mse": quality.variance(total)},
        "unjudged": unjudged,
    }


def fmi_totals(results: Sequence[Result]) -> dict[str, float | None]:
    """Return what rank 0 learned from all ranks over FMI. It must be what their results add up to.

    Raises:
        TotalsDiffer: It is not, by more than the order of floating-point sums explains.
    """
    told = results[0]["fmi_totals"] or {}
    own = {
        **quality.merge(result["quality_sums"] for result in results),
        "inference_seconds": sum(result["inference_seconds"] for result in results),
    }
    wrong = [name for name, value in own.items() if not _same(told.get(name), value)]
    if wrong:
        raise TotalsDiffer(
            "; ".join(f"{name} is {told.get(name)} over FMI, {own[name]} in the results" for name in wrong)
        )
    records = told["records"]
    return {
        "records": records,
        "inference_seconds": told["inference_seconds"],
        "mae": told["absolute_error"] / records if records else None,
        "bias": told["scaled_error"] / records if records else None,
        "longest_wait_seconds": max(result["fmi_waited_seconds"] for result in results),
    }


def _same(told: float | None, own: float) -> bool:
    return told is not None and math.isclose(told, own, rel_tol=_ROUNDING, abs_tol=_ROUNDING)


def throughput(results: Sequence[Result], wall: float) -> dict[str, dict[str, float]]:
    """Return both throughputs: over the *wall* seconds of the whole Map, and the sum of the ranks' own.

    A user waits for the first. A rank's own is that of its inference loop; the field's tables call that throughput.
    """
    records = sum(result["records"] for result in results)
    bits = 8 * sum(result["bytes"] for result in results)
    return {
        "map_wall": {
            "seconds": wall,
            "records_per_second": records / wall if wall > 0 else 0.0,
            "bits_per_second": bits / wall if wall > 0 else 0.0,
        },
        "ranks_sum": {
            "records_per_second": sum(result["sample_persec"] for result in results),
            "bits_per_second": sum(result["throughput_bps"] for result in results),
        },
    }
