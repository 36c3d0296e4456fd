"""One world of real processes, for fmi_scale.py and fmi_naming.py: forked from a parent that has imported everything.

So a world of a thousand ranks needs little memory, and no rank waits for another's imports. All start at once, when the
parent writes a byte for each of them into a pipe.

``python tests/benchmarks/fmi_world.py RANKS PORT ROUNDS`` measures one world at the rendezvous server of that port, and
prints JSON. Which checkout's ``shared`` it measures is said by PYTHONPATH.
"""

import gc
import json
import os
import resource
import select
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MASTER_KEY = "5ca1ab1e" * 8
TEAM = "bench"
MIB = 1 << 20
_PATIENCE = 300.0  # seconds that any operation of a measured world may take
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def environment(checkout: Path) -> dict[str, str]:
    """Return the environment of a process that takes ``shared`` from *checkout*, and whose server has a master key."""
    return {**os.environ, **_ONE_THREAD, "FMI_MASTER_KEY": MASTER_KEY, "PYTHONPATH": str(checkout)}


class Server:
    """A rendezvous server in a process of its own, with signed names."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        self._pid = process.pid
        self.port, self._http = (int(word.rpartition(":")[2]) for word in process.stdout.readline().split()[:2])

    def cpu(self) -> float:
        """Return the seconds of processor that it has used."""
        tasks = Path(f"/proc/{self._pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9

    def pairings(self) -> int:
        """Return how many pairs it has introduced."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._http}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("fmi_rendezvous_pairings_total "))


@contextmanager
def rendezvous(checkout: Path = ROOT) -> Iterator[Server]:
    """Run the rendezvous server of *checkout*."""
    command = [sys.executable, "-m", "shared.cli", "rendezvous", "serve", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(
        [*command, "--http-port", "0", "--rate", "1000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(checkout),
        cwd=checkout,  # which ``-m`` looks at first
    ) as process:
        try:
            yield Server(process)
        finally:
            process.terminate()


class World:
    """Forked ranks. Each calls *work* with its rank, ``ready`` and ``tell``; what it tells comes out of ``heard``."""

    def __init__(self, size: int, work: Callable[[int, Callable[[], None], Callable[..., None]], None]) -> None:
        self.size = size
        self._go, self._told = os.pipe(), os.pipe()
        self._rest = b""
        gc.collect()
        gc.freeze()  # the collector touches what it looks at: the children would copy it
        self.pids = [self._fork(rank, work) for rank in range(size)]

    def _fork(self, rank: int, work: Callable[..., None]) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            work(rank, lambda: void(os.read(self._go[0], 1)), lambda **what: self._tell(rank, what))
        finally:
            os._exit(0)

    def _tell(self, rank: int, what: dict[str, Any]) -> None:
        line = json.dumps({"rank": rank, **what}).encode() + b"\n"
        assert len(line) <= select.PIPE_BUF, "a longer line would not be written in one piece"
        os.write(self._told[1], line)

    def start(self) -> float:
        """Let all go; return when, by the monotonic clock that all processes of a machine share."""
        since = time.monotonic()
        os.write(self._go[1], b"g" * self.size)
        return since

    def heard(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield what ranks tell, until *seconds* have passed."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and select.select([self._told[0]], [], [], left)[0]:
            *lines, self._rest = (self._rest + os.read(self._told[0], 1 << 16)).split(b"\n")
            yield from map(json.loads, lines)

    def end(self) -> None:
        """Kill what is left, and wait for it."""
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        for pid in self.pids:
            os.waitpid(pid, 0)
        for descriptor in (*self._go, *self._told):
            os.close(descriptor)


def void(_: object) -> None:
    """Take a value and return nothing."""


def communicator(rank: int, size: int, port: int, run: str, seconds: float) -> Any:
    """Return a communicator with signed names."""
    from shared.fmi.communicator import Communicator
    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.keys import Namespace, team_key

    key = team_key(bytes.fromhex(MASTER_KEY), TEAM)
    return Communicator.direct(rank, size, Meeting("127.0.0.1", port), Namespace(TEAM, run, key=key), seconds)


def used() -> float:
    """Return the seconds of processor that this process has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measured(size: int, port: int, rounds: int) -> dict[str, float]:
    """Return the figures of one world: seconds, descriptors a rank, seconds of processor a rank."""
    import numpy as np

    from shared.fmi.operators import SUM

    communicator(0, 2, port, "import", 1)  # so that no rank imports anything
    run = f"scale-{time.monotonic_ns()}"

    def work(rank: int, ready: Callable[[], None], tell: Callable[..., None]) -> None:
        try:
            comm, before = communicator(rank, size, port, run, _PATIENCE), descriptors()
            ready()
            cpu = used()
            comm.barrier()
            joined, cpu, held = time.monotonic(), used() - cpu, descriptors() - before
            spans = {"short": [], "long": []}
            for kind, value in (("short", np.ones(1)), ("long", np.ones(MIB // 8))):
                comm.allreduce(value, SUM)  # the first takes what only the first takes
                for _ in range(rounds):
                    comm.barrier()
                    since = time.monotonic()
                    total = comm.allreduce(value, SUM)
                    spans[kind].append((since, time.monotonic()))
                    assert total[0] == total[-1] == size
            tell(joined=joined, cpu=cpu, descriptors=held, **spans)
            comm.close()
        except BaseException as error:  # noqa: BLE001  whatever it was, it is told
            tell(error=f"{type(error).__name__}: {error}"[:500])

    world = World(size, work)
    try:
        since, told = world.start(), []
        for found in world.heard(3 * _PATIENCE):
            if "error" in found:
                raise RuntimeError(f"rank {found['rank']} of {size}: {found['error']}")
            told.append(found)
            if len(told) == size:
                break
        else:
            raise RuntimeError(f"{size - len(told)} of {size} ranks did not come to an end")
    finally:
        world.end()
    return {
        "barrier_s": max(each["joined"] for each in told) - since,
        "short_s": statistics.median(spans_of(told, "short")),
        "long_s": statistics.median(spans_of(told, "long")),
        "rank_cpu_s": statistics.fmean(each["cpu"] for each in told),
        "descriptors": max(each["descriptors"] for each in told),
    }


def spans_of(told: list[dict[str, Any]], kind: str) -> list[float]:
    """Return the seconds of each round, from the first rank that began to the last that was done."""
    rounds = zip(*(each[kind] for each in told), strict=True)
    return [max(end for _, end in spans) - min(since for since, _ in spans) for spans in rounds]


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


if __name__ == "__main__":
    print(json.dumps(measured(*map(int, sys.argv[1:4]))))
