"""Cosmic beside onnxruntime alone: what the rest of a rank costs, and what more ranks bring.

    .venv/bin/python tests/benchmarks/cosmic.py [--records 20000] [--rounds 7] [--against CHECKOUT]

The floor is a process that has the same records in memory and passes them through the packaged model in batches of 128,
in one thread, and nothing else. Each round runs the floor and the workflow with 1, 2 and 4 ranks on an embedded cloud
that keeps running, one after the other; with ``--against`` the rounds of another checkout alternate. Printed are the
medians of records a second, and of the ratios to the floor of the same round, with their spread. A rank's seconds are
those of its handler: downloads, inference, predictions written. A Map's are from its first rank's start to its last
one's end. Ranks are warm: a run of each world size goes before.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from safetensors.numpy import save_file  # noqa: E402  after the path

from shared.cosmic import sample  # noqa: E402
from tests.benchmarks.ratios import tell  # noqa: E402

SIZES = (1, 2, 4)
BATCH = 128
FLOOR = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from safetensors.numpy import load_file
from shared.handlers.cosmic.model import PACKAGED, Model
tensors, model, times = load_file(sys.argv[2]), Model(PACKAGED, "it", 1), int(sys.argv[3])
images, magnitudes = tensors["images"], tensors["magnitudes"]
model.predict(images[:128], magnitudes[:128])
begun = time.perf_counter()
for _ in range(times):
    for start in range(0, len(images), 128):
        model.predict(images[start : start + 128], magnitudes[start : start + 128])
print(times * len(images) / (time.perf_counter() - begun))
"""


COPY = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.helpers.project import copy_project
copy_project(Path(sys.argv[2]))
"""


class Side:
    """A project of a checkout, with an embedded cloud that has team2 and the data in *times* partitions."""

    def __init__(self, checkout: Path, folder: Path, partition: Path, times: int) -> None:
        self.root = folder
        subprocess.run([sys.executable, "-c", COPY, str(checkout), str(folder)], check=True)
        self.lanes("up", "--port", "0")
        self.lanes("deploy", "team2")
        data = folder / "data"
        data.mkdir()
        for number in range(times):
            shutil.copy(partition, data / f"{number:04}.safetensors")
        self.lanes("data", "upload", "team2", str(data))

    def lanes(self, *words: str) -> str:
        """Run a command of this checkout in the project; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "shared.cli", *words],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"lanes {' '.join(words)}: {done.stderr[-2000:]}")
        return done.stdout

    def run(self, size: int) -> tuple[float, float]:
        """Run the workflow with *size* ranks; return records a second of the slowest rank's handler and of the Map."""
        words = ("--world-size", str(size), "--batch-size", str(BATCH), "--fmi-enabled", "false", "--json")
        told = json.loads(self.lanes("run", "team2", "cosmic", *words))
        records = told["output"]["records"]
        slowest = max(rank["seconds"] for rank in told["ranks"])
        return records / slowest, told["output"]["throughput"]["map_wall"]["records_per_second"]


def floor(partition: Path, times: int) -> float:
    """Return records a second of the model alone."""
    done = subprocess.run(
        [sys.executable, "-c", FLOOR, str(ROOT), str(partition), str(times)], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def spread(values: list[float], form: str) -> str:
    """Return the median, and the smallest to the largest."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def main() -> None:
    """Measure, and print a row for each world size of each checkout."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--records", type=int, default=20_000)
    asked.add_argument("--rounds", type=int, default=7)
    asked.add_argument("--against", type=Path)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        partition = folder / "partition.safetensors"
        tensors = sample.unpack(sample.PACKED.read_bytes())
        save_file(tensors, partition)
        times = given.records // len(tensors["redshifts"])
        sides: dict[str, Side] = {}
        try:
            for label, checkout in (("here", ROOT), *((("there", given.against.resolve()),) if given.against else ())):
                sides[label] = Side(checkout, folder / label, partition, times)
            rounds = [measure(sides, partition, times) for _ in range(given.rounds + 1)][1:]  # the first one warms
        finally:
            for side in sides.values():
                side.lanes("down")
    print(f"model alone: {spread([each['floor'] for each, _ in rounds], '.0f')} records/s, {given.rounds} rounds")
    for label in sides:
        for size in SIZES:
            figures = [(each["floor"], *runs[label, size]) for each, runs in rounds]
            if label == "here":
                records = statistics.median(wall / alone for alone, _, wall in figures)
                tell(f"cosmic, {size} ranks, records a second / the model alone", records, more_is_better=True)
            print(
                f"{label:5} {size} ranks: slowest rank {spread([rank / floor for floor, rank, _ in figures], '.2f')} "
                f"of the model alone, Map {spread([wall for _, _, wall in figures], '.0f')} records/s, "
                f"{spread([wall / floor for floor, _, wall in figures], '.2f')} of it"
            )


def measure(
    sides: dict[str, Side], partition: Path, times: int
) -> tuple[dict[str, float], dict[tuple[str, int], tuple[float, float]]]:
    """Return the floor, and what each checkout does with each world size, one after the other."""
    alone = {"floor": floor(partition, times)}
    return alone, {(label, size): side.run(size) for size in SIZES for label, side in sides.items()}


if __name__ == "__main__":
    main()
