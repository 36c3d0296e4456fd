"""Every ratio of the README's tables, measured now beside its peer or floor, and held against the last record.

    .venv/bin/python tests/benchmarks/bench.py [--rounds 3] [--only WORD] [--record]

Each benchmark runs so many times, one after the other; in each, both sides of a ratio are measured in turns, so a slow
machine meets both. Printed are medians with their spread. A row has become worse when its median is worse than the
recorded one by more than a tenth, and worse than all that was recorded. Then the exit code is 1. ``--record`` writes
what was measured into recorded.json, with the day and the machine: do that on a machine where nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.ratios import FILE  # noqa: E402  after the path

RECORDED = Path(__file__).with_name("recorded.json")
TOLERATED = 1.1  # our choice: medians of three rounds on a quiet machine differ by a few percent
BENCHMARKS = {
    "command": ["command.py", "--times", "5"],
    "engine": ["engine.py", "--only", "lanes", "--only", "moto", "--quick"],
    "map": ["map_of_lambdas.py", "--rounds", "3"],
    "enforcement": ["enforcement.py", "--pairs", "5"],
    "cosmic": ["cosmic.py", "--records", "10000", "--rounds", "1"],
    "fmi": ["fmi.py"],
}


@dataclass(frozen=True, slots=True)
class Row:
    """A comparison, with its ratio in each round."""

    ratios: tuple[float, ...]
    more_is_better: bool

    @property
    def median(self) -> float:
        """The ratio that counts."""
        return statistics.median(self.ratios)

    def worse_than(self, recorded: Row) -> bool:
        """Say whether this is worse than what was *recorded*, beyond its spread and a tenth."""
        if self.more_is_better:
            return self.median < min(recorded.ratios) and self.median * TOLERATED < recorded.median
        return self.median > max(recorded.ratios) and self.median > recorded.median * TOLERATED

    def told(self) -> str:
        """Return the median with the smallest and the largest."""
        return f"{self.median:.2f} ({min(self.ratios):.2f} to {max(self.ratios):.2f})"


def rows_of(lines: list[str]) -> dict[str, Row]:
    """Return the rows that benchmarks told, line by line."""
    found: dict[str, Row] = {}
    for line in lines:
        told = json.loads(line)
        before = found[told["row"]].ratios if told["row"] in found else ()
        found[told["row"]] = Row((*before, told["ratio"]), told["more_is_better"])
    return found


def read_recorded(path: Path) -> tuple[str, dict[str, Row]]:
    """Return when and where was recorded, and the rows; nothing when nothing was."""
    if not path.exists():
        return "nothing is recorded", {}
    data = json.loads(path.read_text(encoding="utf-8"))
    rows = {name: Row(tuple(row["ratios"]), row["more_is_better"]) for name, row in data["rows"].items()}
    return f"recorded {data['day']}, {data['machine']}", rows


def write_recorded(path: Path, rows: dict[str, Row]) -> None:
    """Record *rows* in the place of those of their names."""
    both = {**read_recorded(path)[1], **rows}
    data = {
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "rows": {
            name: {"ratios": [round(each, 4) for each in row.ratios], "more_is_better": row.more_is_better}
            for name, row in sorted(both.items())
        },
    }
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def table(now: dict[str, Row], recorded: dict[str, Row]) -> str:
    """Return a line for each row: what it is now, what was recorded, and whether it has become worse."""
    width = max(map(len, now), default=0)
    lines = []
    for name, row in now.items():
        before = recorded.get(name)
        word = "new" if before is None else "WORSE" if row.worse_than(before) else ""
        lines.append(f"{name:<{width}}  {row.told():24}  {before.told() if before else '-':24}  {word}".rstrip())
    return "\n".join(lines)


def measure(words: list[str], rounds: int) -> list[str]:
    """Run a benchmark *rounds* times; return the lines that it told. One that fails says so, and has no rows."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "ratios"
        environment = {**os.environ, FILE: str(place), "PYTHONPATH": str(ROOT)}
        for _ in range(rounds):
            command = [sys.executable, str(Path(__file__).with_name(words[0])), *words[1:]]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{words[0]} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                return []
        return place.read_text(encoding="utf-8").splitlines() if place.exists() else []


def main() -> int:
    """Measure, print the table, and return 1 when a row has become worse or a benchmark failed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--only", choices=BENCHMARKS, action="append")
    asked.add_argument("--record", action="store_true")
    given = asked.parse_args()
    now: dict[str, Row] = {}
    failed = False
    for name in given.only or BENCHMARKS:
        print(f"{name}: {given.rounds} rounds; load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        rows = rows_of(measure(BENCHMARKS[name], given.rounds))
        failed |= not rows
        now |= rows
    about, recorded = read_recorded(RECORDED)
    print(f"now, and as {about}\n{table(now, recorded)}")
    if given.record:
        write_recorded(RECORDED, now)
        return int(failed)
    return int(failed or any(name in recorded and row.worse_than(recorded[name]) for name, row in now.items()))


if __name__ == "__main__":
    sys.exit(main())
