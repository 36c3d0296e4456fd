"""Every operation of FMI on every rank, its result printed: a first program for ``lanes run TEAM fmi-script``.

It is written for FMI's Python bindings and runs with them unchanged. Where ranks do not agree on a result, it fails.
"""

import os
import time

import fmi
from fmilib.fmi_operations import fmi_communicator

RANK, SIZE = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
INT, DOUBLE = fmi.types(fmi.datatypes.int), fmi.types(fmi.datatypes.double)
PARTS = fmi.types(fmi.datatypes.double_list, 2 * SIZE)
SUM, MAX, PROD = fmi.func(fmi.op.sum), fmi.func(fmi.op.max), fmi.func(fmi.op.prod)
FACTOR, DIGITS = 2, 10  # two ranks have the factor; up to ten ranks have a digit each
JOIN = fmi.func(fmi.op.custom, lambda left, right: 10 * left + right, False, True)  # noqa: FBT003  FMI's signature


def show(operation: str, result: object, expected: object) -> None:
    """Print a result; fail when it is not what all ranks' values make."""
    print(f"{operation:<18} {result}", flush=True)
    if result != expected:
        raise SystemExit(f"{operation} on rank {RANK} of {SIZE}: {result} is not {expected}")


def main() -> None:
    """Run the operations in the same order on every rank."""
    comm = fmi_communicator(SIZE, RANK)
    began = time.perf_counter()
    comm.barrier()
    print(f"rank {RANK} of {SIZE} is connected after {1000 * (time.perf_counter() - began):.1f} ms", flush=True)

    if SIZE > 1:  # a ring: each hands its rank to the next
        if RANK == 0:
            comm.send(RANK, 1, INT)
        received = comm.recv((RANK - 1) % SIZE, INT)
        if RANK > 0:
            comm.send(RANK, (RANK + 1) % SIZE, INT)
        show("send and recv", received, (RANK - 1) % SIZE)

    ranks = list(range(SIZE))
    show("bcast", comm.bcast(42 if RANK == 0 else None, 0, INT), 42)
    show("gather", comm.gather(RANK, 0, INT), ranks if RANK == 0 else [])
    halves = [part / 2 for part in range(2 * SIZE)]
    show("scatter", comm.scatter(halves if RANK == 0 else None, 0, PARTS), halves[2 * RANK : 2 * RANK + 2])
    show("reduce sum", comm.reduce(RANK + 0.5, 0, SUM, DOUBLE), sum(ranks) + SIZE / 2 if RANK == 0 else 0.0)
    show("allreduce max", comm.allreduce(RANK, MAX, INT), SIZE - 1)
    factor = FACTOR if RANK in {0, 1} else 1
    show("allreduce prod", comm.allreduce(factor, PROD, INT), FACTOR ** min(SIZE, 2))
    show("scan sum", comm.scan(RANK, SUM, INT), sum(range(RANK + 1)))
    digits = 0
    for rank in range(min(RANK, DIGITS - 1) + 1):
        digits = 10 * digits + rank
    if SIZE <= DIGITS:
        show("scan left to right", comm.scan(RANK, JOIN, INT), digits)
    comm.barrier()
    print(f"rank {RANK} is done after {1000 * (time.perf_counter() - began):.1f} ms", flush=True)


main()
