"""What FMI costs, against raw sockets in Python (the floor) and against MPI over TCP, in one run on one machine.

``python tests/benchmarks/fmi.py`` prints a Markdown table; ``--json`` the figures. MPI comes from PyPI wheels (mpi4py
on mpich), in a virtual environment made for the run and thrown away; where that fails, its rows say why. ``--baseline
CHECKOUT`` measures the ranks of another checkout's code too, in turn with this one's.
"""

import argparse
import asyncio
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.ratios import tell  # noqa: E402  after the path

MIB = 1 << 20
ROUNDS = 5
_OVER_TCP = {"MPIR_CVAR_NOLOCAL": "1", "MPIR_CVAR_CH4_NETMOD": "ofi", "FI_PROVIDER": "tcp"}
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

RAW = """
import socket, sys, time
import numpy as np
rank, port, trips, size, repeats = map(int, sys.argv[1:6])
if rank == 0:
    server = socket.create_server(("127.0.0.1", port))
    print("ready", flush=True)
    sock, _ = server.accept()
else:
    sock = socket.create_connection(("127.0.0.1", port))
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
best = []
for _ in range(3):
    since = time.perf_counter()
    for _ in range(trips):
        if rank == 0:
            sock.send(b"x"); sock.recv(1)
        else:
            sock.recv(1); sock.send(b"x")
    best.append((time.perf_counter() - since) / trips)
data = np.ones(size, np.uint8); view = memoryview(data)
rates = []
for _ in range(repeats):
    since = time.perf_counter()
    if rank == 0:
        sock.sendall(view); sock.recv(1)
    else:
        got = 0
        while got < size:
            got += sock.recv_into(view[got:], 0, socket.MSG_WAITALL)
        sock.send(b"k")
    rates.append(size / (time.perf_counter() - since))
if rank == 0:
    print(min(best), max(rates), flush=True)
"""

FMI = """
import sys, time
import numpy as np
from shared.fmi.communicator import Communicator
from shared.fmi.operators import SUM
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.keys import Namespace
rank, size, port, trips, length, repeats = map(int, sys.argv[1:7])
comm = Communicator.direct(rank, size, Meeting("127.0.0.1", port), Namespace("bench", sys.argv[7]), 60)
send, recv = comm.send, comm.recv
"""

MPI = """
import sys, time
import numpy as np
from mpi4py import MPI
world = MPI.COMM_WORLD
rank, size = world.rank, world.size
trips, length, repeats = map(int, sys.argv[1:4])
SUM = None
class comm:
    barrier = world.Barrier
    def allreduce(array, op):
        out = np.empty_like(array); world.Allreduce(array, out, MPI.SUM); return out
def send(array, dest): world.Send(array, dest)
def recv(source, out): world.Recv(out, source)
"""

MEASURE = """
one, big, word = np.ones(1, np.uint8), np.ones(length, np.uint8), np.ones(1, np.uint8)
peer = 1 - rank
comm.barrier()
best, rates, sums = [], [], []
if size == 2:
    for _ in range(3):
        since = time.perf_counter()
        for _ in range(trips):
            if rank == 0:
                send(one, peer); recv(peer, out=one)
            else:
                recv(peer, out=one); send(one, peer)
        best.append((time.perf_counter() - since) / trips)
    for _ in range(repeats):
        since = time.perf_counter()
        if rank == 0:
            send(big, peer); recv(peer, out=word)
        else:
            recv(peer, out=big); send(word, peer)
        rates.append(length / (time.perf_counter() - since))
    if rank == 0:
        print(min(best), max(rates), flush=True)
else:
    value = np.ones(length // 8)
    for _ in range(repeats):
        comm.barrier()
        since = time.perf_counter()
        total = comm.allreduce(value, SUM)
        sums.append(time.perf_counter() - since)
        assert total[0] == total[-1] == size
    if rank == 0:
        print(min(sums), flush=True)
"""

JOIN = """
import sys, time
from shared.fmi.communicator import Communicator
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.keys import Namespace
rank, size, port = map(int, sys.argv[1:4])
comm = Communicator.direct(rank, size, Meeting("127.0.0.1", port), Namespace("bench", sys.argv[4]), 60)
print("ready", flush=True)
sys.stdin.readline()
since = time.monotonic()
comm.barrier()
print(since, time.monotonic(), flush=True)
sys.stdin.readline()
comm.close()
"""


@contextmanager
def rendezvous() -> Iterator[int]:
    """Run a rendezvous server of its own process; give its port."""
    command = [sys.executable, "-m", "shared.cli", "rendezvous", "serve", "--host", "127.0.0.1", "--port", "0"]
    options = ["--http-port", "0", "--rate", "1000000"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        try:
            yield int(server.stdout.readline().split()[0].rpartition(":")[2])
        finally:
            server.terminate()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(program: str, *arguments: object, checkout: Path = ROOT) -> subprocess.Popen[str]:
    """Start *program* with this Python and the code of *checkout*."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    environment = {**os.environ, **_ONE_THREAD, "PYTHONPATH": str(checkout)}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=checkout
    )


def figures(processes: list[subprocess.Popen[str]]) -> list[float]:
    """Return the numbers that rank 0 printed, once all are done."""
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    return [float(word) for word in outputs[0].split() if word != "ready"]


def raw(trips: int, size: int, repeats: int) -> list[float]:
    """Seconds of a 1-byte round trip and bytes a second of a long message over a bare socket."""
    port = free_port()
    first = start(RAW, 0, port, trips, size, repeats)
    assert first.stdout
    first.stdout.readline()
    return figures([first, start(RAW, 1, port, trips, size, repeats)])


def fmi(checkout: Path, port: int, ranks: int, trips: int, size: int, repeats: int) -> list[float]:
    """The same through FMI; with more than two ranks, seconds of an allreduce of *size* bytes."""
    words = (ranks, port, trips, size, repeats, f"run-{time.monotonic_ns()}")
    return figures([start(FMI + MEASURE, rank, *words, checkout=checkout) for rank in range(ranks)])


def mpi(python: Path, ranks: int, trips: int, size: int, repeats: int) -> list[float]:
    """The same through MPI, held to TCP: shared memory would be another contest."""
    environment = {**os.environ, **_ONE_THREAD, **_OVER_TCP}
    command = [str(python.parent / "mpiexec"), "-n", str(ranks), str(python), "-c", MPI + MEASURE]
    done = subprocess.run(
        [*command, str(trips), str(size), str(repeats)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"mpiexec failed: {done.stderr.strip()[-300:]}")
    return [float(word) for word in done.stdout.split()]


def joining(checkout: Path, port: int, ranks: int) -> float:
    """Seconds from the first rank's start of its first operation, a barrier, to the last one's end of it."""
    run = f"join-{time.monotonic_ns()}"
    started = [start(JOIN, rank, ranks, port, run, checkout=checkout) for rank in range(ranks)]
    for process in started:
        assert process.stdout
        process.stdout.readline()
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    spans = []
    for process in started:
        assert process.stdout
        spans.append([float(word) for word in process.stdout.readline().split()])
    for process in started:
        process.communicate("done\n", timeout=60)
    return max(end for _, end in spans) - min(since for since, _ in spans)


class Loader(asyncio.Protocol):
    """A client that asks for a name and waits until the server closes."""

    request: bytes

    def __init__(self, request: bytes, finished: asyncio.Future[int]) -> None:
        self._request, self._finished, self._got = request, finished, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Keep the last answer."""
        self._got += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Done: the last record's status tells."""
        del exc
        if not self._finished.done():
            self._finished.set_result(self._got[-50] if len(self._got) >= 50 else -1)


async def load(port: int, pairs: int, at_once: int) -> float:
    """Return pairings a second with *at_once* pairs under way."""
    from shared.fmi.wire.v2 import V2Client  # only the load needs it

    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with slots:
            request = V2Client().ask(b"load-%d" % number)
            ends = [loop.create_future(), loop.create_future()]
            for end in ends:
                await loop.create_connection(lambda end=end: Loader(request, end), "127.0.0.1", port)  # type: ignore[misc]
            if [await end for end in ends] != [1, 1]:
                raise RuntimeError("a pairing was lost under load")

    since = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(pairs)))
    return pairs / (time.perf_counter() - since)


@contextmanager
def mpi_python() -> Iterator[Path | str]:
    """Give the Python of a throw-away environment with mpi4py on mpich, or why there is none."""
    with tempfile.TemporaryDirectory(prefix="fmi-mpi-") as folder:
        python = Path(folder) / "bin" / "python"
        try:
            venv.create(folder, with_pip=True)
            install = [str(python), "-m", "pip", "install", "-q", "mpi4py", "mpich", "numpy"]
            subprocess.run(install, check=True, capture_output=True, text=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            yield f"skipped: {getattr(error, 'stderr', None) or error}".strip()[-200:]
        else:
            yield python


def measure(baseline: Path | None, *, quick: bool) -> dict[str, Any]:
    """Run everything, the contestants in turn; the median of the rounds counts, and the best for the throughput."""
    trips, size, repeats, rounds = (500, 8 * MIB, 2, 1) if quick else (3000, 64 * MIB, 5, ROUNDS)
    ours = {"fmi": ROOT} | ({"baseline": baseline} if baseline else {})
    found: dict[str, Any] = {"machine": f"{os.cpu_count()} cores, Python {platform.python_version()}"}
    with rendezvous() as port, mpi_python() as python:
        contests: dict[str, list[list[float]]] = {who: [] for who in ("raw", *ours, "mpi")}
        allreduce: dict[str, list[float]] = {who: [] for who in (*ours, "mpi")}
        joins: dict[str, list[float]] = {who: [] for who in ours}
        for _ in range(rounds):
            contests["raw"].append(raw(trips, size, repeats))
            for who, checkout in ours.items():
                contests[who].append(fmi(checkout, port, 2, trips, size, repeats))
                allreduce[who] += fmi(checkout, port, 4, 0, size // 4, repeats)
                joins[who].append(joining(checkout, port, 8 if quick else 32))
            if isinstance(python, Path):
                contests["mpi"].append(mpi(python, 2, trips, size, repeats))
                allreduce["mpi"] += mpi(python, 4, 0, size // 4, repeats)
        for name, rows in contests.items():
            if rows:
                found[f"{name}_round_trip_us"] = 1e6 * statistics.median(row[0] for row in rows)
                found[f"{name}_mib_s"] = statistics.median(row[1] for row in rows) / MIB
        for name, times in allreduce.items():
            if times:
                found[f"{name}_allreduce_ms"] = 1e3 * statistics.median(times)
        found |= {f"{name}_join_32_s": statistics.median(times) for name, times in joins.items()}
        found["mpi"] = "mpich over TCP" if isinstance(python, Path) else python
        found["pairings_per_s"] = max(asyncio.run(load(port, 500 if quick else 3000, 100)) for _ in range(rounds))
    return found


def table(found: dict[str, Any]) -> str:
    """Return the figures as Markdown, each beside its aim."""

    def figure(name: str, form: str) -> str:
        return form.format(found[name]) if name in found else "-"

    trip = found["fmi_round_trip_us"] / found["raw_round_trip_us"]
    rate = found["fmi_mib_s"] / found["raw_mib_s"]
    against = found["fmi_allreduce_ms"] / found["mpi_allreduce_ms"] if "mpi_allreduce_ms" in found else None
    ratios = {
        "round_trip_us": ("1-byte round trip", "{:.1f} us", f"{trip:.2f}x raw", "2x raw"),
        "mib_s": ("64 MiB point to point", "{:.0f} MiB/s", f"{rate:.0%} of raw", "80 % of raw"),
        "allreduce_ms": (
            "allreduce of 16 MiB, 4 ranks",
            "{:.1f} ms",
            f"{against:.2f}x MPI" if against else "-",
            "1.5x MPI",
        ),
        "join_32_s": ("32 ranks to their first barrier", "{:.2f} s", "", "1 s"),
    }
    columns = ["fmi", *(["baseline"] if "baseline_mib_s" in found else []), "raw", "mpi"]
    names = {"fmi": "FMI", "raw": "raw sockets", "mpi": f"MPI ({found['mpi']})"}
    rows = [
        (title, *(figure(f"{who}_{key}", form) for who in columns), ratio, aim)
        for key, (title, form, ratio, aim) in ratios.items()
    ]
    throughput = [f"{found['pairings_per_s']:.0f}/s", *("-" for _ in columns[1:])]
    rows.append(("rendezvous throughput", *throughput, "", "2,000/s"))
    head = ["", *(names.get(who, who) for who in columns), "ratio", "aim"]
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines) + f"\n\n{found['machine']}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=textwrap.dedent(__doc__ or ""))
    parser.add_argument("--json", action="store_true", help="figures instead of the table")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--baseline", type=Path, metavar="CHECKOUT", help="another checkout to measure beside this one")
    options = parser.parse_args()
    found = measure(options.baseline, quick=options.quick)
    tell("FMI, a byte there and back / raw socket", found["fmi_round_trip_us"] / found["raw_round_trip_us"])
    tell("FMI, bytes a second / raw socket", found["fmi_mib_s"] / found["raw_mib_s"], more_is_better=True)
    if "mpi_allreduce_ms" in found:
        tell("FMI, allreduce on 4 ranks / MPI", found["fmi_allreduce_ms"] / found["mpi_allreduce_ms"])
    sys.stdout.write((json.dumps(found, indent=2) if options.json else table(found)) + "\n")


if __name__ == "__main__":
    main()
