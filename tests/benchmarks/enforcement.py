"""What deciding every call costs the Map of warm Lambdas: the same cloud with IAM enforced and not, in turns.

Both are measured in one process and on the same workers, run by run, so that what else the machine does meets both.

    .venv/bin/python tests/benchmarks/enforcement.py [--items 1000] [--pairs 7]
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from tests.benchmarks.engine import ACCOUNT, Bench
from tests.benchmarks.ratios import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

CONCURRENCY = 40


@contextlib.contextmanager
def not_enforced(engine: Any) -> Iterator[None]:
    """Let everything through, as it was before there was a judge; the product has no such switch."""
    from shared.local.lambda_runtime.cloudwatch import MotoLogs

    permitted = mock.patch.object(engine, "permit", return_value=None)
    written = mock.patch.object(MotoLogs, "_may_write", return_value=True)
    with permitted, written:
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()

    from moto.stepfunctions.models import stepfunctions_backends

    from shared.config.lane import Place
    from shared.local.cloud import EmbeddedCloud

    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedCloud(Place(ACCOUNT, "us-east-1", "bench"), Path(folder), any_key=True) as cloud,
    ):
        bench = Bench(cloud.endpoint)
        task = {"Type": "Task", "Resource": bench.function, "End": True}
        state = {
            "Type": "Map",
            "MaxConcurrency": CONCURRENCY,
            "ItemProcessor": {"StartAt": "T", "States": {"T": task}},
            "End": True,
        }
        machine = bench.machine({"StartAt": "M", "States": {"M": state}})
        engine, items = stepfunctions_backends[ACCOUNT]["us-east-1"].engine, list(range(options.items))
        for _ in range(2):
            bench.run(machine, items)  # warms the workers
        pairs = []
        for place in range(options.pairs):
            figures = {}
            for enforced in (True, False) if place % 2 else (False, True):
                with contextlib.nullcontext() if enforced else not_enforced(engine):
                    begin = time.process_time()
                    figures[enforced] = bench.run(machine, items), time.process_time() - begin
            pairs.append((figures[True], figures[False]))
            print(f"pair {place + 1}: on {figures[True][0]:.3f} s, off {figures[False][0]:.3f} s", file=sys.stderr)
        print(f"Map of {options.items:,} warm Lambdas, concurrency {CONCURRENCY}, medians of {options.pairs} pairs:")
        for place, kind in enumerate(("start to end", "processor time of the cloud")):
            on, off = (statistics.median(each[side][place] for each in pairs) for side in (0, 1))
            ratio = statistics.median(one[place] / other[place] for one, other in pairs)
            tell(f"Map of {options.items:,}, decided by IAM / not, {kind}", ratio)
            print(f"{kind}: enforced {on * 1000:,.0f} ms, not {off * 1000:,.0f} ms; ratio, pair by pair: {ratio:.3f}")
        decisions = 10_000
        begin = time.perf_counter()
        for _ in range(decisions):
            engine.permit(bench.role, "lambda:InvokeFunction", bench.function)
        print(f"one decision that was made before: {(time.perf_counter() - begin) / decisions * 1e6:.1f} us")


if __name__ == "__main__":
    main()
