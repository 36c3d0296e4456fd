"""Two hundred tests of workflows, 25 of each of eight kinds, as the text of a workflow's folder.

The suite shows that they pass; tests/benchmarks/workflow_tests.py tells how long they take.
"""

KINDS = ("retries", "choices", "maps", "distributed", "waits", "callbacks", "handlers", "recorded")
CARD = """
description: Takes a number, waits, and adds up what items give.
functions:
  double: {handler: steps.double}
  add: {handler: steps.add}
parameters:
  number: {type: integer, default: 1, description: The number.}
"""
TEMPLATE = """{"StartAt": "Double", "States": {
  "Double": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload", "Next": "Large",
    "Parameters": {"FunctionName": "${double}", "Payload.$": "$"}, "TimeoutSeconds": 30,
    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3600, "MaxAttempts": 3, "JitterStrategy": "FULL"}]},
  "Large": {"Type": "Choice", "Choices": [{"Variable": "$.number", "NumericGreaterThan": 40, "Next": "Ask"}],
    "Default": "Pause"},
  "Ask": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "HeartbeatSeconds": 600,
    "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/team9-q",
      "MessageBody": {"token.$": "$$.Task.Token"}}, "ResultPath": null, "Next": "Pause"},
  "Pause": {"Type": "Wait", "SecondsPath": "$.number", "Next": "Pieces"},
  "Pieces": {"Type": "Map", "ItemsPath": "$.items", "Next": "Rows", "ResultPath": "$.items", "ItemProcessor": {
    "StartAt": "Piece", "States": {"Piece": {"Type": "Task", "Resource": "${add}", "End": true}}}},
  "Rows": {"Type": "Map", "ItemsPath": "$.items", "Next": "Sum", "ItemProcessor": {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
    "StartAt": "Row", "States": {"Row": {"Type": "Task", "Resource": "${add}", "End": true}}}},
  "Sum": {"Type": "Task", "Resource": "${add}", "End": true}}}"""
STEPS = """
def double(event, context):
    return {"number": event["number"] * 2, "items": [[event["number"], 1], [2, 3]]}

def add(event, context):
    return sum(event) if isinstance(event, list) else event
"""
TESTS = """
import dataclasses
import pytest
from shared.run.attempts import attempts_in
from shared.testing import per_item, raises, returns, sequence

NUMBERS = pytest.mark.parametrize("number", range(25))
APPROVED = returns({}, after=7200, heartbeat=500)

@dataclasses.dataclass(frozen=True)
class Recorded:
    attempts: tuple

    def answer(self, asked):
        return returns(self.attempts[asked.number - 1].result)

    def left(self, calls):
        return ["too many"] if len(calls) < len(self.attempts) else []

@NUMBERS
def test_retries(workflow, number):
    busy = sequence(raises("Busy"), raises("Busy"), returns({"Payload": {"number": number, "items": []}}))
    run = workflow.run(mocks={"Double": busy}, seed=number)
    assert run.attempts("Double") == 3
    assert 0 <= sum(run.waits) <= 3 * 3600
    assert run.seconds == pytest.approx(sum(run.waits) + number, abs=1e-5)

@NUMBERS
def test_choices(workflow, number):
    run = workflow.run({"number": number}, mocks={"Ask": APPROVED})
    assert ("Ask" in run.path) == (number * 2 > 40)

@NUMBERS
def test_maps(workflow, number):
    mocks = {"Piece": per_item({0: returns(number), 1: returns(5)})}
    assert workflow.run({"number": 1}, mocks=mocks).output == number + 5

@NUMBERS
def test_distributed(workflow, number):
    run = workflow.run({"number": 3}, mocks={"Row": per_item(lambda index: returns(index * number))})
    assert (run.output, run.paths("Rows")) == (number, [["Row"], ["Row"]])

@NUMBERS
def test_waits(workflow, number):
    late = workflow.run({"number": 3}, mocks={"Double": returns({}, after=31 + number)})
    assert (late.error, late.seconds) == ("States.Timeout", 30)

@NUMBERS
def test_callbacks(workflow, number):
    run = workflow.run({"number": 100 + number}, mocks={"Ask": APPROVED})
    assert run.seconds == 7200 + 2 * (100 + number)

@NUMBERS
def test_handlers(workflow, number):
    run = workflow.run({"number": number // 2})
    assert run.output == number // 2 + 1 + 5
    assert run.path == ["Double", "Large", "Pause", "Pieces", "Rows", "Sum"]

@NUMBERS
def test_recorded(workflow, number):
    first = workflow.run({"number": number // 2})
    recorded = {state: tuple(each for each in attempts_in(first.history) if each.state == state)
                for state in ("Double", "Piece", "Sum")}
    again = workflow.run(mocks={state: Recorded(attempts) for state, attempts in recorded.items()})
    assert again.output == first.output
"""


def write(project, workflow="many"):
    """Write the workflow and its tests into *project*, which has a team ``team9``."""
    folder = f"teams/team9/{workflow}"
    project.write(f"{folder}/workflow.yaml", CARD)
    project.write(f"{folder}/workflow.asl.json", TEMPLATE)
    project.write(f"{folder}/steps.py", STEPS)
    project.write(f"{folder}/tests/test_many.py", TESTS)
