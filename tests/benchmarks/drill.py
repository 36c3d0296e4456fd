"""The whole drill of transient faults and kills: every sample team and the rendezvous, with a table of the outcomes.

    .venv/bin/python tests/benchmarks/drill.py [--faults] [--kills] [--processes N] [TEAM ...]

Faults: each changing call meets everything that AWS may answer it with, and the command may not need a rerun. Kills: a
deploy and a destroy die after each of their changing calls, one run a call, and are run again; then the account must be
as after an undisturbed run. Exit code 1 when anything went wrong. Processes share the work, each with an account of its
own.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from tests.drill import drift, faults, harness, works
from tests.drill.account import account as open_account
from tests.helpers.project import copy_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.drill.account import Account

ROOT = Path(__file__).parents[2]
EVERY_KIND = "drill"  # a lane with each kind of resource, changed by hand between its deploys
SHARES = 6  # of one work's kills

Told = tuple[str, str, list[str]]
"""A call, what befell it, and what was wrong then."""


class Share(NamedTuple):
    """What one process does at a time: the faults of a work, or every so manyth of its kills."""

    work: str
    part: str
    first: int = 0


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", action="store_true", help="the faults alone")
    parser.add_argument("--kills", action="store_true", help="the kills alone")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="how many at a time; one a core if left out"
    )
    parser.add_argument("works", nargs="*", metavar="TEAM", help="sample teams, rendezvous, or drill (of every kind)")
    asked = parser.parse_args()
    teams = [yaml.safe_load(path.read_text(encoding="utf-8"))["team"] for path in sorted(ROOT.glob("teams/*.yaml"))]
    known = (EVERY_KIND, "rendezvous", *teams)
    missing = [name for name in asked.works if name not in known]
    if missing:
        sys.exit(f"unknown: {', '.join(missing)}; known: {', '.join(known)}")
    shares = [
        *(Share(name, "faults") for name in asked.works or known if asked.faults or not asked.kills),
        *(
            Share(name, "kills", first)
            for name in asked.works or known
            for first in range(SHARES)
            if asked.kills or not asked.faults
        ),
    ]
    return int(_run(shares, asked.processes))


def _run(shares: list[Share], processes: int) -> bool:
    """Have *processes* take the *shares*, print a table for each work and part, and say whether anything went wrong."""
    left = collections.Counter((share.work, share.part) for share in shares)
    told: dict[tuple[str, str], list[Told]] = collections.defaultdict(list)
    bad = False
    # A fresh process each: moto keeps its account in the module.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=fresh, max_tasks_per_child=1) as pool:
        taken = {pool.submit(_take, share): share for share in shares}
        for number, done in enumerate(as_completed(taken), 1):
            share = taken[done]
            table = (share.work, share.part)
            told[table] += done.result()
            left[table] -= 1
            print(f"{number} of {len(shares)} shares done", file=sys.stderr, flush=True)
            if not left[table]:
                bad |= _show(f"{share.work}: {share.part}", told[table])
    return bad


def _take(share: Share) -> list[Told]:
    with tempfile.TemporaryDirectory() as name:
        project, cloud = copy_project(Path(name, "project")), Path(name, "cloud")
        with open_account(project, cloud) as account:
            return [(each.call, each.what, each.wrong) for each in _outcomes(account, share)]


def _outcomes(account: Account, share: Share) -> Iterator[harness.Outcome]:
    work = _work(account, share.work)
    if share.part == "faults":
        return harness.disturbed(work, harness.undisturbed(work, work.steps()), faults.faults_of)
    return harness.killed_at_every_call(work, share.first, SHARES)


def _work(account: Account, name: str) -> Any:
    if name == EVERY_KIND:
        return works.LaneWork(account, drift.small_lane(account.project))
    if name == "rendezvous":
        return works.RendezvousWork(account)
    return works.TeamWork(account, account.project.lane(name))


def _show(title: str, outcomes: Iterable[Told]) -> bool:
    """Print a line for each call with what befell it; say whether anything went wrong."""
    by_call: dict[str, dict[str, list[str]]] = collections.defaultdict(dict)
    for call, what, wrong in outcomes:
        by_call[call].setdefault(what, []).extend(wrong)
    print(f"\n{title}")
    for call, met in sorted(by_call.items()):
        bad = {what: wrong for what, wrong in met.items() if wrong}
        print(f"  {call:40} {'FAILED' if bad else 'finished'}  {', '.join(met)}")
        for what, wrong in bad.items():
            print(f"    {what}: {'; '.join(wrong[:3])}")
    total = sum(len(met) for met in by_call.values())
    failed = sum(bool(lines) for met in by_call.values() for lines in met.values())
    print(f"  {len(by_call)} calls, {total} cases, {failed} failed", flush=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
