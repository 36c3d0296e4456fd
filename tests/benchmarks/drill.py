"""The whole drill of transient faults and kills: every sample team and the rendezvous, with a table of the outcomes.

    .venv/bin/python tests/benchmarks/drill.py [--faults] [--kills] [TEAM ...]

Faults: each changing call meets everything that AWS may answer it with, and the command may not need a rerun. Kills: a
deploy and a destroy die after each of their changing calls, one run a call, and are run again; then the account must be
as after an undisturbed run. Exit code 1 when anything went wrong. With both, on all teams, it takes many minutes.
"""

# ruff: noqa: T201  it prints
from __future__ import annotations

import argparse
import collections
import runpy
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
PARTS = ("naming.yaml", "shared", "statemachines", "teams", "chalice_app")
EVERY_KIND = "drill"  # a lane with each kind of resource, changed by hand between its deploys


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", action="store_true", help="the faults alone")
    parser.add_argument("--kills", action="store_true", help="the kills alone")
    parser.add_argument("teams", nargs="*", help="sample teams, rendezvous, or drill (a lane of every kind)")
    asked = parser.parse_args()
    drill = SimpleNamespace(**runpy.run_path(str(ROOT / "tests" / "drill" / "harness.py")))
    with tempfile.TemporaryDirectory() as folder:
        root = _copy(Path(folder))
        with drill.account(root, Path(folder) / "cloud") as account:
            bad = [_drill(drill, work, asked) for work in _works(drill, account, asked.teams)]
    return int(any(bad))


def _drill(drill: Any, work: Any, asked: argparse.Namespace) -> bool:
    """Drill *work*, print its tables and say whether anything went wrong."""
    bad = False
    if asked.faults or not asked.kills:
        work.prepare()
        for step in work.steps():
            step()
        calls = set(work.account.take())
        bad |= _show(f"{work.name}: faults", drill.disturbed(work, drill.FAULTS.faults_of, calls))
    if asked.kills or not asked.faults:
        bad |= _show(f"{work.name}: kills", drill.killed_at_every_call(work))
    return bad


def _show(title: str, outcomes: Iterable[Any]) -> bool:
    """Print a line for each call with what befell it; say whether anything went wrong."""
    by_call: dict[str, dict[str, list[str]]] = collections.defaultdict(dict)
    for each in outcomes:
        by_call[each.call].setdefault(each.what, []).extend(each.wrong)
    print(f"\n{title}")
    for call, met in sorted(by_call.items()):
        bad = {what: wrong for what, wrong in met.items() if wrong}
        print(f"  {call:40} {'FAILED' if bad else 'finished'}  {', '.join(met)}")
        for what, wrong in bad.items():
            print(f"    {what}: {'; '.join(wrong[:3])}")
    total = sum(len(met) for met in by_call.values())
    failed = sum(bool(lines) for met in by_call.values() for lines in met.values())
    print(f"  {len(by_call)} calls, {total} cases, {failed} failed")
    return failed > 0


def _works(drill: Any, account: Any, names: list[str]) -> list[Any]:
    teams = [team for team in account.project.teams if team != EVERY_KIND]
    known = {
        EVERY_KIND: drill.LaneWork(account, drill.small_lane(account.project)),
        "rendezvous": drill.RendezvousWork(account),
        **{team: drill.TeamWork(account, account.project.lane(team)) for team in teams},
    }
    missing = [name for name in names if name not in known]
    if missing:
        sys.exit(f"unknown: {', '.join(missing)}; known: {', '.join(known)}")
    return [known[name] for name in names or known]


def _copy(folder: Path) -> Path:
    root = folder / "project"
    root.mkdir()
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, root / name)
    return root


if __name__ == "__main__":
    sys.exit(main())
