"""An archive of a bucket with many objects: how long it takes, in how much memory, and what a kill midway costs.

    .venv/bin/python tests/benchmarks/archive.py [--objects N] [--bytes N]

A project of its own has one team, whose bucket on the embedded cloud gets the objects. The command is killed (SIGKILL)
when two fifths of them are there, and run again: what the second run reads is what a kill costs. Then it runs a third
time, where nothing is new; --check reads all; and destroy --archived holds it against the cloud. Memory is the
kernel's figure of each command's peak (VmHWM).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shared.cli.where import Where
from shared.cli.wiring import open_cloud
from shared.config.load import load_project
from tests.helpers.small_project import SmallProject

if TYPE_CHECKING:
    import resource

LANES = str(Path(sys.executable).with_name("lanes"))
TEAM, WRITERS = "team9", 16


class Ended(NamedTuple):
    """How a command ended: its exit code, its seconds (wall and processor), its peak of memory in MiB, its output."""

    code: int
    wall: float
    processor: float
    mib: float
    out: str


def command(root: Path, *words: str, kill_at: int = 0) -> Ended:
    """Run a command of lanes in *root*. It is killed when its archive has as many files as *kill_at*."""
    with tempfile.TemporaryFile("w+") as out:
        began = time.monotonic()
        process = subprocess.Popen([LANES, *words], cwd=root, stdout=out, stderr=subprocess.STDOUT)
        if kill_at:
            threading.Thread(target=_kill, args=(process, root / "archive", kill_at), daemon=True).start()
        peak, used = _watched(process)
        out.seek(0)
        wall = time.monotonic() - began
        return Ended(process.returncode, wall, used.ru_utime + used.ru_stime, peak / 1024, out.read())


def _watched(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """Wait for the end of *process*; return its peak of memory in KiB as of its last look, and its use of the machine.

    ``ru_maxrss`` is no peak of its own: it counts what this process had when it forked.
    """
    peak = 0
    while True:
        with contextlib.suppress(OSError, StopIteration):
            told = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
            peak = next(int(line.split()[1]) for line in told if line.startswith("VmHWM:"))
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return peak, used
        time.sleep(0.1)


def _kill(process: subprocess.Popen[bytes], folder: Path, files: int) -> None:
    while process.returncode is None:
        if sum(len(names) for _, _, names in os.walk(folder)) >= files:
            process.send_signal(signal.SIGKILL)
            return
        time.sleep(0.5)


def fill(root: Path, objects: int, size: int) -> float:
    """Put *objects* of *size* bytes into the team's bucket; return the seconds."""
    project = load_project(root)
    lane = project.lane(TEAM)
    with open_cloud(project, Where(), [lane]) as aws, ThreadPoolExecutor(WRITERS) as pool:
        began = time.monotonic()

        def put(number: int) -> None:
            body = f"{number:>{size}}".encode()
            aws.s3.put_object(Bucket=lane.bucket, Key=f"results/{number % 100:02}/{number:06}.txt", Body=body)

        list(pool.map(put, range(objects)))
        return time.monotonic() - began


def told(name: str, ended: Ended, note: str = "") -> None:
    """Print a row."""
    print(
        f"{name:<30} exit {ended.code:>3} {ended.wall:8.1f} s {ended.processor:7.1f} s cpu {ended.mib:5.0f} MiB",
        note,
        flush=True,
    )


def main() -> None:
    """Measure, and print a row for each command."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--objects", type=int, default=100_000)
    asked.add_argument("--bytes", type=int, default=1_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        SmallProject(root)
        command(root, "up", "--port", "0")
        try:
            print(command(root, "deploy", TEAM).out.splitlines()[-1])
            seconds = fill(root, given.objects, given.bytes)
            print(f"{given.objects:,} objects of {given.bytes:,} bytes put in {seconds:.1f} s", flush=True)
            make = ("archive", TEAM, "--to", "archive", "--json")
            told("archive, killed at two fifths", command(root, *make, kill_at=given.objects * 2 // 5))
            again = command(root, *make)
            told("archive, again", again, _counted(again))
            third = command(root, *make)
            told("archive, nothing new", third, _counted(third))
            told("archive --check", command(root, "archive", "--check", "archive"))
            told("destroy --archived", command(root, "destroy", TEAM, "--archived", "archive", "--yes"))
        finally:
            command(root, "down")


def _counted(ended: Ended) -> str:
    try:
        told = json.loads(ended.out[ended.out.index("{") : ended.out.rindex("}") + 1])
    except ValueError:
        return ended.out[-400:]
    return f"{told['stored']:,} stored, {told['kept']:,} were there"


if __name__ == "__main__":
    main()
