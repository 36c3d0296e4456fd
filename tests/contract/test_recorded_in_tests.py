"""Executions recorded on AWS, run as a test of a workflow runs them: with mocks that answer what AWS's services did.

The recordings lie beside a checkout, in ../shared/asl-conformance. What is compared is status, error, output, cause and
the states that were entered, in their order.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.errors import LanesError
from shared.run.attempts import attempts_in, by_item
from shared.testing import raises, returns, silent
from shared.testing.mocks import NoAnswerError
from tests.contract.test_asl_conformance import parsed, same

FOLDER = Path(__file__).parents[3] / "shared" / "asl-conformance"
ACCOUNT = "123456789012"
_TEXTS = ("input", "output", "parameters")

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the recordings are not beside this checkout ({FOLDER})")


@dataclass(frozen=True)
class Recorded:
    """What the task of one state answered, by map item and attempt."""

    by_items: dict[Any, Any]

    def answer(self, asked):
        attempts = self.by_items.get(asked.items, ())
        if asked.item_number > len(attempts):
            raise NoAnswerError(f"call {asked.item_number} of {asked.items} was not recorded")
        attempt = attempts[asked.item_number - 1]
        if attempt.status == "SUCCEEDED":
            return returns(attempt.result)
        return silent() if attempt.status in {"TIMED_OUT", "RUNNING"} else raises(attempt.error, attempt.cause or None)

    def left(self, calls):
        made = sum(map(len, self.by_items.values()))
        return [f"{made} calls were recorded, {len(calls)} were made"] if made != len(calls) else []


def mocks_of(history):
    states = {}
    for (state, items), attempts in by_item(attempts_in(history)).items():
        states.setdefault(state, {})[items] = attempts
    return {state: Recorded(by_items) for state, by_items in states.items()}


def as_told(event):
    """Return a recorded *event* with its values as JSON texts, as GetExecutionHistory tells them."""

    def told(details):
        return {key: text(item) if key in _TEXTS or key == "cause" else item for key, item in details.items()}

    return {key: told(item) if key.endswith("EventDetails") else item for key, item in event.items()}


def text(value):
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def filled(given, word):
    """Return a case's definition, input or call, JSON, with *word* for each placeholder."""
    given = given.replace("000000000000", ACCOUNT)
    given = given.replace("{{s0.activityArn}}", f"arn:aws:states:us-east-1:{ACCOUNT}:activity:a")
    return json.loads(re.sub(r"\{\{[^}]*\}\}", word, given))


def fits(case):
    """Tell whether the history of *case* holds all its calls: that of a distributed Map has none of its items'."""
    return case["expected"].get("history") and not re.search(r"DISTRIBUTED.*Task", case["definition"])


def entered(history):
    return [event["stateEnteredEventDetails"]["name"] for event in history if event["type"].endswith("StateEntered")]


def wild(words, value):
    """Return recorded *value* with the case's wild *words* as placeholders, which stand for anything."""
    told = json.dumps(value, ensure_ascii=False)
    for word in sorted(words, key=len, reverse=True):
        told = told.replace(json.dumps(word)[1:-1], "<wild>")
    return of_one_account(json.loads(told))


def of_one_account(value):
    return parsed(json.loads(json.dumps(value).replace("111111111111", ACCOUNT)))


def difference(case, run):
    """Return what *run* did otherwise than the recorded execution; empty when nothing."""
    expected, words = case["expected"], case.get("wild", [])
    pairs = {
        "status": (expected["status"], run.status),
        "error": (expected.get("error"), run.error),
        "output": (wild(words, expected.get("output")), of_one_account(run.output)),
        "cause": (wild(words, expected.get("cause")), of_one_account(run.cause)),
    }
    for name, (wanted, found) in pairs.items():
        if not same(wanted, found):
            return f"{name}: {found!r}, recorded {wanted!r}"
    if "history" in expected and sorted(entered(expected["history"])) != sorted(entered(run.history)):
        return f"path: {entered(run.history)}, recorded {entered(expected['history'])}"
    return ""


def replayed(workflow, cases, mocked):
    """Return for each case what the run did otherwise."""
    found = {}
    for number, case in enumerate(cases):
        word = f"case-{number}"
        mocks = mocks_of(map(as_told, case["expected"]["history"])) if mocked else {}
        subject = workflow.definition(filled(case["definition"], word))
        put(subject, [filled(json.dumps(call), word) for call in case.get("setup", ())])
        try:
            run = subject.run(filled(case["input"] or "{}", word), mocks=mocks)
        except LanesError as error:
            found[case["id"]] = str(error)
        else:
            found[case["id"]] = difference(case, run)
    return found


def put(subject, calls):
    """Put what a Map of the case reads into the test's cloud."""
    for call in calls:
        if call["service"] == "s3":
            params = call["params"]
            if isinstance(params.get("Body"), dict):
                params["Body"] = base64.b64decode(params["Body"]["$bytes"])
            getattr(subject.cloud.client("s3"), call["method"])(**params)


def told(found):
    return "\n".join(f"{name}: {what}" for name, what in found.items() if what)


def test_executions_without_resources_end_as_recorded(workflow):
    found = replayed(workflow, json.loads((FOLDER / "cases.json").read_text()), mocked=False)
    right = sum(not what for what in found.values())
    assert right == len(found), f"{right}/{len(found)}\n{told(found)}"


def test_executions_with_tasks_end_as_recorded_when_mocks_answer_as_aws_did(workflow):
    cases = [case for case in json.loads((FOLDER / "tasks.json").read_text()) if fits(case)]
    found = replayed(workflow, cases, mocked=True)
    right = sum(not what for what in found.values())
    assert right == len(found), f"{right}/{len(found)}\n{told(found)}"
