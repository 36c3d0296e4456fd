"""What a state machine's calls name, and what a lane does not do, with what to use instead.

What may be granted is decided elsewhere (``shared.isolation.roles``), and asked before a workflow that was brought in
stays. These tables say which argument of a call names a resource, and make refusals useful.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from shared.config.services import SERVICES

Kind = Literal["functions", "tables", "queues", "topics", "settings"]

_RESOURCE = re.compile(
    r"arn:[^:]+:states:[^:]*:[^:]*:(?P<sdk>aws-sdk:)?(?P<api>[A-Za-z0-9-]+:[A-Za-z0-9]+)"
    r"(?P<pattern>\.sync(?::2)?|\.waitForTaskToken)?"
)


class Call(NamedTuple):
    """An integration: its service and action (``sqs:sendMessage``), and how it is waited for (``.sync``)."""

    api: str
    pattern: str


NAMED: dict[str, tuple[Kind, str]] = {
    "lambda:invoke": ("functions", "FunctionName"),
    **{
        f"dynamodb:{action}": ("tables", "TableName")
        for action in ("getItem", "putItem", "updateItem", "deleteItem", "query", "scan")
    },
    **{
        f"sqs:{action}": ("queues", "QueueUrl")
        for action in ("sendMessage", "sendMessageBatch", "receiveMessage", "deleteMessage")
    },
    "sns:publish": ("topics", "TopicArn"),
    "sns:publishBatch": ("topics", "TopicArn"),
    "ssm:getParameter": ("settings", "Name"),
}
"""The kind of resource that a call names, and the argument that names it."""

OBJECTS = {
    "s3:getObject": "read",
    "s3:headObject": "read",
    "s3:listObjectsV2": "read",
    "s3:putObject": "write",
    "s3:deleteObject": "write",
}
"""Calls about a bucket, and the access that they take."""

NESTED = ("states:startExecution", "sfn:startExecution", "sfn:startSyncExecution")

_TASKS = "a lane runs Lambda functions: 15 minutes, 10 GB of memory, 10 GB of /tmp; package: image for a big one"
_EVENTS = "publish to a topic of the card's own (topics:), or send to a queue"
_IN_FUNCTION = "call it in a function"
_INSTEAD = {
    "ecs": _TASKS,
    "batch": _TASKS,
    "eks": _TASKS,
    "codebuild": _TASKS,
    "sagemaker": f"{_TASKS}; or train elsewhere and bring the model as data",
    "glue": "a function with pandas or pyarrow in requirements.txt, one for each part of a Map",
    "databrew": "a function with pandas in requirements.txt",
    "athena": "a function with duckdb or pandas in requirements.txt over the objects of the bucket",
    "emr": _TASKS,
    "elasticmapreduce": _TASKS,
    "emr-serverless": _TASKS,
    "emr-containers": _TASKS,
    "efs": "a function's own disk (ephemeralStorage), and the bucket between functions",
    "events": _EVENTS,
    "eventbridge": _EVENTS,
    "scheduler": "a Wait state, or a run at a time of your own",
    "apigateway": "a function that asks the address",
    "http": "a function that asks the address, with its key as a secret (secrets:)",
    "mediaconvert": _TASKS,
    "elasticache": "a table (tables:), or the bucket",
    "secretsmanager": "read it in a function, whose card says uses: {secrets: [KEY]}: a history would keep it",
    "dynamodb": "dynamodb:putItem, updateItem, deleteItem, getItem, query or scan, in a Map for many items",
    "s3": f"{', '.join(OBJECTS)}, or call it in a function",
    "lambda": "lambda:invoke with a function of the card",
}
_PREFIXES = {"bedrockruntime": "bedrock", "geoplaces": "geo-places", "georoutes": "geo-routes"}
_REVIEWED = {action.lower(): action for action in SERVICES}

ORDERED = frozenset({"MessageGroupId", "MessageDeduplicationId"})
"""What a message is given for a FIFO queue or topic."""
NO_FIFO = (
    "if messages may arrive twice and in any order, take .fifo, MessageGroupId and MessageDeduplicationId out; "
    "else keep their order in a table"
)
NO_TOKENS = "let the function return its answer; to wait for something, ask for it in a loop with a Wait state"
ACTIVITY = "a function, or a queue (queues:) that the worker reads"


def read_resource(resource: str) -> Call | None:
    """Return the integration that *resource* names, None when it is none."""
    match = _RESOURCE.fullmatch(resource)
    return Call(match["api"], match["pattern"] or "") if match else None


def reviewed(api: str) -> str | None:
    """Return the action of the reviewed list that *api* calls (``rekognition:DetectLabels``), None when it is none."""
    service, _, action = api.partition(":")
    return _REVIEWED.get(f"{_PREFIXES.get(service, service)}:{action}".lower())


def instead(api: str) -> str:
    """Return what to use instead of *api*, which a lane does not call."""
    return _INSTEAD.get(api.partition(":")[0], _IN_FUNCTION)
