"""Whether a prepaid lane's bill passes what it was granted: a lane of one cent, 20 starts at once, 100 trials.

Each trial starts 20 runs at once, drawn from sleepers to their timeout, runs that fail and are tried again, Maps of
more items than were reserved, and small ones; four are stopped. When all have ended and are settled, it compares the
bill, which is computed from REPORT lines and transitions at list prices (``lanes cost``), with the lane's account. Both
are also held to each other: granted = available + kept + spent, and nothing stays reserved.

    python tests/benchmarks/prepaid.py [TRIALS]
"""

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shared.config.load import load_project
from tests.helpers.prepaid_lane import USD, deploy_prepaid, make_prepaid, trial
from tests.helpers.project import copy_project
from tests.workflows.projects import kept_cloud

NANO = 1_000_000_000


def main(trials):
    passed = lost = refused = 0
    bills, charged = [], []
    with tempfile.TemporaryDirectory() as folder:
        root = make_prepaid(copy_project(Path(folder) / "project"))
        project = load_project(root)
        with kept_cloud(root) as kept:
            lane = deploy_prepaid(project, kept.aws)
            for seed in range(trials):
                bill, account = trial(project, kept.aws, lane, seed)
                passed += bill > account.granted
                lost += account.reserved != 0 or account.granted != account.available + account.kept + account.spent
                refused += account.refused
                bills.append(bill / NANO)
                charged.append(account.spent / bill)
                print(
                    f"{seed}: bill ${bill / NANO:.6f}, charged ${account.spent / NANO:.6f}", file=sys.stderr, flush=True
                )
    print(f"{trials} trials of 20 starts, ${USD} each: {refused} starts refused")
    print(f"trials whose bill passed the sum: {passed}; in which anything was lost: {lost}")
    print(f"bill: median ${statistics.median(bills):.6f}, largest ${max(bills):.6f}")
    print(f"charged / bill: median {statistics.median(charged):.2f}, {min(charged):.2f} to {max(charged):.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
