"""What executions cost once they have ended: memory as they add up, and the time to read them again.

The cloud runs in a process of its own and is asked over plain boto3.

    .venv/bin/python tests/benchmarks/runs.py [--executions 10000] [--items 100000]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
TURNS = 6240  # a history of 24,966 events


def engine_benchmark() -> ModuleType:
    """Return the benchmark of the engine, whose servers and machines this one uses."""
    spec = importlib.util.spec_from_file_location("engine_benchmark", Path(__file__).with_name("engine.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def megabytes(pid: int) -> int:
    """Return the memory that process *pid* holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def timed(label: str, ask: Any) -> Any:
    begin = time.perf_counter()
    answer = ask()
    print(f"{label}: {time.perf_counter() - begin:.2f} s", flush=True)
    return answer


def add_up(bench: Any, pid: int, executions: int) -> str:
    """Start so many executions of one state, a tenth at a time, and print the memory after each; return the machine."""
    machine = str(bench.machine(PASS))
    start = bench.states.start_execution
    with ThreadPoolExecutor(8) as pool:
        for done in range(executions // 10, executions + 1, executions // 10):
            for _ in pool.map(lambda _: start(stateMachineArn=machine, input="{}"), range(executions // 10)):
                pass
            time.sleep(1)  # what ended is written in the background
            print(f"{done:,} executions: {megabytes(pid)} MB", flush=True)
    return machine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executions", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=100_000, help="of a distributed Map")
    options = parser.parse_args()
    engine = engine_benchmark()
    with (
        tempfile.TemporaryDirectory() as folder,
        engine.contestant("lanes", Path(folder)) as (endpoint, pid),
    ):
        bench = engine.Bench(endpoint)
        states = bench.states
        machine = add_up(bench, pid, options.executions)
        page = timed("20 newest", lambda: states.list_executions(stateMachineArn=machine, maxResults=20))
        last = page["executions"][-1]["executionArn"]
        timed("one described", lambda: states.describe_execution(executionArn=last))
        pages = states.get_paginator("list_executions").paginate(
            stateMachineArn=machine, PaginationConfig={"PageSize": 1000}
        )
        timed("all listed", lambda: sum(len(each["executions"]) for each in pages))
        long = bench.start(bench.machine(engine.counting(TURNS)), {"n": 0})
        while states.describe_execution(executionArn=long)["status"] == "RUNNING":
            time.sleep(0.1)
        pages = states.get_paginator("get_execution_history").paginate(
            executionArn=long, PaginationConfig={"PageSize": 1000}
        )
        timed("a history of 24,966 events", lambda: sum(len(each["events"]) for each in pages))
        if options.items:
            print(f"a distributed Map of {options.items:,} items: {mapped(bench, options.items)}, {megabytes(pid)} MB")


def mapped(bench: Any, items: int) -> str:
    """Run a distributed Map that makes its items itself, and drops their results; return its status."""
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **PASS}
    state = {
        "Type": "Map",
        "QueryLanguage": "JSONata",
        "Items": f"{{% [1..{items}] %}}",
        "ItemProcessor": processor,
        "Output": "done",
        "End": True,
    }
    arn = bench.start(bench.machine({"StartAt": "M", "States": {"M": state}}), {})
    while (told := bench.states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.5)
    return json.dumps({name: told[name] for name in ("status", "output", "cause") if name in told})


if __name__ == "__main__":
    main()
