"""Executions recorded on AWS, run as a test of a workflow runs them: with mocks that answer what AWS's services did.

The recordings lie beside a checkout, in ../shared/asl-conformance. What is compared is status, error, output, cause and
the states that were entered, in their order.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

from shared.errors import LanesError
from shared.run.attempts import attempts_in, by_item
from shared.testing import raises, returns, silent
from shared.testing.mocks import NoAnswerError
from tests.helpers.recorded_answers import differences, judge, needs_recordings, recorded

ACCOUNT = "123456789012"
_TEXTS = ("input", "output", "parameters")

pytestmark = needs_recordings


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


def difference(judge, case, run):
    """Return what *run* did otherwise than the recorded execution; empty when nothing."""
    expected, report = case["expected"], judge.Report(case, frozenset(judge.RUN_ONLY))
    report.hold("status", expected["status"], run.status)
    report.hold("error", expected.get("error"), run.error)
    report.hold("output", judge.read(expected.get("output")), run.output)
    report.hold("cause", expected.get("cause"), run.cause)
    if "history" in expected:
        report.hold("path", sorted(entered(expected["history"])), sorted(entered(run.history)))
    return differences(report)


def replayed(workflow, cases, mocked):
    """Return for each case what the run did otherwise."""
    found, module = {}, judge(ACCOUNT)
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
            found[case["id"]] = difference(module, case, run)
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
    found = replayed(workflow, recorded("cases"), mocked=False)
    right = sum(not what for what in found.values())
    assert right == len(found), f"{right}/{len(found)}\n{told(found)}"


def test_executions_with_tasks_end_as_recorded_when_mocks_answer_as_aws_did(workflow):
    cases = [case for case in recorded("tasks") if fits(case)]
    found = replayed(workflow, cases, mocked=True)
    right = sum(not what for what in found.values())
    assert right == len(found), f"{right}/{len(found)}\n{told(found)}"
