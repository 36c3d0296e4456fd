"""What a cloud takes that nobody asks anything: its processor time, and which of its threads wake.

    .venv/bin/python tests/benchmarks/idle.py [--seconds 30]

First an empty cloud, then one with a warm function, a queue with its mapping, a rule and a schedule of an hour. Printed
are the share of a core (the bound is 0.5 %), the wakes a second of all threads, and how many threads there are.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from shared.config.lane import Place  # noqa: E402  after the path
from shared.local.daemon import Settings, down, up  # noqa: E402
from shared.local.state import State  # noqa: E402
from tests.benchmarks.soak_work import Team  # noqa: E402

PLACE = Place("123456789012", "us-east-1", "idle")
BOUND = 0.5  # per cent of a core
_SETTLED = 15.0  # seconds after the last call, when threads that had work have ended


def main() -> int:
    """Measure both clouds; return 1 if one takes more than the bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="lanes-idle-") as folder:
        state = State(Path(folder) / ".lanes")
        cloud = up(state, Settings(PLACE, 0))
        try:
            shares = [_measure("empty", cloud.pid, seconds)]
            team = Team(cloud, "idle", b"\0" * 32)
            team.run("small", {})
            team.of["events"].put_rule(Name="idle", EventPattern=json.dumps({"source": ["idle"]}))
            team.of["scheduler"].create_schedule(
                Name="idle",
                ScheduleExpression="rate(1 hour)",
                FlexibleTimeWindow={"Mode": "OFF"},
                Target={"Arn": team.machines["pass"], "RoleArn": team.role},
            )
            shares.append(_measure("used", cloud.pid, seconds))
        finally:
            down(state)
    return int(max(shares) > BOUND)


def _measure(what: str, pid: int, seconds: float) -> float:
    time.sleep(_SETTLED)
    before, wakes = _taken(pid), _wakes(pid)
    time.sleep(seconds)
    share, woken = 100 * (_taken(pid) - before) / seconds, (_wakes(pid) - wakes) / seconds
    threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    print(
        f"{what:6} {share:.3f} % of a core (bound {BOUND}), {woken:.1f} wakes a second, {threads} threads", flush=True
    )
    return share


def _taken(pid: int) -> float:
    """Return the seconds of processor that a process has taken."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


def _wakes(pid: int) -> int:
    """Return how often threads of a process that are there now have slept."""
    lines = (
        line
        for task in Path(f"/proc/{pid}/task").iterdir()
        for line in (task / "status").read_text(encoding="ascii").splitlines()
    )
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


if __name__ == "__main__":
    sys.exit(main())
