"""Runs one after the other on one kept cloud: are the last as fast as the first, and does the cloud stay as it was?

    .venv/bin/python tests/benchmarks/in_a_row.py [TEAM WORKFLOW [--PARAMETER VALUE]] [--runs 1000] [--every 100]

The project is copied, ``lanes up`` keeps a cloud there, and each run is a ``lanes run`` of its own. After so many runs
a line tells what the cloud takes of the machine, and the medians of these runs: the execution, and what the command
takes beside it. The last line holds the last of these medians against the first. Nothing is asserted of times.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from shared.local.state import State  # noqa: E402  after the path
from tests.benchmarks.taken import taken  # noqa: E402
from tests.helpers.project import copy_project  # noqa: E402

LANES = [sys.executable, "-m", "shared.cli"]
COSMIC = ("team2", "cosmic")


def main() -> None:
    """Run, and print a line after each so many runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--every", type=int, default=100)
    asked, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="lanes-in-a-row-") as place:
        folder = copy_project(Path(place) / "project")
        lanes(folder, ["up", "--port", "0"])
        try:
            print("  runs   RSS MB  descriptors  threads  processes  disk MB  execution s  beside it s", flush=True)
            lines = [line(folder, words or COSMIC, done, asked.every) for done in range(0, asked.runs, asked.every)]
        finally:
            lanes(folder, ["down"])
    execution, beside = (after / before for before, after in zip(lines[0], lines[-1], strict=True))
    print(f"the last {asked.every} to the first {asked.every}: execution {execution:.2f}, beside it {beside:.2f}")


def line(folder: Path, words: Sequence[str], done: int, more: int) -> tuple[float, float]:
    """Run *more* times after *done* runs, print the line, and return both medians in seconds."""
    both = [timed(folder, words) for _ in range(more)]
    execution, beside = (statistics.median(each) for each in zip(*both, strict=True))
    state = State(folder / ".lanes")
    cloud = state.running()
    assert cloud
    rss, descriptors, threads, processes, disk = taken(cloud, state)
    print(
        f"{done + more:6} {rss:8.1f} {descriptors:12} {threads:8} {processes:10} {disk:8.1f} {execution:12.3f}"
        f" {beside:12.3f}",
        flush=True,
    )
    return execution, beside


def timed(folder: Path, words: Sequence[str]) -> tuple[float, float]:
    """Run once; return the seconds of the execution, and those that the command took beside it."""
    begun = time.perf_counter()
    said = lanes(folder, ["run", *words, "--json"])
    wall = time.perf_counter() - begun
    execution = float(json.loads(said)["wall_seconds"])
    return execution, wall - execution


def lanes(folder: Path, words: Sequence[str]) -> str:
    """Run a command in *folder* and return its stdout.

    Raises:
        SystemExit: It failed; with what it said.
    """
    done = subprocess.run([*LANES, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"lanes {' '.join(words)}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
