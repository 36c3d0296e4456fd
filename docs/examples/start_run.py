"""Start a run of a team's workflow with plain boto3, wait for it, and read its history.

Against the embedded cloud::

    $ lanes up
    $ lanes deploy wssr && eval "$(lanes env)"
    $ python docs/examples/start_run.py
    started example-1795980710 of wssr-random-mean-91a18b84
      0.00 s  Generate batch number
      2.52 s  Draws
      6.58 s  Collect and average
      7.64 s  Success
    SUCCEEDED after 7.64 s: the mean of 5 draws is 491.6

Against AWS it is the same program, with the credentials of your shell.
"""

import json
import time

import boto3

PREFIX = "wssr-random-mean-"  # the team, the state machine and, after it, the team's suffix
DRAWS = 5
PAYLOAD = {"repetitions": DRAWS, "storage": "csv", "delay_seconds": 0, "concurrency": DRAWS}


def main() -> None:
    """Run the workflow random-mean: it draws numbers and returns their mean."""
    states = boto3.client("stepfunctions")
    pages = states.get_paginator("list_state_machines").paginate()
    machine = next(found for found in pages.search("stateMachines[]") if found["name"].startswith(PREFIX))
    name, payload = f"example-{int(time.time())}", json.dumps(PAYLOAD)
    run = states.start_execution(stateMachineArn=machine["stateMachineArn"], name=name, input=payload)["executionArn"]
    print(f"started {name} of {machine['name']}")

    while (done := states.describe_execution(executionArn=run))["status"] == "RUNNING":
        time.sleep(0.2)
    history = states.get_paginator("get_execution_history").paginate(executionArn=run)
    for event in history.search("events[?stateEnteredEventDetails]"):
        seconds = (event["timestamp"] - done["startDate"]).total_seconds()
        print(f"{seconds:6.2f} s  {event['stateEnteredEventDetails']['name']}")
    outcome = f"the mean of {DRAWS} draws is {done['output']}" if "output" in done else done.get("cause", "")
    print(f"{done['status']} after {(done['stopDate'] - done['startDate']).total_seconds():.2f} s: {outcome}")


if __name__ == "__main__":
    main()
