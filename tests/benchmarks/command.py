"""What commands cost before they do anything: CPU and wall of each, beside Python alone and an import of botocore.

    python tests/benchmarks/command.py [FOLDER] [--times 7] [--run TEAM WORKFLOW]

Each command is a process of its own, in FOLDER (this project). CPU is the process's own, with its children's, as the
system counts it; of a cloud that another process keeps it has nothing. The commands take turns, so that a machine that
becomes slow meets all of them. With --run it also runs a workflow on the cloud that ``lanes up`` keeps there, and
subtracts the execution's own time from the wall. Ratios are to Python alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.ratios import tell

LANES = [sys.executable, "-m", "shared.cli"]
_ASKED = "import sys; sys.argv = ['lanes']; from shared.cli.__main__ import main; main()"
FLOORS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import typer": [sys.executable, "-c", "import typer"],
    "import botocore.session": [sys.executable, "-c", "import botocore.session"],
}
COMMANDS = ("--help", "run --help", "isolation --help", "names {team}", "validate", "runs {team}")
COMPLETED = ("lanes val", "lanes run {team} ", "lanes run {team} {workflow} --")


def measure(command: list[str], folder: Path, more: dict[str, str]) -> tuple[float, float, bytes]:
    """Run *command* in *folder*; return its CPU seconds, its wall seconds and its stdout."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONSAFEPATH": "1", **more}
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun, said


def spread(values: list[float]) -> str:
    """Return the median with the least and the largest."""
    return f"{statistics.median(values):6.3f} [{min(values):.3f}..{max(values):.3f}]"


def main() -> None:
    """Measure, and print a line for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--team", default="team2")
    parser.add_argument("--run", nargs=2, metavar=("TEAM", "WORKFLOW"))
    asked = parser.parse_args()
    names = {"team": asked.team, "workflow": "cosmic"}
    rows: dict[str, tuple[list[str], dict[str, str]]] = {name: (command, {}) for name, command in FLOORS.items()}
    for words in COMMANDS:
        said = words.format(**names)
        rows[f"lanes {said}"] = ([*LANES, *said.split()], {})
    for words in COMPLETED:
        said = words.format(**names)
        count = str(len(said.split(" ")) - 1)
        asks = {"_LANES_COMPLETE": "complete_bash", "COMP_WORDS": said, "COMP_CWORD": count}
        rows[f"tab after {said!r}"] = ([sys.executable, "-c", _ASKED], asks)
    if asked.run:
        rows[f"lanes run {' '.join(asked.run)}"] = ([*LANES, "run", *asked.run, "--json"], {})
    cpus: dict[str, list[float]] = {name: [] for name in rows}
    walls: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(asked.times):
        for name, (command, more) in rows.items():
            cpu, wall, said_back = measure(command, asked.folder, more)
            if name.startswith("lanes run ") and "--json" in command:
                wall -= float(json.loads(said_back)["wall_seconds"])
            cpus[name].append(cpu)
            walls[name].append(wall)
    floor, botocore = (statistics.median(cpus[name]) for name in ("python -c pass", "import botocore.session"))
    print(f"{'':44} {'CPU s':26} {'wall s':26} CPU to Python's")
    for name in rows:
        ratio = statistics.median(cpus[name]) / floor
        print(f"{name:44} {spread(cpus[name]):26} {spread(walls[name]):26} {ratio:5.1f}")
        if name not in FLOORS:
            tell(f"{name}, processor time / import botocore.session", statistics.median(cpus[name]) / botocore)
    if asked.run:
        print("the wall of lanes run is what comes beside its execution")


if __name__ == "__main__":
    main()
