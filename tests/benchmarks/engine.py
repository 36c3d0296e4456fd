"""Step Functions engines side by side, in one run: ours, moto's own interpreter, and MiniStack.

Each engine runs in a process of its own and is measured over plain boto3. MiniStack is installed into a throw-away
environment; without a package index it is left out, and the table says so.

    .venv/bin/python tests/benchmarks/engine.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.ratios import tell  # noqa: E402  after the path

MINISTACK = "ministack==1.5.33"
ACCOUNT = "123456789012"
HANDLER = "def handler(event, context):\n    return event\n"
LIMIT = 90  # seconds for one measurement before it is given up
PATIENCE = 5  # what takes longer is measured once


def client(endpoint: str, service: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="lanes",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60, inject_host_prefix=False),
    )


def counting(turns: int) -> dict[str, Any]:
    """Return a machine that goes through Choice and Pass *turns* times: 2 x *turns* + 1 transitions and the last."""
    enough = {"Variable": "$.n", "NumericGreaterThanEquals": turns, "Next": "D"}
    return {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [enough], "Default": "P"},
            "P": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "C"},
            "D": {"Type": "Succeed"},
        },
    }


class Bench:
    """Measures one endpoint.

    Args:
        endpoint: Its URL.
    """

    def __init__(self, endpoint: str) -> None:
        self.states = client(endpoint, "stepfunctions")
        self.role = role = self._role(client(endpoint, "iam"))
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("app.py", HANDLER)
        functions = client(endpoint, "lambda")
        made = functions.create_function(
            FunctionName="noop",
            Runtime="python3.11",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": body.getvalue()},
        )
        self.function = made["FunctionArn"]
        self.count = 0

    @staticmethod
    def _role(iam: Any) -> str:
        """Return a role that functions and machines run as, and that may call both."""
        services = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}
        trust = {"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}
        calls = {
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction", "states:StartExecution", "logs:*"],
            "Resource": "*",
        }
        trusted, allowed = (json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (trust, calls))
        role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
        iam.put_role_policy(RoleName="bench", PolicyName="calls", PolicyDocument=allowed)
        return str(role)

    def machine(self, definition: dict[str, Any]) -> str:
        self.count += 1
        made = self.states.create_state_machine(
            name=f"m{self.count}", definition=json.dumps(definition), roleArn=self.role
        )
        return str(made["stateMachineArn"])

    def start(self, machine: str, value: Any) -> str:
        self.count += 1
        started = self.states.start_execution(stateMachineArn=machine, name=f"x{self.count}", input=json.dumps(value))
        return str(started["executionArn"])

    def run(self, machine: str, value: Any) -> float:
        """Return the seconds from StartExecution to the end, as a client sees it."""
        begin = time.perf_counter()
        arn = self.start(machine, value)
        while (answer := self.states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            if time.perf_counter() - begin > LIMIT:
                raise TimeoutError(f"not ended after {LIMIT} s")
            time.sleep(0.02 if time.perf_counter() - begin > 0.05 else 0.001)  # polling costs the server, too
        if answer["status"] != "SUCCEEDED":
            raise RuntimeError(f"{answer['status']}: {answer.get('cause')}")
        return time.perf_counter() - begin

    def map_of_lambdas(self, items: int, concurrency: int) -> float:
        task = {"Type": "Task", "Resource": self.function, "End": True}
        state = {
            "Type": "Map",
            "MaxConcurrency": concurrency,
            "ItemProcessor": {"StartAt": "T", "States": {"T": task}},
            "End": True,
        }
        machine = self.machine({"StartAt": "M", "States": {"M": state}})
        self.run(machine, list(range(2 * concurrency)))  # warms the workers
        first = self.run(machine, list(range(items)))
        return first if first > PATIENCE else min(first, self.run(machine, list(range(items))))

    def loop(self, turns: int) -> float:
        """Return the seconds for 2 x *turns* + 1 transitions through Choice and Pass."""
        machine = self.machine(counting(turns))
        return min(self.run(machine, {"n": 0}) for _ in range(3))

    def shortest(self) -> float:
        """Return the seconds from StartExecution to the end of one state, as a client sees it; the median."""
        machine = self.machine({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}})
        return sorted(self.run(machine, {}) for _ in range(21))[10]

    def distributed(self, items: int) -> float:
        processor = {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P",
            "States": {"P": {"Type": "Pass", "End": True}},
        }
        state = {"Type": "Map", "ItemProcessor": processor, "End": True}
        return self.run(self.machine({"StartAt": "M", "States": {"M": state}}), list(range(items)))


@contextlib.contextmanager
def served(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """Run *command* until the block ends; yield its process id once it answers on *port*."""
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not come up")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def serve(engine: str, port: int) -> None:
    """Serve on *port* the embedded cloud, or moto's interpreter with our Lambda runtime: its own needs Docker."""
    from shared.config.lane import Place
    from shared.local import lambda_runtime
    from shared.local.cloud import EmbeddedCloud
    from shared.local.server import MotoServer

    with contextlib.ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
        if engine == "moto":
            from moto.core.config import default_user_config

            default_user_config["stepfunctions"] = {"execute_state_machine": True}
            server = parts.enter_context(MotoServer(port))
            runtime = parts.enter_context(lambda_runtime.LambdaRuntime(folder, lambda: server.endpoint))
            parts.enter_context(lambda_runtime.install(runtime))
            server.start()
        else:
            place = Place(ACCOUNT, "us-east-1", "bench")
            parts.enter_context(EmbeddedCloud(place, folder, port=port, any_key=True))  # one key for all engines
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while True:
            time.sleep(3600)


def peak_megabytes(pid: int) -> float:
    """Return the most memory that process *pid* held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def measured(name: str, endpoint: str, pid: int, *, quick: bool) -> dict[str, Any]:
    bench = Bench(endpoint)
    items = 200 if quick else 1000
    figures: dict[str, Any] = {}
    attempts: dict[str, Any] = {
        "loop of 1,001 transitions": lambda: bench.loop(500),
        "loop of 10,001 transitions": lambda: bench.loop(5000),
        "one state, start to end": bench.shortest,
        f"Map of {items:,} warm Lambdas, concurrency 40": lambda: bench.map_of_lambdas(items, 40),
        "distributed Map of 10,000 items": lambda: bench.distributed(10_000),
        f"Map of {items:,} warm Lambdas, concurrency 1": lambda: bench.map_of_lambdas(items, 1),
    }
    for label, attempt in attempts.items():
        try:
            figures[label] = attempt()
        except Exception as error:  # noqa: BLE001  a rival that fails is a result, too
            figures[label] = f"{type(error).__name__}: {error}"[:60]
        print(f"{name}: {label}: {shown(figures[label])}", file=sys.stderr)
    figures["peak memory, MB"] = round(peak_megabytes(pid))
    return figures


def import_milliseconds() -> float:
    """Return what importing the engine costs, at best of ten."""
    code = "import time; t = time.perf_counter(); import shared.local.asl.engine, shared.local.asl.machine; "
    code += "print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        for _ in range(10)
    ]
    return min(times) * 1000


def in_process(definition: dict[str, Any], value: Any, times: int) -> list[float]:
    """Return the seconds that *definition* takes without HTTP, on a real pool, *times* over."""
    from shared.local.asl.engine import Engine
    from shared.local.asl.execution import Execution
    from shared.local.asl.identity import Identity
    from shared.local.asl.machine import Machine
    from shared.local.asl.scheduler import ThreadScheduler

    engine = Engine(ThreadScheduler(), lambda _function, _payload: None)  # type: ignore[arg-type]  # not called
    identity = Identity("arn:aws:states:us-east-1:1:execution:m:x", "x", "m", "m", "r")
    machine, seconds = Machine(definition), []
    for _ in range(times):
        ended = threading.Event()
        begin = time.perf_counter()
        execution = Execution(engine, machine, identity, json.dumps(value))
        execution.watch(ended.set)
        execution.start(value)
        ended.wait()
        seconds.append(time.perf_counter() - begin)
    engine.close()
    return seconds


@contextlib.contextmanager
def contestant(name: str, folder: Path) -> Iterator[tuple[str, int]]:
    """Serve *name* and yield its endpoint and process."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    if name == "ministack":
        home = folder / "ministack"
        venv.create(home, with_pip=True)
        install = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", MINISTACK]
        subprocess.run(install, check=True, capture_output=True)
        command, environment = (
            [str(home / "bin" / "ministack")],
            {"GATEWAY_PORT": str(port), "MINISTACK_HOST": "localhost"},
        )
    else:
        command, environment = (
            [sys.executable, __file__, "--serve", name, "--port", str(port)],
            {
                "PYTHONPATH": str(ROOT),
                "MOTO_PORT": str(port),
            },
        )
    with served(command, port, environment) as pid:
        yield endpoint, pid


def shown(figure: Any) -> str:
    return f"{figure * 1000:,.1f} ms" if isinstance(figure, float) else str(figure)


def table(results: dict[str, dict[str, Any]]) -> str:
    """Return the results as a Markdown table; a rival's figure has its ratio to ours beside it."""
    lines = ["| | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    labels = {label: results.get("lanes", {}).get(label) for figures in results.values() for label in figures}
    for label, ours in labels.items():
        cells = []
        for figures in results.values():
            figure = figures.get(label, "-")
            ratio = ""
            if isinstance(figure, float) and isinstance(ours, float) and figure is not ours and ours:
                ratio = f" ({figure / ours:,.1f}x)"
            cells.append(shown(figure) + ratio)
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="200 items instead of 1,000")
    parser.add_argument("--json", action="store_true", help="print figures instead of the table")
    parser.add_argument("--only", action="append", choices=["lanes", "ministack", "moto"], help="measure only these")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.port)
        return
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only or ["lanes", "ministack", "moto"]:
            try:
                with contestant(name, Path(folder)) as (endpoint, pid):
                    results[name] = measured(name, endpoint, pid, quick=options.quick)
            except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
                results[name] = {}
                print(f"{name} is left out: {error}", file=sys.stderr)
    for label, ours in results.get("lanes", {}).items():
        theirs = results.get("moto", {}).get(label)
        if isinstance(ours, float) and isinstance(theirs, float):
            tell(f"{label} / moto's interpreter", ours / theirs)
    turns = 4000
    one = {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    own = {
        "transitions a second": round((2 * turns + 1) / min(in_process(counting(turns), {"n": 0}, 5))),
        "one state, start to end, ms": round(sorted(in_process(one, {}, 101))[50] * 1000, 3),
        "import, ms": round(import_milliseconds(), 1),
    }
    print(json.dumps({"engines": results, "lanes alone": own}, indent=2) if options.json else table(results))
    if not options.json:
        print("\n" + "\n".join(f"{label}: {figure:,}" for label, figure in own.items()))


if __name__ == "__main__":
    main()
