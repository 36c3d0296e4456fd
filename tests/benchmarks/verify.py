"""How long a report takes to be held to itself, by its ranks, and what of that is drawing. No cloud is started.

Reports are made by hand, of 5 and of 305 invocations. Each is judged several times; medians and spread are printed, and
the ratio to the smallest. ``lanes verify`` adds the runs: those of one input are made once for all who report it.

    python tests/benchmarks/verify.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shared.measure.reports.figures import figures_of
from shared.measure.reports.report import write_report
from shared.measure.reports.report_run import show_run
from shared.measure.verifying.consistent import judge_alone, manifest_findings
from shared.measure.verifying.submission import find_submissions, read_manifest
from tests.helpers.reported_run import evidence, manifest, provenance

_TIMES = 5


def with_rows(count: int):
    """Return a report's file of so many invocations."""
    told = evidence()
    last = told.rows[-1]
    more = tuple(replace(last, report=replace(last.report, request_id=f"more-{each}")) for each in range(count))
    told = told.model_copy(update={"rows": (*told.rows, *more)})
    return manifest(told).model_copy(update={"figures": figures_of(told, provenance())})


def took(work) -> list[float]:
    """Return the seconds that *work* takes, several times."""
    seconds = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return seconds


def numbers_alone(found) -> None:
    """Read a report's file and hold its numbers to each other, without its page and its plots."""
    manifest_findings(read_manifest(found)[0])


def main() -> None:
    """Print a row for each size."""
    first = 0.0
    for count in (0, 300):
        recorded = with_rows(count)
        with tempfile.TemporaryDirectory() as folder:
            write_report(show_run(recorded.evidence, recorded.provenance), Path(folder) / "it", recorded)
            (found,), _ = find_submissions(Path(folder) / "it")
            whole = took(partial(judge_alone, found))
            numbers = took(partial(numbers_alone, found))
            size = (Path(folder) / "it" / "report.json").stat().st_size
        middle = statistics.median(whole)
        first = first or middle
        print(
            f"{len(recorded.evidence.rows):5} invocations, report.json {size / 1024:6.0f} KB: "
            f"{middle:.2f} s ({min(whole):.2f} to {max(whole):.2f}), {middle / first:.1f} times the smallest; "
            f"reading and numbers alone {statistics.median(numbers):.2f} s"
        )


if __name__ == "__main__":
    main()
