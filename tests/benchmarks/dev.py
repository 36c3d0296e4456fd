"""From an edit to its result: ``lanes dev`` in this process, against ``lanes run`` after each edit.

    .venv/bin/python tests/benchmarks/dev.py [--rounds N] [--library pandas]

The workflow is a new one, as ``lanes workflow new --like map-reduce`` writes it: three functions, four pieces. Each
round writes a line into its code. With ``lanes up`` there is one cloud for all; medians, in seconds. The edit is taken
as told when the loop is: a save is seen 0.1 to 0.2 s later.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared.aws.client import connect_endpoint
from shared.cli.dev_work import Asked, DevWork
from shared.config.load import load_project
from shared.run.dev.watched import files_of
from shared.run.dev.watcher import Watcher
from tests.helpers.project import copy_project
from tests.workflows.projects import kept_cloud

TEAM, WORKFLOW = "words", "word-count"


class Clock:
    """A view that notes when what was shown first."""

    def __init__(self):
        self.at = {}

    def __getattr__(self, name):
        def note(*told, **_more):
            self.at.setdefault(name, time.perf_counter())
            if name in {"refused", "ended"} and (name == "refused" or told[0].outcome.failure):
                sys.exit(f"{name}: {told}")

        return note


def main():
    """Print a row for each way."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=7)
    asked.add_argument("--library", default="")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = made(copy_project(Path(folder) / "p"), given.library)
        os.chdir(root)
        with kept_cloud(root) as kept:
            work, view, code = begun(root, kept)
            loops = [one_loop(work, view, code) for _ in range(given.rounds + 1)][1:]
            runs = [one_command(root, code) for _ in range(given.rounds)]
    print(f"{'':28} {'median':>7} {'least':>7} {'most':>7}")
    for name, values in (
        ("lanes dev: edit to deployed", [deployed for deployed, _ in loops]),
        ("lanes dev: edit to result", [ended for _, ended in loops]),
        ("lanes run: edit to result", runs),
    ):
        print(f"{name:28} {statistics.median(values):7.2f} {min(values):7.2f} {max(values):7.2f}")


def made(root, library):
    """Give the project at *root* the team and its workflow, which imports *library*."""
    command(root, "team", "new", TEAM)
    command(root, "workflow", "new", TEAM, WORKFLOW, "--like", "map-reduce")
    folder = root / "teams" / TEAM / WORKFLOW
    if library:
        (folder / "requirements.txt").write_text(f"{library}\n")
        code = folder / "steps.py"
        code.write_text(code.read_text().replace("import boto3\n", f"import boto3\nimport {library}\n"))
    return root


def begun(root, kept):
    """Deploy and run once, and return the loop's work, its view, and the code to edit."""
    project = load_project(root)
    lane = project.lane(TEAM)
    view = Clock()
    aws = connect_endpoint(project.place, kept.running.endpoint, kept.running.key)
    watcher = Watcher(files_of(root, lane, WORKFLOW, None).look, str)
    work = DevWork(Asked((TEAM, WORKFLOW), "", {}), aws, view, watcher)
    work.deploy(())
    run_to_end(work)
    return work, view, root / "teams" / TEAM / WORKFLOW / "steps.py"


def one_loop(work, view, code):
    """Edit, deploy and run; return the seconds until it was deployed, and until the result was shown."""
    view.at.clear()
    began = time.perf_counter()
    edit(code)
    work.deploy((str(code),))
    run_to_end(work)
    return view.at["deployed"] - began, view.at["ended"] - began


def run_to_end(work):
    """Run, looking as often as the loop does."""
    work.start()
    while not work.look():
        time.sleep(0.1)


def one_command(root, code):
    """Edit, and run by the command; return the seconds."""
    began = time.perf_counter()
    edit(code)
    command(root, "run", TEAM, WORKFLOW)
    return time.perf_counter() - began


def edit(code):
    """Change *code*, so that it does the same."""
    code.write_text(f"{code.read_text()}\n# {time.time()}\n")


def command(root, *words):
    """Run a command of lanes in the project's folder."""
    subprocess.run([sys.executable, "-m", "shared.cli", *words], cwd=root, check=True, capture_output=True)


if __name__ == "__main__":
    main()
