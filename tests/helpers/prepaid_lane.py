"""A prepaid lane of one cent whose ranks sleep, fail, or are more than was asked for; and trials of it."""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from shared.config.ledger import ledger_service
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.ledger import open_ledger
from shared.handlers.ledger.prices import NANO
from shared.handlers.ledger.settle import settle_ended
from shared.measure.billing.bill import price_team

TEAM, WORKFLOW, USD = "tiny", "work", 0.01
_CARD = """\
description: Ranks that sleep or fail.
functions:
  step: {handler: steps.step, memorySize: 1024, timeout: 1, uses: {}}
parameters:
  world_size: {type: integer, default: 2, minimum: 1, maximum: 100000, description: How many items are reserved.}
  items: {type: integer, default: 2, minimum: 0, maximum: 1000, description: How many items there really are.}
  seconds: {type: number, default: 0, description: How long each sleeps.}
  fails: {type: boolean, default: false, description: Whether each fails.}
"""
_CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}
_TEMPLATE = {
    "QueryLanguage": "JSONata",
    "StartAt": "First",
    "States": {
        "First": {
            **_CALL,
            "Arguments": {"FunctionName": "${step}", "Payload": {"seconds": 0}},
            "Output": "{% $merge([{'items': 2, 'seconds': 0, 'fails': false}, $states.input]) %}",
            "Next": "Ranks",
        },
        "Ranks": {
            "Type": "Map",
            "Items": "{% [1..$states.input.items] %}",
            "ItemSelector": "{% $states.input %}",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Rank",
                "States": {
                    "Rank": {
                        **_CALL,
                        "Arguments": {"FunctionName": "${step}", "Payload": "{% $states.input %}"},
                        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
                        "End": True,
                    }
                },
            },
            "End": True,
        },
    },
}
_CODE = """\
import time


def step(event, context):
    time.sleep(event.get("seconds", 0))
    if event.get("fails"):
        raise ValueError("it fails")
    return {"done": True}
"""
RUNAWAYS = (
    {"seconds": 60},
    {"seconds": 60, "world_size": 3, "items": 3},
    {"fails": True},
    {"items": 400},
    {"world_size": 1000, "items": 1000},
    {"world_size": "many"},
    {"seconds": 0.2},
    {},
)
"""Inputs: sleepers to their timeout, what fails and is tried again, more items than are reserved, too many at all."""


def make_prepaid(root):
    """Leave the project at *root* one prepaid team with a workflow of its own."""
    for file in (root / "teams").glob("*.yaml"):
        if file.stem != "ruff":
            file.unlink()
    folder = root / "teams" / TEAM / WORKFLOW
    folder.mkdir(parents=True)
    (folder / "workflow.yaml").write_text(_CARD)
    (folder / "workflow.asl.json").write_text(json.dumps(_TEMPLATE))
    (folder / "steps.py").write_text(_CODE)
    text = f"team: {TEAM}\nowner: tiny@example.edu\nprepaid: {USD}\nworkflows: {{{WORKFLOW}: {{}}}}\n"
    (root / "teams" / f"{TEAM}.yaml").write_text(text)
    return root


def deploy_prepaid(project, aws):
    """Deploy the lane, and return it."""
    lane = project.lane(TEAM)
    prepare_lane(lane, project, aws).deploy()
    return lane


def accounts(project, aws):
    """Return the ledger."""
    return open_ledger(ledger_service(project), aws)


def start_again(project, aws):
    """Let the lane have its whole sum once more: only whoever owns the table can."""
    table, dynamodb = ledger_service(project).table.name, aws.client("dynamodb")
    for item in dynamodb.scan(TableName=table)["Items"]:
        dynamodb.delete_item(TableName=table, Key={key: item[key] for key in ("lane", "item")})
    accounts(project, aws).grant_file(TEAM, round(USD * NANO), "a test")


def trial(project, aws, lane, seed, starts=20):
    """Start *starts* runs at once, runaways among them, stop four; return the bill and the account when all ended.

    The bill, in nanodollars, is that of ``lanes cost``: REPORT lines and transitions, at list prices.
    """
    chance = random.Random(seed)
    start_again(project, aws)
    since = datetime.now(UTC) - timedelta(seconds=1)
    inputs = [chance.choice(RUNAWAYS) for _ in range(starts)]
    machine = lane.state_machine_arn(WORKFLOW)

    def begin(number):
        name = f"trial-{seed}-{number}-{since:%H%M%S%f}"
        body = json.dumps(inputs[number])
        return aws.states.start_execution(stateMachineArn=machine, name=name, input=body)["executionArn"]

    with ThreadPoolExecutor(starts) as pool:
        arns = list(pool.map(begin, range(starts)))
    for arn in chance.sample(arns, 4):
        aws.states.stop_execution(executionArn=arn)
    await_ends(aws, arns)
    ledger = accounts(project, aws)
    while ledger.reservations(TEAM):
        settle_ended(ledger, aws.states, TEAM)
    time.sleep(1.5)  # functions of stopped runs end by their timeout, and tell it then
    return told_bill(aws, lane, since), ledger.account(TEAM)


def await_ends(aws, arns, seconds=120):
    """Wait until none of *arns* runs."""
    deadline = time.monotonic() + seconds
    left = list(arns)
    while left:
        left = [each for each in left if aws.states.describe_execution(executionArn=each)["status"] == "RUNNING"]
        assert time.monotonic() < deadline, f"they still run: {left}"
        time.sleep(0.1)


def told_bill(aws, lane, since):
    """Return what runs since then cost by REPORT lines and transitions, in nanodollars."""
    bill = price_team(aws, lane, since)
    counted = {"lambda_requests", "lambda_gb_seconds", "storage_gb_seconds", "state_transitions"}
    return round(sum(item.usd for item in bill.total.items if item.name in counted) * NANO)
