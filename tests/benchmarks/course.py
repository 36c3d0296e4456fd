"""A course's term in commands: many teams from a roster, made, validated, proved, planned, deployed,
archived and destroyed.

    python tests/benchmarks/course.py [TEAMS...] [--workflow random-mean]

Prints, for 20 and for 100 teams, the wall time of each command, its own CPU time and that of the embedded cloud
meanwhile. On a machine where others work, the CPU times are what compares.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
NEEDED = ("naming.yaml", "pyproject.toml", "shared", "statemachines", "chalice_app")
LANES = [sys.executable, "-m", "shared.cli"]
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("teams", nargs="*", type=int, default=[20, 100])
    words.add_argument("--workflow", default="random-mean")
    asked = words.parse_args()
    for count in asked.teams:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), count, asked.workflow)


def measure(folder: Path, count: int, workflow: str) -> None:
    """Take *count* teams with a shared *workflow* through a term."""
    for name in NEEDED:
        source = REPOSITORY / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / "teams").mkdir()
    slugs = [f"lab{number:03}" for number in range(count)]
    rows = [f"{slug},{slug}@example.edu,,5,{workflow}" for slug in slugs]
    (folder / "roster.csv").write_text("\n".join(["slug,owner,members,budget,workflows", *rows, ""]), encoding="utf-8")
    print(f"{count} teams of {workflow}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'command':34} {'wall s':>8} {'CPU s':>8} {'cloud CPU s':>12}")
    run(folder, "team new --from roster.csv")
    run(folder, "render")
    run(folder, "validate --all")
    run(folder, "isolation prove --all")
    run(folder, f"plan {slugs[0]}", shown=False)  # fetches the workflow's libraries, once for a machine
    subprocess.run([*LANES, "up", "--port", "0"], cwd=folder, check=True, capture_output=True)
    try:
        run(folder, f"plan {' '.join(slugs)}", "plan, all new")
        run(folder, f"deploy {slugs[0]}", "deploy, one new")
        run(folder, "deploy --all", "deploy --all, the others new")
        run(folder, "deploy --all", "deploy --all, nothing to do")
        run(folder, "plan --all", "plan --all, by the deploy records")
        run(folder, "plan --all --drift", "plan --all --drift")
        run(folder, "cost --all")
        run(folder, f"archive {slugs[-1]} --to archived", "archive, one")
        run(folder, f"destroy {slugs[-1]} --archived archived --yes", "destroy, one, archived")
        run(folder, "destroy --all --yes")
    finally:
        subprocess.run([*LANES, "down"], cwd=folder, check=True, capture_output=True)
    print(flush=True)


def run(folder: Path, words: str, title: str = "", *, shown: bool = True) -> None:
    """Run a command and print what it took.

    Raises:
        SystemExit: It failed; with what it said.
    """
    before, cloud, began = _children(), _cloud(folder), time.monotonic()
    done = subprocess.run([*LANES, *words.split()], cwd=folder, check=False, capture_output=True, text=True)
    wall = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"lanes {words[:60]}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    if shown:
        print(f"{title or words:34} {wall:8.1f} {_children() - before:8.1f} {_cloud(folder) - cloud:12.1f}", flush=True)


def _children() -> float:
    """Return the CPU seconds of all commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cloud(folder: Path) -> float:
    """Return the CPU seconds of the embedded cloud so far; 0 when none runs."""
    with contextlib.suppress(FileNotFoundError):
        process = json.loads((folder / ".lanes/cloud.json").read_text(encoding="utf-8"))["pid"]
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0.0


if __name__ == "__main__":
    main()
