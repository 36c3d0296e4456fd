"""The engine against executions recorded on AWS, replayed in process on a virtual clock.

The recordings lie beside a checkout, in ../shared/asl-conformance; their placeholders stand for any value.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from shared.local.asl.engine import Engine
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import Machine
from shared.local.asl.scheduler import VirtualScheduler
from shared.local.asl.validation import problems_of

CASES = Path(__file__).parents[3] / "shared" / "asl-conformance" / "cases.json"
NOW = 1_795_219_200.0  # after the latest timestamp that a recorded execution waits for
ACCOUNT = "111111111111"
# What differs from run to run, or is shown only by some answers.
PASSED_OVER = {
    "redriveCount", "redriveStatus", "redriveStatusReason", "stackTrace", "StackTrace", "inputDetails", "outputDetails",
    "truncated", "RequestId", "SdkHttpMetadata", "SdkResponseMetadata", "timestamp", "requestId", "roleArn",
    "ResponseMetadata",
}  # fmt: skip
ANYTHING = re.compile(r"<[^<>]+>|timestamp|datetime|date|uuid|sfn_role_arn|snf_role_arn")
WORDS = [
    "sfn_role_arn", "snf_role_arn", "RandomNumberGenerated", "table-name", "result-bucket", "bucket-name", "datetime",
    "timestamp", "request_id", "map_run_arn",
]  # fmt: skip

pytestmark = pytest.mark.skipif(
    not CASES.is_file(), reason=f"the recordings are not beside this checkout ({CASES.name})"
)


def parsed(value: Any) -> Any:
    """Return *value* with every JSON text in it parsed, for blanks in it mean nothing."""
    if isinstance(value, str) and value[:1] in set('{["'):
        try:
            return parsed(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: parsed(item) for key, item in value.items() if key not in PASSED_OVER}
    if isinstance(value, list):
        return [parsed(item) for item in value]
    return value


def same(expected: Any, actual: Any) -> bool:
    """Tell whether *actual* is what was recorded, letting placeholders stand for anything."""
    if isinstance(expected, str):
        return same_text(expected, actual)
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and expected.keys() == actual.keys()
            and all(same(item, actual[key]) for key, item in expected.items())
        )
    if isinstance(expected, list):
        return isinstance(actual, list) and len(expected) == len(actual) and all(map(same, expected, actual))
    return bool(expected == actual)


def same_text(expected: str, actual: Any) -> bool:
    if ANYTHING.fullmatch(expected):
        return True
    text = actual if isinstance(actual, str) else json.dumps(actual, separators=(",", ":"))
    pattern = re.sub(r"<[\w:\\-]+>", ".*?", re.escape(expected))
    for word in WORDS:
        pattern = pattern.replace(re.escape(word), ".*?")
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def replay(case: dict[str, Any]) -> Execution:
    definition = case["definition"].replace("000000000000", ACCOUNT)
    assert problems_of(definition) == []
    scheduler = VirtualScheduler(NOW)
    engine = Engine(scheduler, lambda function, *_: pytest.fail(f"{function} was called"), random=Random(0))
    name = "machine-1"
    prefix = f"arn:aws:states:us-east-1:{ACCOUNT}"
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    identity = Identity(f"{prefix}:execution:{name}:run", "run", f"{prefix}:stateMachine:{name}", name, role)
    text = case["input"] or "{}"
    execution = Execution(engine, Machine(json.loads(definition)), identity, text)
    execution.start(json.loads(text))
    scheduler.run()
    return execution


def level(case: dict[str, Any]) -> tuple[str, str]:
    """Return how well the replay agrees, and what differs first: full, details, types, cause or result."""
    expected, execution = case["expected"], replay(case)
    if execution.status != expected["status"] or execution.error != expected.get("error"):
        return "result", f"{execution.status} {execution.error}: {execution.cause}"
    if not same(parsed(expected.get("output")), parsed(execution.output_text())):
        return "result", f"output {execution.output_text()}, recorded {expected.get('output')}"
    if not same(parsed(expected.get("cause")), parsed(execution.cause)):
        return "cause", f"{execution.cause}, recorded {expected.get('cause')}"
    return history_level(expected["history"], execution) if "history" in expected else ("full", "")


def history_level(recorded: list[dict[str, Any]], execution: Execution) -> tuple[str, str]:
    history = json.loads(json.dumps(execution.history.page(0, 10**6, reverse=False, data=True), default=str))
    if [event["type"] for event in recorded] != [event["type"] for event in history]:
        return "types", f"{[event['type'] for event in history]}, recorded {[event['type'] for event in recorded]}"
    for wanted, event in zip(recorded, history, strict=True):
        if not same(parsed(wanted), parsed(event)):
            return "details", f"{parsed(event)}, recorded {parsed(wanted)}"
    return "full", ""


def test_the_recorded_executions_end_the_same_way() -> None:
    cases = json.loads(CASES.read_text())
    found = {case["id"]: level(case) for case in cases}
    count = Counter(kind for kind, _ in found.values())
    report = "\n".join(f"{kind}: {name}: {difference}" for name, (kind, difference) in found.items() if kind != "full")
    with_history = [case["id"] for case in cases if "history" in case["expected"]]
    equal = sum(found[name][0] == "full" for name in with_history)

    assert count["result"] == 0, report
    assert count["cause"] <= 0.02 * len(cases), report
    assert equal >= 0.97 * len(with_history), report
