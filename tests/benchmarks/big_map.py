"""The memory of a distributed Map, by the number of its items: a million should take what ten thousand take.

    .venv/bin/python tests/benchmarks/big_map.py [--items 10000 100000] [--kind CSV|JSONL] [--no-writer]

Each size has a cloud of its own, in a process of its own. An object of so many lines is read by an ItemReader, each
child does a Pass, and a ResultWriter exports the results. Printed are the peak of the cloud's memory above what it had
before, what is left a moment after the end, what S3 and the results take, and the items a second.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, os.environ.get("BENCH_ROOT", str(ROOT)))

MB = 2**20
_LOOK = 0.05  # seconds between two looks at the memory


def main() -> int:
    """Measure each size and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--kind", choices=["CSV", "JSONL"], default="CSV")
    parser.add_argument("--no-writer", action="store_true", help="the results are the state's output, which is dropped")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        print(json.dumps(_measured(asked.items[0], asked.kind, exports=not asked.no_writer)))
        return 0
    print("    items  object MB  peak MB above  left MB above  items/s  status")
    for items in asked.items:
        command = [sys.executable, __file__, "--alone", "--items", str(items), "--kind", asked.kind]
        done = subprocess.run(
            command + ["--no-writer"] * asked.no_writer, stdout=subprocess.PIPE, text=True, check=True
        )
        told = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{items:9,} {told['object']:10.1f} {told['peak']:14.1f} {told['left']:14.1f} {told['rate']:8.0f}  "
            f"{told['status']}",
            flush=True,
        )
    return 0


def _measured(items: int, kind: str, *, exports: bool) -> dict[str, Any]:
    from shared.aws.client import connect_endpoint
    from shared.config.lane import Place
    from shared.local.cloud import EmbeddedCloud

    place = Place("123456789012", "us-east-1", "bench")
    with tempfile.TemporaryDirectory() as folder, EmbeddedCloud(place, Path(folder) / "cloud") as cloud:
        aws = connect_endpoint(place, cloud.endpoint, cloud.key)
        source = Path(folder) / "items"
        with source.open("w", encoding="ascii") as file:
            if kind == "CSV":
                file.write("id,name,value\n")
            for number in range(items):
                row = {"id": number, "name": f"galaxy-{number}", "value": number / 7}
                file.write(",".join(map(str, row.values())) + "\n" if kind == "CSV" else json.dumps(row) + "\n")
        aws.s3.create_bucket(Bucket="some-bucket")
        aws.s3.upload_file(str(source), "some-bucket", "items")
        states = aws.client("stepfunctions")
        machine = states.create_state_machine(
            name="big", roleArn=_role(aws.iam), definition=json.dumps(_definition(kind, exports=exports))
        )["stateMachineArn"]
        gc.collect()
        before, begin = _rss(), time.perf_counter()
        peak = _Peak()
        execution = states.start_execution(stateMachineArn=machine)["executionArn"]
        while (told := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(0.2)
        seconds = time.perf_counter() - begin
        highest = peak.end()
        gc.collect()
        return {
            "object": source.stat().st_size / MB,
            "peak": highest - before,
            "left": _rss() - before,
            "rate": items / seconds,
            "status": " ".join(filter(None, (told["status"], told.get("error"), told.get("cause")))),
        }


def _definition(kind: str, *, exports: bool) -> dict[str, Any]:
    config = {"InputType": kind} | ({"CSVHeaderLocation": "FIRST_ROW"} if kind == "CSV" else {})
    state = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": config,
            "Parameters": {"Bucket": "some-bucket", "Key": "items"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "P",
            "States": {"P": {"Type": "Pass", "End": True}},
        },
        "MaxConcurrency": 100,
        "End": True,
    }
    if exports:
        where = {"Bucket": "some-bucket", "Prefix": "results"}
        state["ResultWriter"] = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": where}
    else:
        state["ResultPath"] = None
    return {"StartAt": "M", "States": {"M": state}}


def _role(iam: Any) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    trusted, may = (json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (trust, allowed))
    arn = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName="bench", PolicyName="all", PolicyDocument=may)
    return str(arn)


def _rss() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


class _Peak:
    """Watches this process's memory, in MB, until it is asked for the highest."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._highest = 0.0
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK):
            self._highest = max(self._highest, _rss())

    def end(self) -> float:
        """Return the highest."""
        self._over.set()
        self._thread.join()
        return self._highest


if __name__ == "__main__":
    sys.exit(main())
