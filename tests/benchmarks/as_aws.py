"""A cloud that gives no more than an account: its times beside what AWS's rates allow, and what it costs who has none.

    .venv/bin/python tests/benchmarks/as_aws.py [--children 2000] [--people 10] [--rounds 5] [--against CHECKOUT]

1. A distributed Map of children that do nothing, standard and express, in a real paced cloud. Printed are the seconds
   that Step Functions tells, and those that the rate of dispatch allows: (children - bucket) / rate.
2. So many people follow one run, of half a minute, as ``lanes run`` and ``lanes logs --follow`` do, each with clients
   of boto3 of its own. Printed are how many calls were throttled, and how long after the run's end the last one saw it.
3. With ``--against``, CPU seconds of an engine that is not paced, here and in another checkout, one after the other in
   each round: a loop of 10,001 states and a distributed Map of 10,000 children, each the fastest of five. Printed are
   medians, the ratio of each round's pair, and its spread. Wall time would be that of whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from shared.aws.client import Aws, connect_endpoint  # noqa: E402  after the path
from shared.aws.patience import wait_out_throttles  # noqa: E402
from shared.config.aws_facts import EXPRESS_STARTS, STANDARD_STARTS  # noqa: E402
from shared.config.lane import Function, Lane, Place, Rendezvous, Workflow  # noqa: E402
from shared.local.cloud import EmbeddedCloud  # noqa: E402
from shared.local.pacing.account import Account  # noqa: E402
from shared.measure.observed.run_log import RunLog, follow_log  # noqa: E402
from shared.run.find import Found  # noqa: E402
from shared.run.logs import read_logs  # noqa: E402
from shared.run.start import Run  # noqa: E402
from shared.run.watch import follow  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

PLACE = Place("123456789012", "us-east-1", "bench")
TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})  # fmt: skip
ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
GROUPS = ("init", "work", "sum", "check")
WAIT = 30

CPU = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from random import Random
from shared.local.asl.engine import Engine
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import Machine
from shared.local.asl.scheduler import VirtualScheduler

def seconds(definition, value):
    scheduler = VirtualScheduler()
    engine = Engine(scheduler, lambda *_: None, random=Random(7))
    arn = "arn:aws:states:us-east-1:123456789012:"
    identity = Identity(arn + "execution:m:x", "x", arn + "stateMachine:m", "m", "arn:aws:iam::123456789012:role/r")
    run = Execution(engine, Machine(definition), identity, json.dumps(value))
    begun = time.process_time()
    run.start(value)
    scheduler.run()
    taken = time.process_time() - begun
    assert run.status == "SUCCEEDED", run.cause
    engine.close()
    return taken

print(json.dumps([min(seconds(*each) for _ in range(5)) for each in json.load(sys.stdin)]))
"""


def children_of(count: int, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a distributed Map of *count* children that do nothing, and its input."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        "StartAt": "N",
        "States": {"N": {"Type": "Pass", "End": True}},
    }
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "ResultPath": None, "End": True}
    return {"StartAt": "M", "States": {"M": each}}, {"items": list(range(count))}


def loop_of(turns: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a machine that goes through two states *turns* times, and its input."""
    enough = {"Variable": "$.n", "NumericGreaterThanEquals": turns, "Next": "D"}
    states = {
        "C": {"Type": "Choice", "Choices": [enough], "Default": "P"},
        "P": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "C"},
        "D": {"Type": "Succeed"},
    }
    return {"StartAt": "C", "States": states}, {"n": 0}


def machine(aws: Aws, name: str, definition: dict[str, Any]) -> str:
    """Make a state machine; return its ARN."""
    role = f"arn:aws:iam::{PLACE.account}:role/r"
    made = aws.states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
    return str(made["stateMachineArn"])


def ended(aws: Aws, arn: str) -> tuple[datetime, datetime]:
    """Wait for the end of an execution; return when it began and when it ended."""
    while (told := aws.states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.5)
    if told["status"] != "SUCCEEDED":
        raise RuntimeError(f"{arn} is {told['status']}: {told.get('cause')}")
    return told["startDate"], told["stopDate"]


def dispatch(aws: Aws, account: Account, count: int, rounds: int) -> None:
    """Print what a Map of *count* children takes, beside what the rate of dispatch allows."""
    for kind, rate in (("STANDARD", STANDARD_STARTS.value), ("EXPRESS", EXPRESS_STARTS.value)):
        definition, value = children_of(count, kind)
        arn = machine(aws, kind.lower(), definition)
        taken = []
        before = account.pace()
        for _ in range(rounds):
            begun = aws.states.start_execution(stateMachineArn=arn, input=json.dumps(value))
            start, stop = ended(aws, begun["executionArn"])
            taken.append((stop - start).total_seconds())
        computed = (count - account.children_at_a_time(express=kind == "EXPRESS")) / rate
        median, late = statistics.median(taken), account.pace().since(before).late
        spread = f"{min(taken):.2f} to {max(taken):.2f}"
        print(
            f"{count:,} {kind.lower()} children: {median:.2f} s ({spread}), computed {computed:.2f} s, "
            f"ratio {median / computed:.2f}; this machine was {late:.1f} s late in {rounds} runs"
        )


def lane_of(arn: str) -> Lane:
    """Return a lane whose only workflow is the machine of *arn*, with functions that log nothing."""
    functions = {name: Function(name, name, "h", "role", f"/aws/lambda/{name}", 128, 3, None, {}) for name in GROUPS}
    workflow = Workflow("w", arn.rpartition(":")[2], Path(), "role", "/logs", {name: name for name in GROUPS}, (), {})
    whose: dict[str, Any] = {"team": "team", "owner": "o@x", "hash": "0", "place": PLACE, "tags": {}}
    names: dict[str, Any] = {
        "bucket": "bucket",
        "boundary": "boundary",
        "deployer": "deployer",
        "deployer_boundary": "limit",
    }
    has: dict[str, Any] = {
        "functions": functions,
        "workflows": {"w": workflow},
        "rendezvous": Rendezvous("host", 1, 1, 1, 1, 1, ""),
    }
    return Lane(**whose, **names, **has, log_retention_days=7, scratch_days=7)


def followers(cloud: EmbeddedCloud, account: Account, people: int) -> None:
    """Print what *people* meet who follow one run."""
    owner = connect_endpoint(PLACE, cloud.endpoint, cloud.key)
    for name in GROUPS:
        owner.logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
    arn = machine(owner, "waits", {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": WAIT, "End": True}}})
    for what, work in (("lanes run", _watch), ("lanes logs --follow", _read)):
        before = account.pace()
        begun = owner.states.start_execution(stateMachineArn=arn)
        run = Run("x", begun["executionArn"], lane_of(arn), "w")
        found = Found(run, "RUNNING", begun["startDate"], None, "{}", None)
        with ThreadPoolExecutor(people) as pool:
            seen = list(pool.map(lambda _, work=work, found=found: work(_person(cloud), found), range(people)))
        _, stop = ended(owner, run.arn)
        throttled = account.pace().since(before).throttled
        after = max(seen) - stop.timestamp()
        print(
            f"{people} follow one run of {WAIT} s ({what}): {sum(throttled.values()):,} calls throttled {throttled}; "
            f"all {len(seen)} saw its end, the last {after:.1f} s after it"
        )


def _person(cloud: EmbeddedCloud) -> Aws:
    aws = connect_endpoint(PLACE, cloud.endpoint, cloud.key)
    wait_out_throttles(aws.session)
    return aws


def _watch(aws: Aws, found: Found) -> float:
    for _ in follow(aws, found.run, read_logs(aws, found.run, found.started)):
        pass
    return time.time()


def _read(aws: Aws, found: Found) -> float:
    for _ in follow_log(aws, found, RunLog(aws, found)):
        pass
    return time.time()


def cost(other: Path, rounds: int) -> None:
    """Print the CPU seconds of an engine that is not paced, here and in the *other* checkout."""
    works = {"loop of 10,001 states": loop_of(5000), "distributed Map of 10,000": children_of(10_000, "STANDARD")}
    asked = json.dumps(list(works.values()))

    def measure(root: Path) -> list[float]:
        done = subprocess.run(
            [sys.executable, "-c", CPU, str(root)], input=asked, capture_output=True, text=True, check=True
        )
        found: list[float] = json.loads(done.stdout)
        return found

    order: list[Callable[[], list[float]]] = [lambda: measure(ROOT), lambda: measure(other)]
    pairs = []
    for at in range(rounds):
        first, second = order if at % 2 else order[::-1]
        one, two = first(), second()
        pairs.append((one, two) if at % 2 else (two, one))
    for at, name in enumerate(works):
        here, there = ([each[side][at] for each in pairs] for side in (0, 1))
        ratios = sorted(mine / theirs for mine, theirs in zip(here, there, strict=True))
        print(
            f"not paced, {name}: {statistics.median(here):.2f} CPU s (there {statistics.median(there):.2f}), "
            f"ratio {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
        )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--children", type=int, default=2000)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path)
    args = parser.parse_args()
    account = Account(PLACE.region)
    with tempfile.TemporaryDirectory() as folder, EmbeddedCloud(PLACE, Path(folder), account=account) as cloud:
        aws = connect_endpoint(PLACE, cloud.endpoint, cloud.key)
        aws.iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
        aws.iam.put_role_policy(RoleName="r", PolicyName="all", PolicyDocument=ALL)
        dispatch(aws, account, args.children, args.rounds)
        followers(cloud, account, args.people)
    if args.against:
        cost(args.against, args.rounds)


if __name__ == "__main__":
    main()
