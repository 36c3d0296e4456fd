"""What the console costs: the first paint of a page of 10,000 ranks, an idle console, a run that is looked at.

    .venv/bin/python tests/benchmarks/console.py [--ranks 10000] [--items 1000] [--rounds 5] [--idle 60]

A real ``lanes console`` over a real embedded cloud, pages in headless chromium on the same machine. Printed are

- the first paint of /runs/ID/ranks (PerformancePaintTiming; a new tab each time) and the bytes of the page;
- the share of a core that the console takes while two tabs lie open, / and a run that has succeeded;
- how much longer a Map of Lambdas, each of 0.2 s, takes that two tabs look at, /runs/ID and /runs/ID/ranks, in pairs
  with one that nobody looks at: the seconds are Step Functions' own, the ratio is that of each pair. The browser is on
  the same machine, so what it takes for drawing is in the ratio. What the console takes meanwhile is printed too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.console_browser.chromium import CHROMIUM, QUIET  # noqa: E402  after the path
from tests.console_browser.real import console, write_team  # noqa: E402
from tests.helpers.project import copy_project  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from tests.console_browser.real import Console

CARD = """\
description: As many ranks as it is given, as children of a distributed Map or as Lambdas of an inline one.
functions:
  work: {handler: steps.work}
parameters:
  children: {type: array, items: {type: integer}, default: [], description: Ranks that do nothing.}
  items: {type: array, items: {type: integer}, default: [], description: Ranks that call a function.}
"""
CODE = """\
import time


def work(event, context):
    time.sleep(0.2)  # as one that works, so that the run lasts while somebody looks at it
    return {"rank": event["rank"]}
"""
TEMPLATE = {
    "StartAt": "Children",
    "States": {
        "Children": {
            "Type": "Map",
            "ItemsPath": "$.children",
            "ItemSelector": {"rank.$": "$$.Map.Item.Value"},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Nothing",
                "States": {"Nothing": {"Type": "Pass", "End": True}},
            },
            "ResultPath": None,
            "Next": "Items",
        },
        "Items": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 40,
            "ItemSelector": {"run_id.$": "$$.Execution.Name", "rank.$": "$$.Map.Item.Value"},
            "ItemProcessor": {
                "StartAt": "Work",
                "States": {"Work": {"Type": "Task", "Resource": "${work}", "End": True}},
            },
            "End": True,
        },
    },
}
PAINT = "() => performance.getEntriesByType('paint').map((one) => one.startTime).sort((a, b) => a - b)[0]"
_SETTLED = 10.0  # seconds after the last action


def main() -> int:
    """Measure and print; return 1 where a bound is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=float, default=60.0, help="seconds")
    asked = parser.parse_args()
    if not CHROMIUM.exists():
        print(f"there is no {CHROMIUM}, and without a browser nothing is painted: apt install chromium")
        return 0
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="lanes-console-") as folder, sync_playwright() as driver:
        root = copy_project(Path(folder) / "project")
        write_team(root, "bench", "wide", card=CARD, template=TEMPLATE, code=CODE)
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        with console(root, "bench") as shown, browser.new_context() as context:
            context.set_default_timeout(120_000)
            shown.enter(context).close()
            kept = [
                _paint(shown, context, asked.ranks, asked.rounds),
                _idle(shown, context, asked.idle),
                _slowed(shown, context, asked.items, asked.rounds),
            ]
        browser.close()
    return int(not all(kept))


def _paint(shown: Console, context: BrowserContext, ranks: int, rounds: int) -> bool:
    took = shown.seconds(shown.start("bench", "painted", {"children": list(range(ranks)), "items": []}))
    times, size = [], 0
    for _ in range(rounds + 1):  # the first one reads the children
        page = context.new_page()
        answer = page.goto(f"{shown.base}/runs/painted/ranks")
        assert answer is not None
        page.wait_for_function("() => document.querySelector('main').textContent.includes('succeeded')")
        times.append(page.evaluate(PAINT))
        size = len(answer.body())
        page.close()
    first, again = times[0] / 1000, statistics.median(times[1:]) / 1000
    print(f"the run of {ranks:,} ranks took {took:.1f} s")
    print(
        f"first paint of its ranks: {again:.2f} s (median of {rounds}, {min(times[1:]) / 1000:.2f} to "
        f"{max(times[1:]) / 1000:.2f}; bound 1 s), {first:.2f} s the first time; {size / 1000:.0f} kB (bound 300)",
        flush=True,
    )
    return again < 1 and size < 300_000


def _idle(shown: Console, context: BrowserContext, seconds: float) -> bool:
    shown.seconds(shown.start("bench", "looked-at", {"children": [], "items": list(range(10))}))
    pages = [context.new_page() for _ in range(2)]
    for page, path in zip(pages, ("/", "/runs/looked-at"), strict=True):
        page.goto(f"{shown.base}{path}")
    time.sleep(_SETTLED)
    before = _taken(shown.process.pid)
    time.sleep(seconds)
    share = 100 * (_taken(shown.process.pid) - before) / seconds
    for page in pages:
        page.close()
    print(f"idle, two tabs open for {seconds:.0f} s: {share:.2f} % of a core (bound 1 %)", flush=True)
    return share < 1


def _slowed(shown: Console, context: BrowserContext, items: int, rounds: int) -> bool:
    def run(name: str, *paths: str) -> float:
        arn = shown.start("bench", name, {"children": [], "items": list(range(items))})
        for page, path in zip(pages, paths, strict=False):
            page.goto(f"{shown.base}{path}", wait_until="commit")
        took = shown.seconds(arn)
        for page in pages:
            page.goto("about:blank")
        return took

    pages = [context.new_page() for _ in range(2)]
    run("warm")
    alone, looked, took = [], [], 0.0
    for number in range(rounds):
        alone.append(run(f"alone-{number}"))
        before = _taken(shown.process.pid)
        looked.append(run(f"seen-{number}", f"/runs/seen-{number}", f"/runs/seen-{number}/ranks"))
        took += _taken(shown.process.pid) - before
    ratios = [seen / unseen for seen, unseen in zip(looked, alone, strict=True)]
    slower = statistics.median(ratios)
    print(
        f"a Map of {items:,} Lambdas: {statistics.median(alone):.2f} s alone, {statistics.median(looked):.2f} s with "
        f"two tabs; ratio {slower:.3f} (median of {rounds} pairs, {min(ratios):.3f} to {max(ratios):.3f}; bound 1.03); "
        f"the console took {100 * took / sum(looked):.0f} % of a core meanwhile",
        flush=True,
    )
    return slower < 1.03


def _taken(pid: int) -> float:
    """Return the seconds of processor that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
