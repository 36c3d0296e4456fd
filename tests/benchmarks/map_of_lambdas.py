"""A Map of warm Lambdas beside the same handlers alone, the loop and the distributed Map, in one run.

Handlers alone: as many threads as the Map has slots call the Lambda runtime in the same process, so what is above that
is the engine. The figures of a round are taken one after the other, then the next round begins; with ``--against`` the
rounds of two checkouts alternate. Printed are medians, and medians of the ratios within a round: whatever else the
machine does weighs on both sides of a ratio.

    .venv/bin/python tests/benchmarks/map_of_lambdas.py [--items 1000] [--rounds 7] [--against /path/to/checkout]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
ALONE, ALONE_1 = "handlers alone, 40 threads", "handlers alone, 1 thread"
MAP_40, MAP_1 = "Map, concurrency 40", "Map, concurrency 1"
LOOP, DISTRIBUTED = "loop of 10,001 transitions", "distributed Map of 10,000 items"


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def serve(items: int) -> None:
    """Measure a round for each line that comes in, and print its figures as JSON."""
    sys.path.insert(0, os.environ["BENCH_ROOT"])
    from shared.config.lane import Place
    from shared.local import lambda_runtime
    from shared.local.cloud import EmbeddedCloud
    from tests.benchmarks.engine import ACCOUNT, Bench, counting

    invokers: list[Any] = []
    make = lambda_runtime.invoker

    def remembered(*given: Any) -> Any:
        invokers.append(make(*given))
        return invokers[-1]

    lambda_runtime.invoker = remembered  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        place = Place(ACCOUNT, "us-east-1", "bench")
        with EmbeddedCloud(place, Path(folder), any_key=True) as cloud:
            bench = Bench(cloud.endpoint)
            machines = {
                MAP_40: (bench.machine(map_of(bench.function, 40)), list(range(items))),
                MAP_1: (bench.machine(map_of(bench.function, 1)), list(range(items))),
                LOOP: (bench.machine(counting(5000)), {"n": 0}),
                DISTRIBUTED: (bench.machine(distributed()), list(range(10_000))),
            }
            bench.run(machines[MAP_40][0], list(range(80)))  # warms the workers
            print("ready", flush=True)
            for _ in sys.stdin:
                figures = {
                    label: timed(lambda count=count: alone(invokers[0], bench.function, items, count))  # type: ignore[misc]
                    for label, count in ((ALONE, 40), (ALONE_1, 1))
                }
                figures |= {label: bench.run(*given) for label, given in machines.items()}
                print(json.dumps(figures), flush=True)


def alone(invoke: Any, function: str, items: int, count: int) -> None:
    """Call the function for each item, *count* at a time."""
    left, lock = iter(range(items)), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                item = next(left, None)
            if item is None:
                return
            json.loads(invoke(function, json.dumps(item).encode()).payload)

    with ThreadPoolExecutor(count) as threads:
        for done in [threads.submit(work) for _ in range(count)]:
            done.result()


def map_of(function: str, concurrency: int) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": function, "End": True}
    processor = {"StartAt": "T", "States": {"T": task}}
    state = {"Type": "Map", "MaxConcurrency": concurrency, "ItemProcessor": processor, "End": True}
    return {"StartAt": "M", "States": {"M": state}}


def distributed() -> dict[str, Any]:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    }
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True}}}


@contextlib.contextmanager
def checkout(root: Path, items: int) -> Iterator[Callable[[], dict[str, float]]]:
    """Yield what measures a round with the code in *root*."""
    command = [sys.executable, __file__, "--serve", "--items", str(items)]
    environment = {**os.environ, "BENCH_ROOT": str(root), "PYTHONPATH": str(root)}
    process = subprocess.Popen(
        command, env=environment, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    lines, answers = process.stdin, process.stdout

    def measure() -> dict[str, float]:
        lines.write("round\n")
        lines.flush()
        found: dict[str, float] = json.loads(answers.readline())
        return found

    try:
        answers.readline()
        measure()
        yield measure
    finally:
        lines.close()
        process.wait()


def ratio(rounds: list[dict[str, float]], above: str, below: str) -> float:
    return statistics.median(each[above] / each[below] for each in rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--against", type=Path, help="another checkout, whose rounds alternate with those of this one")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.items)
        return
    with contextlib.ExitStack() as parts:
        roots = [ROOT, *([options.against] if options.against else [])]
        measures = [parts.enter_context(checkout(root, options.items)) for root in roots]
        taken = [[measure() for measure in measures] for _ in range(options.rounds)]
    ours = [each[0] for each in taken]
    for label in ours[0]:
        line = f"{label}: {statistics.median(each[label] for each in ours) * 1000:,.0f} ms"
        if options.against:
            before = statistics.median(each[1][label] for each in taken) * 1000
            paired = statistics.median(each[0][label] / each[1][label] for each in taken)
            line += f" (there {before:,.0f} ms, ratio {paired:.2f})"
        print(line)
    print(f"Map at 40 / handlers alone: {ratio(ours, MAP_40, ALONE):.2f}")
    print(f"Map at 1 / handlers alone, 1 thread: {ratio(ours, MAP_1, ALONE_1):.2f}")
    sys.path.insert(0, str(ROOT))
    from tests.benchmarks.ratios import tell  # not above: what serves imports from another checkout

    tell(f"Map of {options.items:,} warm Lambdas, concurrency 40 / handlers alone", ratio(ours, MAP_40, ALONE))
    tell(
        f"Map of {options.items:,} warm Lambdas, concurrency 1 / handlers alone, 1 thread", ratio(ours, MAP_1, ALONE_1)
    )
    print(f"Map at 1 / Map at 40: {ratio(ours, MAP_1, MAP_40):.2f}")


if __name__ == "__main__":
    main()
