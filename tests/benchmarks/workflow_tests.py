"""How long 200 tests of workflows take, and what each of them costs beyond pytest's own start.

python tests/benchmarks/workflow_tests.py [ROUNDS]

The tests are those of tests/helpers/many_tests.py: retries, choices, maps, distributed maps, waits of hours, callbacks,
real handlers and recorded runs, 25 of each. They run in a pytest of their own, whose process is timed from outside: all
200, one of each kind, and, for comparison, a module with one empty test. The rounds alternate. Beside the time on the
clock stands that of the processor, which other programs on the machine change less. The last line is the difference
between the first two, for each of the 192 tests between them.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.helpers import many_tests
from tests.helpers.small_project import SmallProject


def timed(root, *words):
    """Return the seconds on the clock and of the processor that pytest takes in *root* with these words."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.returncode == 0, ended.stdout
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        project = SmallProject(Path(folder))
        many_tests.write(project)
        project.write("test_empty.py", "def test_empty(): pass\n")
        runs = {"all 200": ["teams"], "one of each kind": ["teams", "-k", "[0]"], "an empty test": ["test_empty.py"]}
        times = {name: [] for name in runs}
        for _ in range(rounds):
            for name, words in runs.items():
                times[name].append(timed(folder, *words))
    medians = {}
    for name, taken in times.items():
        clock, processor = zip(*taken, strict=True)
        medians[name] = statistics.median(processor)
        told = f"median {statistics.median(clock):5.2f} s ({min(clock):.2f} to {max(clock):.2f})"
        print(
            f"{name:18} {told}, of the processor {medians[name]:5.2f} s ({min(processor):.2f} to {max(processor):.2f})"
        )
    each = (medians["all 200"] - medians["one of each kind"]) / 192
    print(f"a further test     {each * 1000:5.1f} ms of the processor")


if __name__ == "__main__":
    main()
