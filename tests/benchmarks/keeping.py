"""What ``lanes up --persist`` costs a call: processor time beside much else, without and with it.

Client and cloud are one process, and no socket is between them, so the figures are those of a whole call.

    .venv/bin/python tests/benchmarks/keeping.py [--calls 200]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.aws.client import Aws

PLACE = Place("123456789012", "us-east-1", "dev")
FUNCTIONS, ITEMS, KEYS, QUEUES = 100, 50_000, 10_000, 100
_CODE = "x = 1\ndef handler(event, context):\n    return event\n"


def fill(aws: Aws) -> None:
    """Make what the calls are beside."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws.iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    for number in range(FUNCTIONS):
        aws.client("lambda").create_function(
            FunctionName=f"f{number}",
            Runtime="python3.12",
            Role=role,
            Handler="m.handler",
            Code={"ZipFile": _zipped(_CODE)},
            Environment={"Variables": {"A": "1", "B": "2"}},
        )
    for number in range(QUEUES):
        aws.client("sqs").create_queue(QueueName=f"q{number}", tags={"a": "b"})
    aws.s3.create_bucket(Bucket="bucket")
    for number in range(KEYS):
        aws.s3.put_object(Bucket="bucket", Key=f"k{number}", Body=b"x")
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(0, ITEMS, 25):
        items = [{"PutRequest": {"Item": {"a": {"S": str(number + each)}}}} for each in range(25)]
        dynamodb.batch_write_item(RequestItems={"t": items})


def _zipped(text: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("m.py", text)
    return held.getvalue()


def calls(aws: Aws) -> dict[str, Callable[[int], object]]:
    """Return the calls that are measured, by their names."""
    sqs, functions, dynamodb = aws.client("sqs"), aws.client("lambda"), aws.client("dynamodb")
    url = sqs.get_queue_url(QueueName="q7")["QueueUrl"]
    return {
        "SendMessage": lambda _: sqs.send_message(QueueUrl=url, MessageBody="b"),
        "ReceiveMessage": lambda _: sqs.receive_message(QueueUrl=url),
        "PutItem": lambda number: dynamodb.put_item(TableName="t", Item={"a": {"S": f"n{number}"}}),
        "PutObject": lambda number: aws.s3.put_object(Bucket="bucket", Key=f"n{number}", Body=b"x"),
        "PutFunctionConcurrency": lambda number: functions.put_function_concurrency(
            FunctionName="f7", ReservedConcurrentExecutions=1 + number % 5
        ),
        "PutParameter": lambda number: aws.client("ssm").put_parameter(
            Name="p", Value=str(number), Type="String", Overwrite=True
        ),
    }


def measured(folder: Path, count: int, *, persist: bool) -> dict[str, float]:
    """Return the processor milliseconds of a call, half of them, by its name."""
    with contextlib.ExitStack() as parts:
        cloud = parts.enter_context(EmbeddedCloud(PLACE, folder, persist=persist))
        aws = go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application)
        fill(aws)
        return {name: _median(call, count) for name, call in calls(aws).items()}


def _median(call: Callable[[int], object], count: int) -> float:
    taken = []
    for number in range(count):
        before = time.process_time()
        call(number)
        taken.append((time.process_time() - before) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        without = measured(Path(folder) / "a", asked.calls, persist=False)
        kept = measured(Path(folder) / "b", asked.calls, persist=True)
    print(f"beside {FUNCTIONS} functions, {ITEMS:,} items, {KEYS:,} keys and {QUEUES} queues; processor ms a call")
    print(f"{'':24}{'without':>9}{'persist':>9}{'times':>7}")
    for name, before in without.items():
        print(f"{name:24}{before:9.2f}{kept[name]:9.2f}{kept[name] / before:7.2f}")


if __name__ == "__main__":
    main()
