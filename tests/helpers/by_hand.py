"""A team2 that somebody clicked together before there was a file: plain boto3, and no tag of ours anywhere."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.config.lane import Lane

OBJECTS: Mapping[str, bytes] = {
    **{f"datasets/{number}.pt": bytes([number]) * 5_000 for number in range(1, 6)},
    "results/combined_data.json": b'{"records": 5113}',
    "notes of 2024/read me.txt": b"made by hand",
}
DEFINITION = json.dumps({"Comment": "by hand", "StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})


def trust(service: str) -> str:
    """Return the trust policy that a console writes for *service*."""
    allow = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def make_bucket(client: Callable[[str], Any], lane: Lane, tags: Mapping[str, str] | None = None) -> None:
    """Make the team's bucket with :data:`OBJECTS` in it, no versions, no tags of ours, and a policy."""
    s3 = client("s3")
    s3.create_bucket(Bucket=lane.bucket)
    for key, body in OBJECTS.items():
        s3.put_object(Bucket=lane.bucket, Key=key, Body=body)
    if tags:
        told = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=lane.bucket, Tagging={"TagSet": told})


def make_role(client: Callable[[str], Any], name: str, service: str, path: str = "/") -> str:
    """Make a role that may do anything, and return its ARN."""
    iam = client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service), Path=path)
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=document)
    return str(made["Role"]["Arn"])


def make_function(client: Callable[[str], Any], lane: Lane, key: str, role: str) -> None:
    """Make the function of *key*, with a password in its environment, and events of years in its log group."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return 'by hand'\n")
    function = lane.functions[key]
    client("lambda").create_function(
        FunctionName=function.name,
        Role=role,
        Runtime="python3.11",
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"DB_PASSWORD": "hunter2"}},
        Tags={"made-by": "hand"},
    )
    client("logs").create_log_group(logGroupName=function.log_group)


def make_machine(client: Callable[[str], Any], lane: Lane, workflow: str, role: str) -> None:
    """Make the state machine of *workflow*."""
    client("stepfunctions").create_state_machine(
        name=lane.workflows[workflow].name, definition=DEFINITION, roleArn=role, type="STANDARD"
    )


def make_all(client: Callable[[str], Any], lane: Lane, workflow: str = "cosmic", function: str = "cosmic-init") -> None:
    """Make a bucket full of data, two roles, a function with its log group, and a state machine."""
    make_bucket(client, lane)
    make_function(client, lane, function, make_role(client, lane.functions[function].role, "lambda"))
    make_machine(client, lane, workflow, make_role(client, lane.workflows[workflow].role, "states"))


def checksums(client: Callable[[str], Any], bucket: str) -> dict[str, str]:
    """Return the SHA-256 of each object in *bucket*, by its key."""
    s3 = client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
    return {key: hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest() for key in keys}
