"""The fairness table: what one team does, and what another one feels of it.

One embedded cloud. One team, in a process of its own, does something again and again; another one starts executions
meanwhile, one after the other, and takes the time from StartExecution to the end as a client sees it. Before each row
the same is taken in quiet, so each figure has beside it how many times the quiet one it is, of the same minute. Both
teams, the clients and all functions share the processors of the machine, and that is part of what is felt.

    .venv/bin/python tests/benchmarks/fairness.py [--quick] [--only WORD]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.synchronize import Event

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.engine import ACCOUNT, Bench, client, contestant, counting  # noqa: E402  a script, not a package

HANDLERS = """
import time

def echo(event, context):
    return event

def sleep(event, context):
    time.sleep(10)

def fail(event, context):
    raise ValueError("as always")
"""
FUNCTIONS = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
MACHINES = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:"
ENDLESS = "{% ($f := function($x) { $f($x + 1) }; $f(1)) %}"
SETTLE_SECONDS = 3.0


def one(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"StartAt": "S", "States": {"S": {**state, "End": True}}, **fields}


def task(function: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": FUNCTIONS + function, **fields}


def mapped(state: dict[str, Any], *, distributed: bool = False, **fields: Any) -> dict[str, Any]:
    mode = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} if distributed else {"Mode": "INLINE"}
    inner = {"StartAt": "I", "States": {"I": {**state, "End": True}}}
    return one({"Type": "Map", "ItemProcessor": {"ProcessorConfig": mode, **inner}, **fields})


_STARTS = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution",
    "Parameters": {"StateMachineArn": MACHINES + "hog-pass", "Input": {}},
}
_RETRIED = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 1.0}

# What one team does: its machine, the input, and how many executions of it run at a time.
ROWS: dict[str, tuple[dict[str, Any], Any, int]] = {
    "1,000 sleeping Lambdas": (mapped(task("hog-sleep"), distributed=True), list(range(1000)), 1),
    "a Map of 1,000 quick Lambdas": (mapped(task("hog-echo"), MaxConcurrency=40), list(range(1000)), 1),
    "endless JSONata, 20 at a time": (one({"Type": "Pass", "Output": ENDLESS}, QueryLanguage="JSONata"), {}, 20),
    "10,000 executions of a Pass": (mapped(_STARTS, distributed=True, MaxConcurrency=40), list(range(10_000)), 1),
    "10,000 Waits of a second": (mapped({"Type": "Wait", "Seconds": 1}, distributed=True), list(range(10_000)), 1),
    "histories of 24,000 events, 4 at a time": (counting(4000), {"n": 0}, 4),
    "200 failing tasks with retries": (mapped(task("hog-fail", Retry=[_RETRIED])), list(range(200)), 1),
}


def prepare(endpoint: str) -> None:
    """Make both teams' functions and machines."""
    bench = Bench(endpoint)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("app.py", HANDLERS)
    functions = client(endpoint, "lambda")
    for name in ("hog-echo", "hog-sleep", "hog-fail", "other-echo"):
        functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=bench.role,
            Handler=f"app.{name.partition('-')[2]}",
            Timeout=60,
            Code={"ZipFile": body.getvalue()},
        )
    quick = {
        "hog-pass": one({"Type": "Pass"}),
        "other-pass": one({"Type": "Pass"}),
        "other-lambda": one(task("other-echo")),
        "other-map": mapped(task("other-echo"), MaxConcurrency=40),
    }
    rows = {f"hog-{number}": definition for number, (definition, _, _) in enumerate(ROWS.values())}
    for name, definition in {**quick, **rows}.items():
        bench.states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=bench.role)


def hog(endpoint: str, number: int, stop: Event) -> None:
    """Do what the row of this *number* says until *stop* is set."""
    _, value, at_a_time = list(ROWS.values())[number]
    states, text = client(endpoint, "stepfunctions"), json.dumps(value)
    running: list[str] = []
    while not stop.is_set():
        running = [arn for arn in running if states.describe_execution(executionArn=arn)["status"] == "RUNNING"]
        for _ in range(at_a_time - len(running)):
            machine = f"{MACHINES}hog-{number}"
            running.append(states.start_execution(stateMachineArn=machine, input=text)["executionArn"])
        stop.wait(0.3)
    for arn in running:
        states.stop_execution(executionArn=arn)


class Other:
    """The team that feels it.

    Args:
        endpoint: Of the cloud.
        quick: Take fewer samples.
    """

    def __init__(self, endpoint: str, *, quick: bool) -> None:
        self._states = client(endpoint, "stepfunctions")
        few = 3 if quick else 1
        self.columns: dict[str, Callable[[], list[float]]] = {
            "a Pass": lambda: self._taken("other-pass", {}, 100 // few),
            "a quick Lambda": lambda: self._taken("other-lambda", {}, 60 // few),
            "a Map of 40": lambda: self._taken("other-map", list(range(40)), 20 // few),
        }

    def _taken(self, machine: str, value: Any, times: int) -> list[float]:
        return sorted(self._run(MACHINES + machine, json.dumps(value)) for _ in range(times))

    def _run(self, machine: str, value: str) -> float:
        begin = time.perf_counter()
        arn = self._states.start_execution(stateMachineArn=machine, input=value)["executionArn"]
        while (answer := self._states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.001 if time.perf_counter() - begin < 0.05 else 0.01)
        if answer["status"] != "SUCCEEDED":
            raise RuntimeError(f"{answer['status']}: {answer.get('cause')}")
        return (time.perf_counter() - begin) * 1000

    def feels(self) -> dict[str, list[float]]:
        """Return what each column takes now, in milliseconds, sorted."""
        return {label: take() for label, take in self.columns.items()}


def cell(beside: list[float], quiet: list[float]) -> str:
    """Return the median and the 99th percentile, each with how many times that of *quiet* it is."""
    pairs = [(ninety_ninth(beside), ninety_ninth(quiet)), (statistics.median(beside), statistics.median(quiet))][::-1]
    return " / ".join(f"{now:,.1f} ms ({now / then:.1f}x)" for now, then in pairs)


def ninety_ninth(figures: list[float]) -> float:
    return figures[min(len(figures) - 1, int(len(figures) * 0.99))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="take a third of the samples")
    parser.add_argument("--only", default="", help="only the rows that hold this word")
    options = parser.parse_args()
    with contextlib.ExitStack() as parts:
        folder = parts.enter_context(tempfile.TemporaryDirectory())
        endpoint, _ = parts.enter_context(contestant("lanes", Path(folder)))
        prepare(endpoint)
        other = Other(endpoint, quick=options.quick)
        other.feels()  # warms the workers
        print("| one team: | " + " | ".join(f"{label}, p50 / p99" for label in other.columns) + " |")
        print("|---" * (len(other.columns) + 1) + "|", flush=True)
        for number, row in enumerate(ROWS):
            if options.only not in row:
                continue
            quiet = other.feels()
            stop = multiprocessing.Event()
            process = multiprocessing.Process(target=hog, args=(endpoint, number, stop))
            process.start()
            try:
                time.sleep(SETTLE_SECONDS)
                beside = other.feels()
            finally:
                stop.set()
                process.join()
            print(f"| {row} | " + " | ".join(cell(beside[label], quiet[label]) for label in beside) + " |", flush=True)
            time.sleep(SETTLE_SECONDS)


if __name__ == "__main__":
    main()
