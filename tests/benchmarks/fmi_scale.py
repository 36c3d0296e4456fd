"""What a world of N ranks costs, for N from 8 to 1,024: real processes on one machine, beside another checkout and MPI.

``python tests/benchmarks/fmi_scale.py`` prints a Markdown table; ``--json`` the figures. For each N:

- pairings, as the rendezvous server counts them. It runs in a process of its own, with a master key: names are signed;
- seconds from the start of all ranks to the last one's return from the first operation, a barrier, pairing included;
- milliseconds of an allreduce of one float and of 1 MiB after that: medians, from the first rank to begin to the last;
- seconds of processor of the server, and milliseconds of it and descriptors of one rank, up to that first barrier.

``--baseline CHECKOUT`` measures the code of another checkout too, world by world in turn, up to ``--baseline-to``
ranks. MPI is mpich over TCP, as in fmi.py; its ranks start together too, before MPI_Init. Growth is the exponent x by
which a figure grows as (N log N) to the x.
"""

import argparse
import json
import math
import os
import platform
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks import fmi_world
from tests.benchmarks.fmi import _ONE_THREAD, _OVER_TCP, mpi_python

WORLDS = [8, 16, 32, 64, 128, 256, 512, 1024]
QUICK = [8, 16, 32]
_MPI_SECONDS = 180  # for one world of MPI's: it polls, and N ranks share these cores

MPI = """
import json, socket, sys, time
import numpy as np
import mpi4py
mpi4py.rc.initialize = False
from mpi4py import MPI
rounds = int(sys.argv[2])
gate = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
gate.recv(1)
MPI.Init()
world = MPI.COMM_WORLD
world.Barrier()
joined = time.monotonic()
spans = {"short": [], "long": []}
for kind, value in (("short", np.ones(1)), ("long", np.ones(1 << 17))):
    out = np.empty_like(value)
    world.Allreduce(value, out, MPI.SUM)
    for _ in range(rounds):
        world.Barrier()
        since = time.monotonic()
        world.Allreduce(value, out, MPI.SUM)
        spans[kind].append((since, time.monotonic()))
gate.sendall(json.dumps({"joined": joined, **spans}).encode())
gate.shutdown(socket.SHUT_WR)
gate.recv(1)
"""


def rounds_of(size: int) -> int:
    """Return how often a world of *size* does each allreduce: less often where one takes long."""
    return max(2, min(9, 512 // size))


def fmi(server: fmi_world.Server, size: int, checkout: Path) -> dict[str, float]:
    """Return the figures of one world of *checkout*'s code."""
    pairings, cpu = server.pairings(), server.cpu()
    command = [sys.executable, fmi_world.__file__, str(size), str(server.port), str(rounds_of(size))]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=fmi_world.environment(checkout), timeout=1200
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    used = server.cpu() - cpu
    return {**json.loads(done.stdout), "server_cpu_s": used, "pairings": server.pairings() - pairings}


def mpi(python: Path, size: int) -> dict[str, float]:
    """Return the same of a world of MPI's, as far as it has them."""
    with ExitStack() as stack:
        gate = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=size))
        gate.settimeout(_MPI_SECONDS)
        command = [str(python.parent / "mpiexec"), "-n", str(size), str(python), "-c", MPI]
        process = stack.enter_context(
            subprocess.Popen(
                [*command, str(gate.getsockname()[1]), str(rounds_of(size))],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ONE_THREAD, **_OVER_TCP},
            )
        )
        stack.callback(process.terminate)
        ranks = [stack.enter_context(gate.accept()[0]) for _ in range(size)]
        since = time.monotonic()
        for rank in ranks:
            rank.sendall(b"g")
        told = [json.loads(everything(rank, since + _MPI_SECONDS)) for rank in ranks]
    short, long = (sorted(fmi_world.spans_of(told, kind)) for kind in ("short", "long"))
    barrier = max(each["joined"] for each in told) - since
    return {"barrier_s": barrier, "short_s": short[len(short) // 2], "long_s": long[len(long) // 2]}


def everything(sock: socket.socket, deadline: float) -> bytes:
    """Return what comes over *sock* up to its end."""
    found = b""
    while True:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        data = sock.recv(1 << 16)
        if not data:
            return found
        found += data


def tried(work: Callable[[], dict[str, float]]) -> dict[str, Any]:
    """Return what *work* returns, or why it failed."""
    try:
        return work()
    except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
        return {"failed": str(error) or type(error).__name__}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run every world of every contestant, one after another."""
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        server = stack.enter_context(fmi_world.rendezvous())
        base = stack.enter_context(fmi_world.rendezvous(options.baseline)) if options.baseline else None
        python = "not asked for" if options.no_mpi else stack.enter_context(mpi_python())
        for size in options.worlds:
            row: dict[str, Any] = {"ranks": size, "load": os.getloadavg()[0]}
            row["fmi"] = tried(lambda size=size: fmi(server, size, fmi_world.ROOT))  # type: ignore[misc]
            if base and size <= options.baseline_to:
                row["baseline"] = tried(lambda size=size: fmi(base, size, options.baseline))  # type: ignore[misc]
            if isinstance(python, Path) and size <= options.mpi_to:
                row["mpi"] = tried(lambda size=size: mpi(python, size))  # type: ignore[misc]
            rows.append(row)
            print(json.dumps(row), file=sys.stderr, flush=True)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return {"machine": machine, "mpi": "mpich over TCP" if isinstance(python, Path) else python, "worlds": rows}


def growth(rows: list[dict[str, Any]], who: str, figure: str) -> str:
    """Return the exponent of a least squares line through log(figure) over log(N log N)."""
    points = [
        (math.log(row["ranks"] * math.log2(row["ranks"])), math.log(row[who][figure]))
        for row in rows
        if row.get(who, {}).get(figure)
    ]
    if len(points) < 2:
        return "-"
    mean_x, mean_y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return f"{slope:.2f}"


COLUMNS = [
    ("pairings", "pairings", 1, "{:,.0f}"),
    ("to barrier, s", "barrier_s", 1, "{:.2f}"),
    ("allreduce of 1 float, ms", "short_s", 1000, "{:.1f}"),
    ("allreduce of 1 MiB, ms", "long_s", 1000, "{:.0f}"),
    ("server CPU, s", "server_cpu_s", 1, "{:.3f}"),
    ("rank CPU, ms", "rank_cpu_s", 1000, "{:.0f}"),
    ("descriptors a rank", "descriptors", 1, "{:.0f}"),
]


def table(found: dict[str, Any]) -> str:
    """Return the figures as Markdown: in a cell this code, the baseline and MPI, as far as they were measured."""
    rows = found["worlds"]
    contestants = [who for who in ("fmi", "baseline", "mpi") if any(who in row for row in rows)]

    def cell(row: dict[str, Any], figure: str, factor: int, form: str) -> str:
        values = [row.get(who, {}).get(figure) for who in contestants]
        return " / ".join("-" if value is None else form.format(factor * value) for value in values)

    lines = [["ranks", *(title for title, *_ in COLUMNS), "load"], ["---"] * (len(COLUMNS) + 2)]
    for row in rows:
        cells = [cell(row, figure, factor, form) for _, figure, factor, form in COLUMNS]
        lines.append([f"{row['ranks']:,}", *cells, f"{row['load']:.1f}"])
    grows = [" / ".join(growth(rows, who, figure) for who in contestants) for _, figure, *_ in COLUMNS]
    lines.append(["growth", *grows, ""])
    failed = [
        f"{row['ranks']:,} ranks, {who}: {row[who]['failed']}"
        for row in rows
        for who in contestants
        if "failed" in row.get(who, {})
    ]
    notes = [f"In a cell: {' / '.join(contestants)} ({found['mpi']}). {found['machine']}.", *failed]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n\n" + "\n".join(notes)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=textwrap.dedent(__doc__ or ""), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="figures instead of the table")
    parser.add_argument("--quick", action="store_true", help="small worlds, to see that it works")
    parser.add_argument("--worlds", type=int, nargs="+", help="the worlds' sizes")
    parser.add_argument("--baseline", type=Path, metavar="CHECKOUT", help="another checkout to measure beside this one")
    parser.add_argument("--baseline-to", type=int, default=128, metavar="N", help="its largest world")
    parser.add_argument("--mpi-to", type=int, default=256, metavar="N", help="MPI's largest world")
    parser.add_argument("--no-mpi", action="store_true", help="leave MPI out")
    options = parser.parse_args()
    options.worlds = options.worlds or (QUICK if options.quick else WORLDS)
    found = measure(options)
    print(json.dumps(found, indent=2) if options.json else table(found))


if __name__ == "__main__":
    main()
