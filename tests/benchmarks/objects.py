"""Objects of S3 on the embedded cloud: how fast they stream, in how much memory, beside a plain copy of a file.

    .venv/bin/python tests/benchmarks/objects.py [--mib N] [--rounds N] [--folder DIR] [--json]

The cloud is a process of its own. Its memory is the kernel's own figure of the peak, which each measurement resets; it
is told as what is above the idle cloud's. A folder on another disk measures that disk; it needs three times the size.
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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MIB = 1 << 20
BUCKET, CLIENTS, RANGE = "benchmark-of-objects", 3, "bytes=9-1032"


class Process:
    """The cloud's process, seen from outside."""

    def __init__(self, pid: int) -> None:
        self._files = Path(f"/proc/{pid}")
        self.idle = self._memory("VmRSS")

    def forget_peak(self) -> None:
        """Begin the peak anew."""
        (self._files / "clear_refs").write_text("5")

    def above_idle(self) -> float:
        """Return the peak of its memory since then, above the idle cloud's, in MiB."""
        return self._memory("VmHWM") - self.idle

    def seconds(self) -> float:
        """Return how long it has had a processor, in seconds."""
        user, system = (self._files / "stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _memory(self, name: str) -> float:
        for line in (self._files / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        raise LookupError(name)


def serve(folder: Path) -> None:
    """Be the cloud until nobody listens any more."""
    with EmbeddedCloud(Place("123456789012", "us-east-1", "benchmark"), folder) as cloud:
        print(json.dumps({"endpoint": cloud.endpoint, "id": cloud.key.id, "secret": cloud.key.secret}), flush=True)
        sys.stdin.read()


@contextlib.contextmanager
def cloud(folder: Path) -> Iterator[tuple[Any, Process]]:
    """Run a cloud in a process of its own; give S3's client, and the process."""
    command = [sys.executable, __file__, "--serve", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        session = boto3.Session(told["id"], told["secret"], region_name="us-east-1")
        options = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)
        client = session.client("s3", endpoint_url=told["endpoint"], config=options)
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="first", Body=b"x")
        client.get_object(Bucket=BUCKET, Key="first")["Body"].read()
        yield client, Process(process.pid)
        assert process.stdin is not None
        process.stdin.close()


def copy(source: Path, target: Path) -> None:
    """Copy a file as anybody would."""
    with source.open("rb") as read, target.open("wb") as written:
        while chunk := read.read(MIB):
            written.write(chunk)
    target.unlink()


def fill(file: Path, size: int) -> None:
    """Write *size* MiB of anything."""
    chunk = bytes(range(256)) * (MIB // 256)
    with file.open("wb") as written:
        for _ in range(size):
            written.write(chunk)


def read_all(body: Any) -> None:
    """Read an answer and keep none of it."""
    while body.read(MIB):
        pass


def beside(jobs: list[Callable[[], None]]) -> None:
    """Do *jobs* at the same time."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def large(client: Any, process: Process, file: Path, third: Path) -> dict[str, tuple[float, float, float]]:
    """Return, of each way to move *file*: MiB a second, the cloud's processor in seconds a GiB, its peak memory in MiB.

    *third* is a file of a third of its size.
    """
    size = file.stat().st_size

    def put(key: str, of: Path = file) -> None:
        with of.open("rb") as body:
            client.put_object(Bucket=BUCKET, Key=key, Body=body)

    def get(key: str) -> None:
        read_all(client.get_object(Bucket=BUCKET, Key=key)["Body"])

    parts = TransferConfig(multipart_chunksize=16 * MIB)

    def forget(*keys: str) -> None:
        client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]})

    many = [f"many-{number}" for number in range(CLIENTS)]
    steps: list[tuple[str, float, Callable[[], None]]] = [
        ("a plain copy of the file", size, lambda: copy(file, file.with_suffix(".copy"))),
        ("PutObject", size, lambda: put("one")),
        ("GetObject", size, lambda: get("one")),
        ("CopyObject", size, lambda: client.copy_object(Bucket=BUCKET, Key="two", CopySource=f"{BUCKET}/one")),
        ("", 0, lambda: forget("one", "two")),
        ("upload_file, in parts", size, lambda: client.upload_file(str(file), BUCKET, "parts", Config=parts)),
        ("GetObject of parts", size, lambda: get("parts")),
        (
            f"GetObject, {CLIENTS} at once",
            size * CLIENTS,
            lambda: beside([lambda: get("parts") for _ in range(CLIENTS)]),
        ),
        ("", 0, lambda: forget("parts")),
        (
            f"PutObject of a third, {CLIENTS} at once",
            third.stat().st_size * CLIENTS,
            lambda: beside([partial(put, key, third) for key in many]),
        ),
        ("", 0, lambda: forget(*many)),
    ]
    figures = {}
    for name, moved, step in steps:
        process.forget_peak()
        began, spent = time.perf_counter(), process.seconds()
        step()
        taken, spent = time.perf_counter() - began, process.seconds() - spent
        if name:
            figures[name] = moved / MIB / taken, spent / (moved / MIB / 1024), process.above_idle()
    return figures


def small(client: Any, rounds: int) -> dict[str, float]:
    """Return the median time of calls with little data, in milliseconds."""
    body = bytes(1024)
    client.put_object(Bucket=BUCKET, Key="ranged", Body=bytes(64 * MIB))
    calls = {
        "PutObject of 1 KB": lambda: client.put_object(Bucket=BUCKET, Key="small", Body=body),
        "GetObject of 1 KB": lambda: read_all(client.get_object(Bucket=BUCKET, Key="small")["Body"]),
        "1 KB of 64 MiB": lambda: read_all(client.get_object(Bucket=BUCKET, Key="ranged", Range=RANGE)["Body"]),
    }
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            taken[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=5 * 1024)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve)
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as found:
        folder = Path(found)
        files = [(folder / "file", args.mib), (folder / "third", args.mib // CLIENTS)]
        for file, size in files:
            fill(file, size)
        with cloud(folder / "cloud") as (client, process):
            times = small(client, args.rounds)
            moved = large(client, process, files[0][0], files[1][0]) if args.mib else {}
    if args.json:
        print(json.dumps({"milliseconds": times, "MiB/s, s/GiB, MiB": moved}))
        return
    for name, taken in times.items():
        print(f"{name:<36}{taken:>8.2f} ms")
    for name, (speed, spent, memory) in moved.items():
        print(f"{name:<36}{speed:>8.0f} MiB/s{spent:>8.2f} CPU s/GiB{memory:>8.1f} MiB above idle")


if __name__ == "__main__":
    main()
