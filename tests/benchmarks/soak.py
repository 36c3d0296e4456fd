"""A soak in short form: teams use one cloud at the same time, with faults, and what it takes of the machine is plotted.

    .venv/bin/python tests/benchmarks/soak.py [--operations 3000] [--seed 1] [--flat] [--persist] [--out FOLDER]

After each round of operations: the memory of the cloud's process, its descriptors, threads and processes, what lies
under .lanes, and how long a Pass execution and a put of 1 KB take. A table is printed, a plot written as SVG, and a
verdict: how much the memory grew from operation 1,000 to the end (the bound is 50 MB), and its slope for each 1,000
operations after that. Times are told, and nothing is asserted of them.

``--flat`` does nothing but small executions, and an FMI world of four ranks after each 50 of them: 10,000 and 200 of
them with ``--operations 10200``.
"""

from __future__ import annotations

import argparse
import bisect
import collections
import itertools
import random
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from shared.aws.client import connect_endpoint  # noqa: E402  after the path
from shared.config.lane import Place  # noqa: E402
from shared.deploy.rendezvous_keys import make_master  # noqa: E402
from shared.fmi.rendezvous.keys import team_key  # noqa: E402
from shared.local.daemon import Settings, down, up  # noqa: E402
from shared.local.state import State  # noqa: E402
from shared.measure.reports.plots_style import BLUE, GREEN, ORANGE, VERMILION, draw, save  # noqa: E402
from tests.benchmarks.soak_work import MIXED, Team, small_execution, world  # noqa: E402
from tests.benchmarks.taken import Taken, taken  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.figure import Figure

    from shared.local.state import Running

    Operation = Callable[[Team, random.Random], None]

PLACE = Place("123456789012", "us-east-1", "soak")
TEAMS = ("alpha", "beta", "gamma")
CLIENTS = 6
WARM = 1000  # operations, after which the memory counts
BOUND_MB = 50
SMALL_A_WORLD = 50


class Sample(NamedTuple):
    """What the cloud takes after so many operations: MB, numbers, and milliseconds."""

    operations: int
    taken: Taken
    pass_ms: float
    put_ms: float


def main() -> int:
    """Soak, print and plot; return 1 if memory grew by more than the bound, or an operation failed."""
    asked = _asked()
    failed: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="lanes-soak-") as folder:
        state = State(Path(folder) / ".lanes")
        cloud = up(state, Settings(PLACE, 0, persist=asked.persist))
        try:
            samples = list(_soak(cloud, state, asked, failed))
        finally:
            down(state)
        log = state.log.read_text(encoding="utf-8", errors="replace").splitlines()
    for path in save(_plot(samples), asked.out, "soak"):
        print(path)
    for what, count in failed.most_common():
        print(f"FAILED {count} x {what}")
    print(f"{len(log)} lines in the cloud's log; {sum('Traceback' in line for line in log)} tracebacks")
    return int(_verdict(samples) or bool(failed))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=250, help="operations between two samples")
    parser.add_argument("--flat", action="store_true", help="small executions and worlds alone")
    parser.add_argument("--persist", action="store_true", help="a cloud that is kept")
    parser.add_argument("--out", type=Path, default=Path("soak"), help="the folder for the plot")
    return parser.parse_args()


def _soak(
    cloud: Running, state: State, asked: argparse.Namespace, failed: collections.Counter[str]
) -> Iterator[Sample]:
    master = make_master(connect_endpoint(PLACE, cloud.endpoint, cloud.key))
    teams = [Team(cloud, name, team_key(master, name)) for name in TEAMS]
    chance = random.Random(asked.seed)
    work = _flat() if asked.flat else _mixed(chance)
    print("operations   RSS MB  descriptors  threads  processes  disk MB  Pass ms  put ms", flush=True)
    guard = threading.Lock()

    def do(operation: Operation, team: Team, seed: int) -> None:
        try:
            operation(team, random.Random(seed))
        except Exception as error:  # noqa: BLE001  told at the end, with how many there were
            with guard:
                failed[f"{operation.__name__}: {type(error).__name__}: {str(error)[:150]}"] += 1

    for done in range(0, asked.operations, asked.every):
        yield _told(_sample(done, cloud, state, teams[0]))
        with ThreadPoolExecutor(CLIENTS) as clients:
            for operation in itertools.islice(work, min(asked.every, asked.operations - done)):
                clients.submit(do, operation, chance.choice(teams), chance.getrandbits(32))
    yield _told(_sample(asked.operations, cloud, state, teams[0]))


def _mixed(chance: random.Random) -> Iterator[Operation]:
    operations, weights = list(MIXED), list(itertools.accumulate(MIXED.values()))
    while True:
        yield operations[bisect.bisect(weights, chance.random() * weights[-1])]


def _flat() -> Iterator[Operation]:
    while True:
        yield from itertools.repeat(small_execution, SMALL_A_WORLD)
        yield world


def _sample(operations: int, cloud: Running, state: State, team: Team) -> Sample:
    pass_ms = statistics.median(_timed(lambda: team.run("pass", {})) for _ in range(5))
    put_ms = statistics.median(_timed(lambda: _put(team)) for _ in range(5))
    return Sample(operations, taken(cloud, state), pass_ms, put_ms)


def _put(team: Team) -> None:
    team.of["s3"].put_object(Bucket=team.bucket, Key="probe", Body=b"x" * 1024)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begin)


def _told(sample: Sample) -> Sample:
    rss, descriptors, threads, processes, disk = sample.taken
    print(
        f"{sample.operations:10} {rss:8.1f} {descriptors:12} {threads:8} {processes:10} {disk:8.1f} "
        f"{sample.pass_ms:8.1f} {sample.put_ms:7.1f}",
        flush=True,
    )
    return sample


def _verdict(samples: list[Sample]) -> bool:
    """Print how memory grew after the first operations; return whether that is too much."""
    warm = [each for each in samples if each.operations >= WARM]
    if len(warm) < 2:
        print(f"no verdict: it takes more than {WARM} operations")
        return False
    slope = statistics.linear_regression([each.operations for each in warm], [each.taken.rss for each in warm]).slope
    grown = warm[-1].taken.rss - warm[0].taken.rss
    print(
        f"from operation {warm[0].operations} to {warm[-1].operations} the memory grew by {grown:.1f} MB "
        f"(bound {BOUND_MB}), {1000 * slope:+.2f} MB for each 1,000 operations"
    )
    return grown > BOUND_MB


def _plot(samples: list[Sample]) -> Figure:
    rows = {
        "memory, MB": [("cloud", "rss", BLUE)],
        "number": [
            ("descriptors", "descriptors", ORANGE),
            ("threads", "threads", GREEN),
            ("processes", "processes", VERMILION),
        ],
        "disk, MB": [("under .lanes", "disk", BLUE)],
        "latency, ms": [("Pass execution", "pass_ms", ORANGE), ("put of 1 KB", "put_ms", GREEN)],
    }

    def fill(figure: Figure) -> None:
        for axes, (label, lines) in zip(figure.subplots(len(rows), sharex=True), rows.items(), strict=True):
            for name, field, colour in lines:
                axes.plot(
                    [each.operations for each in samples],
                    [(each._asdict() | each.taken._asdict())[field] for each in samples],
                    color=colour,
                    label=name,
                )
            axes.set_ylabel(label)
            axes.set_ylim(bottom=0)
            axes.legend(loc="lower right")
        axes.set_xlabel("operations")

    return draw((8.0, 9.0), fill)


if __name__ == "__main__":
    sys.exit(main())
