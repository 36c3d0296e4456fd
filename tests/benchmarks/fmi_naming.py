"""Whether every rank names the guilty one, and how soon: faults x collectives x worlds of 4, 16 and 64 real processes.

``python tests/benchmarks/fmi_naming.py`` prints a Markdown table and exits 1 if a share is below 100 %. A cell is the
share of the innocent ranks whose error names the guilty one, and the median and the longest time from the fault to that
error. Below it stands what else was said, and what the guilty rank said where it lives. ``--json`` prints all of it.

The ranks are forked (fmi_world.py), and meet at one rendezvous server with signed names. All call the collective again
and again, with a barrier after every eighth call, so that none runs ahead without end. The guilty rank does its deed
after some calls, or before its first; the others go on until they fail. Cells run one after another. ``--state FILE``
keeps what is done: run it again, and only the rest is measured. ``--only WORD...`` takes the cells that have each word
in their name, as ``SIGKILL/bcast/16``. A world that does not even come together, as on a machine with too much to do,
is no experiment: it is made again, and counted.
"""

import argparse
import ctypes
import json
import os
import signal
import statistics
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shared.fmi.operators import MAX, SUM
from tests.benchmarks import fmi_world

WORLDS = [4, 16, 64]
ATTEMPTS = 3  # at a world that comes together
GOOD_CALLS = 3  # before the fault
TOGETHER = 8  # calls from one barrier to the next
FAR = 5  # no difference of neighbours in a world of 16 or more

SHORT, ROW, LONG = np.ones(8), np.ones(1 << 10), np.ones(1 << 17)  # a row is long from 4 KiB on


class Call(NamedTuple):
    """How the collective is called: as all do, or as the guilty rank does."""

    value: Any = SHORT
    op: Any = SUM
    root: int = 0


def ring(comm: Any, call: Call, step: int = 1) -> None:
    """Send to the rank *step* ahead, and receive what is right from the one as far behind.

    Between two ranks nobody can say which is wrong. So the guilty one only sends what nobody expects.
    """
    comm.send(call.value, (comm.rank + step) % comm.size)
    comm.recv((comm.rank - step) % comm.size, out=np.empty_like(SHORT))


def rows(comm: Any, value: Any) -> Any:
    """Return *value* once for each rank."""
    return np.ones((comm.size, *value.shape), value.dtype)


COLLECTIVES: dict[str, Callable[[Any, Call], Any]] = {
    "barrier": lambda comm, call: comm.barrier(),
    "bcast": lambda comm, call: comm.bcast(call.value if comm.rank == call.root else None, call.root),
    "gather": lambda comm, call: comm.gather(call.value, call.root),
    "scatter": lambda comm, call: comm.scatter(rows(comm, call.value) if comm.rank == call.root else None, call.root),
    "reduce": lambda comm, call: comm.reduce(call.value, call.op, call.root),
    "allreduce": lambda comm, call: comm.allreduce(call.value, call.op),
    "long-reduce": lambda comm, call: comm.reduce(call.value, call.op, call.root),
    "long-allreduce": lambda comm, call: comm.allreduce(call.value, call.op),
    "scan": lambda comm, call: comm.scan(call.value, call.op),
    "allgather": lambda comm, call: comm.allgather(call.value),
    "alltoall": lambda comm, call: comm.alltoall(rows(comm, call.value)),
    "long-alltoall": lambda comm, call: comm.alltoall(rows(comm, call.value)),
    "ring": ring,
    "far": lambda comm, call: ring(comm, call, FAR),
}
ROOTED = {"bcast", "gather", "scatter", "reduce", "long-reduce"}
COMBINING = {name for name in COLLECTIVES if name.endswith(("reduce", "scan"))}
ANY_SHAPE = {"barrier", "bcast", "scatter"}  # the root's value decides, or there is none

BEFORE = {"never started", "late to start", "raises first", "world size"}  # deeds before the first operation
BY_TIMEOUT = {"never started", "late to start", "late", "SIGSTOP", "half-open"}  # noticed at the timeout at last
WRONG = {"shape", "dtype", "operator", "root"}  # the guilty rank calls otherwise, once
FAULTS = [
    "SIGKILL", "forked child", "raises", "raises first", "shape", "dtype", "operator", "root", "world size",
    "SIGSTOP", "half-open", "late", "late to start", "never started",
]  # fmt: skip
DEAD = {"SIGKILL", "SIGSTOP", "forked child", "half-open", "never started"}  # no last word of the guilty rank's


class Cell(NamedTuple):
    """One experiment."""

    fault: str
    collective: str
    size: int

    @property
    def name(self) -> str:
        """What ``--only`` looks at."""
        return f"{self.fault}/{self.collective}/{self.size}"

    @property
    def makes_sense(self) -> bool:
        """Whether there is such a fault in this collective."""
        if self.collective == "far" and self.size <= 2 * FAR:
            return False
        return {
            "shape": self.collective not in ANY_SHAPE,
            "dtype": self.collective not in ANY_SHAPE,
            "operator": self.collective in COMBINING,
            "root": self.collective in ROOTED,
        }.get(self.fault, True)

    def right(self) -> Call:
        """Return how all call."""
        if self.collective == "long-alltoall":
            return Call(ROW)
        return Call(LONG if self.collective.startswith("long") else SHORT)

    def wrong(self, guilty: int) -> Call:
        """Return how the guilty rank calls once."""
        call = self.right()
        return {
            "shape": call._replace(value=np.ones(len(call.value) - 1)),
            "dtype": call._replace(value=call.value.astype("i8")),
            "operator": call._replace(op=MAX),
            "root": call._replace(root=guilty or 1),
        }.get(self.fault, call)


def deed(fault: str, seconds: float, tell: Callable[..., None]) -> None:
    """Do what the guilty rank does, but for calling otherwise."""
    child = 0
    if fault in {"forked child", "half-open"}:
        # ctypes' fork is C's: what Python does in a forked child does not happen, so the sockets stay open
        child = os.fork() if fault == "forked child" else ctypes.PyDLL(None).fork()
        if not child:
            time.sleep(600)  # the cell's end kills it
    tell(fault=time.monotonic(), child=child)
    if fault in {"SIGKILL", "forked child", "half-open"}:
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault == "SIGSTOP":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif fault in {"late", "late to start"}:
        time.sleep(seconds)
    elif fault == "never started":
        os._exit(0)
    elif fault.startswith("raises"):
        raise RuntimeError("out of stars")


def calls(comm: Any, cell: Cell, guilty: int, seconds: float, tell: Callable[..., None]) -> None:
    """Call the collective until it fails."""
    call, number = COLLECTIVES[cell.collective], 0
    if cell.fault not in BEFORE:
        comm.barrier()
    while True:
        if comm.rank == guilty and number == GOOD_CALLS and cell.fault not in BEFORE:
            deed(cell.fault, seconds, tell)
            call(comm, cell.wrong(guilty))
        else:
            call(comm, cell.right())
        number += 1
        if number % TOGETHER == 0:
            comm.barrier()


def program(cell: Cell, guilty: int, port: int, timeout: float) -> Callable[..., None]:
    """Return what each rank of *cell* does."""
    run = f"naming-{time.monotonic_ns()}"

    def work(rank: int, ready: Callable[[], None], tell: Callable[..., None]) -> None:
        mistaken = cell.size + (cell.fault == "world size" and rank == guilty)
        comm = fmi_world.communicator(rank, mistaken, port, run, timeout)
        ready()
        said: dict[str, Any] = {}
        try:
            with comm:
                try:
                    if rank == guilty and cell.fault in BEFORE:
                        deed(cell.fault, 1.5 * timeout + 1, tell)
                    calls(comm, cell, guilty, 1.5 * timeout + 1, tell)
                except BaseException as error:
                    text = str(error).splitlines()[0][:300]
                    said = {"at": time.monotonic(), "names": getattr(error, "rank", None)}
                    said["says"] = f"{type(error).__name__}: {text}"
                    raise
        except BaseException:  # noqa: BLE001  whatever it was, it is told
            tell(**said, left=time.monotonic())

    return work


def experiment(cell: Cell, guilty: int, port: int, timeout: float) -> dict[str, Any]:
    """Run *cell*; return what was named, how soon after the fault in seconds, and what was said."""
    world = fmi_world.World(cell.size, program(cell, guilty, port, timeout))
    fault, said, child = None, {}, 0
    awaited = cell.size - (cell.fault in DEAD)
    try:
        world.start()
        for told in world.heard(3 * timeout + 20):
            if "fault" in told:
                fault, child = told["fault"], told["child"]
            else:
                said[told["rank"]] = told
                if len(said) == awaited:
                    break
    finally:
        world.end()
        if child:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    innocent = [said[rank] for rank in said if rank != guilty]
    right = [each for each in innocent if each["names"] == guilty]
    after = sorted(each["at"] - fault for each in right) if fault else []
    return {
        "cell": cell.name,
        "guilty": guilty,
        "timeout": timeout,
        "load": os.getloadavg()[0],
        "happened": fault is not None,
        "named": len(right),
        "of": cell.size - 1,
        "silent": cell.size - 1 - len(innocent),
        "median_s": statistics.median(after) if after else None,
        "longest_s": after[-1] if after else None,
        "leave_s": max((each["left"] - each["at"] for each in innocent), default=None),
        "others_said": Counter(each["says"] for each in innocent if each["names"] != guilty).most_common(4),
        "right_said": Counter(each["says"] for each in right).most_common(2),
        "guilty_said": said[guilty]["says"] if guilty in said else None,
        "guilty_names": said[guilty]["names"] if guilty in said else None,
    }


def table(found: dict[str, dict[str, Any]], sizes: list[int], collectives: list[str], faults: list[str]) -> str:
    """Return the matrix as Markdown: a line for each fault and world, a column for each collective."""
    lines = [" | ".join(["fault", "ranks", *collectives]), " | ".join(["---"] * (len(collectives) + 2))]
    for fault in faults:
        for size in sizes:
            cells = [Cell(fault, collective, size) for collective in collectives]
            words = [shown(found.get(cell.name)) if cell.makes_sense else "n/a" for cell in cells]
            lines.append(" | ".join([fault + (" *" if fault in BY_TIMEOUT else ""), str(size), *words]))
    return "\n".join(f"| {line} |" for line in lines)


def shown(result: dict[str, Any] | None) -> str:
    """Return a cell's text."""
    if result is None:
        return "-"
    share = "100 %" if result["named"] == result["of"] else f"**{result['named']}/{result['of']}**"
    if result["median_s"] is None:
        return share
    return f"{share} {result['median_s']:.2f} {result['longest_s']:.2f}"


def summary(results: list[dict[str, Any]]) -> str:
    """Return the shares, what was said where one falls short, and what the guilty ranks say."""
    short = [each for each in results if each["named"] < each["of"]]
    lines = [f"{len(results)} cells, {len(results) - len(short)} with every innocent rank naming the guilty one."]
    lines.append("In a cell: the share, then the median and longest seconds from the fault to the error.")
    timeouts = sorted({(int(each["cell"].rpartition("/")[2]), each["timeout"]) for each in results})
    words = ", ".join(f"{timeout:g} s with {size} ranks" for size, timeout in timeouts)
    lines.append(f"* can be noticed at the timeout only: {words}.")
    again = [each["cell"] for each in results if each["attempts"] > 1]
    lines.append(f"{len(again)} worlds did not come together at first: {' '.join(again)}")
    slow = [each for each in results if each["longest_s"] and each["longest_s"] > each["timeout"] / 2]
    slow = [each for each in slow if each["cell"].split("/")[0] not in BY_TIMEOUT]
    lines.append(f"{len(slow)} other cells took more than half the timeout: {' '.join(each['cell'] for each in slow)}")
    for each in short:
        lines.append(f"- {each['cell']}: guilty {each['guilty']}, {each['silent']} ranks without an error")
        lines += [f"  - {count} x {said}" for said, count in each["others_said"]]
    own: dict[str, Counter[str]] = {}
    for each in results:
        if each["guilty_said"] and not each["cell"].startswith("raises"):
            names = "itself" if each["guilty_names"] == each["guilty"] else "another"
            own.setdefault(each["cell"].split("/")[0], Counter())[names] += 1
    lines += [f"A rank guilty of {fault} names: {dict(names)}" for fault, names in own.items()]
    return "\n".join(lines)


def main() -> int:
    """Run the cells and print them."""
    parser = argparse.ArgumentParser(
        description=textwrap.dedent(__doc__ or ""), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="all figures instead of the table")
    parser.add_argument("--quick", action="store_true", help="worlds of 4 and 16, three collectives")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="only cells with each of these words")
    parser.add_argument("--worlds", type=int, nargs="+", help="the worlds' sizes")
    parser.add_argument("--guilty", type=int, metavar="RANK", help="the guilty rank; else the one past the middle")
    parser.add_argument("--timeout", type=float, help="seconds of an operation; else 4, and 8 for 64 ranks and more")
    parser.add_argument("--state", type=Path, metavar="FILE", help="where results are kept, a line each")
    options = parser.parse_args()
    sizes = options.worlds or (WORLDS[:2] if options.quick else WORLDS)
    collectives = ["barrier", "bcast", "allreduce"] if options.quick else list(COLLECTIVES)
    lines = options.state.read_text("utf-8").splitlines() if options.state and options.state.exists() else []
    found = {each["cell"]: each for each in map(json.loads, lines)}
    cells = [Cell(fault, collective, size) for size in sizes for fault in FAULTS for collective in collectives]
    cells = [cell for cell in cells if cell.makes_sense and all(word in cell.name for word in options.only)]
    with fmi_world.rendezvous() as server:
        for cell in cells:
            if cell.name in found:
                continue
            guilty = cell.size // 2 + 1 if options.guilty is None else options.guilty
            timeout = options.timeout or (4.0 if cell.size < 64 else 8.0)
            for attempt in range(1, ATTEMPTS + 1):
                found[cell.name] = {**experiment(cell, guilty, server.port, timeout), "attempts": attempt}
                if found[cell.name]["happened"]:
                    break
            print(f"{cell.name}: {shown(found[cell.name])}", file=sys.stderr, flush=True)
            if options.state:
                with options.state.open("a", encoding="utf-8") as kept:
                    kept.write(json.dumps(found[cell.name]) + "\n")
    results = [found[cell.name] for cell in cells]
    faults = [fault for fault in FAULTS if any(cell.fault == fault for cell in cells)]
    columns = [name for name in collectives if any(cell.collective == name for cell in cells)]
    print(json.dumps(results, indent=2) if options.json else f"{table(found, sizes, columns, faults)}\n")
    if not options.json:
        print(summary(results))
    return int(any(each["named"] < each["of"] for each in results))


if __name__ == "__main__":
    sys.exit(main())
