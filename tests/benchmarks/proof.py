"""What the proof costs as teams are added: its time for 5, 50 and 100 teams, and for one team of each.

python tests/benchmarks/proof.py [ROUNDS]

The documents are those of the lanes of tests/isolation, rendered before. The rounds alternate between the sizes. Times
are of the processor, since other work on the machine is not the proof's. The ratio is that of the time for each team to
the one for each of five: 1 means that a team costs the same whoever else there is.
"""

import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from shared.iam.catalogue import load_catalogue
from shared.isolation.proof.proof import prove
from tests.isolation.conftest import NAMES, PLACE, make_lane, render

SIZES = (5, 50, 100)


def timed(documents):
    """Return the seconds of the processor that the proof over *documents* takes."""
    names = replace(NAMES, templates={})
    began = time.process_time()
    proof = prove(documents, PLACE, names, load_catalogue())
    took = time.process_time() - began
    assert proof.holds
    return took


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    lanes = [list(render(make_lane(f"team{number}")).values()) for number in range(max(SIZES))]
    load_catalogue()
    seconds = {size: [] for size in SIZES}
    for _ in range(rounds):
        for size in SIZES:
            seconds[size].append(timed([document for lane in lanes[:size] for document in lane]))
    least = statistics.median(seconds[SIZES[0]]) / SIZES[0]
    for size, taken in seconds.items():
        each = statistics.median(taken) / size
        print(
            f"{size:4} teams  median {statistics.median(taken):5.2f} s ({min(taken):.2f} to {max(taken):.2f})"
            f"  {1000 * each:5.1f} ms a team  ratio {each / least:.2f}"
        )


if __name__ == "__main__":
    main()
