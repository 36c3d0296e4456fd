"""What a card's ``uses`` grants: the fewest actions, on exact names of the lane's own, on shared data, on services.

A table's index may be queried and scanned, and nothing else. Whoever may write items also learns whether a condition
about an item holds, and may have the item that it replaces returned. A secret's ARN ends in a hyphen and six characters
that Secrets Manager chooses, so six question marks stand for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.lane import INPUTS
from shared.config.services import SERVICES
from shared.isolation.roles.policy import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.config.lane import Lane, Place
    from shared.config.resources import Uses

READ_OBJECTS = ("s3:GetObject", "s3:ListBucket")
WRITE_OBJECTS = ("s3:DeleteObject", "s3:PutObject")
FIND_ITEMS = ("dynamodb:Query", "dynamodb:Scan")
READ_ITEMS = ("dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:GetItem", *FIND_ITEMS)
WRITE_ITEMS = (
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)
_SEE_QUEUES = ("sqs:GetQueueAttributes", "sqs:GetQueueUrl")
SEND = (*_SEE_QUEUES, "sqs:SendMessage")
RECEIVE = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", *_SEE_QUEUES, "sqs:ReceiveMessage")
READ_SECRETS = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
READ_SETTINGS = ("ssm:GetParameter", "ssm:GetParameters")
RESOURCE_ACCOUNT = "s3:ResourceAccount"
"""The condition key that holds the account of the bucket that a call reaches."""


def granted(lane: Lane, uses: Uses) -> Iterator[Statement]:
    """Yield what *uses* grants in *lane*, as statements whose Sids differ."""
    yield from _own_bucket(lane, uses)
    buckets = {lane.place.arn("s3", name): access for name, access in uses.buckets.items()}
    yield from _named("ReadBuckets", READ_OBJECTS, _with_objects(_may(buckets, "read")))
    yield from _named("WriteBuckets", WRITE_OBJECTS, [f"{arn}/*" for arn in _may(buckets, "write")])
    yield from _tables(lane, uses)
    queues = {lane.queue_arn(name): access for name, access in uses.queues.items()}
    yield from _named("SendToQueues", SEND, _may(queues, "send"))
    yield from _named("ReceiveFromQueues", RECEIVE, _may(queues, "receive"))
    yield from _named("PublishToTopics", ("sns:Publish",), map(lane.topic_arn, uses.topics))
    yield from _named("ReadSecrets", READ_SECRETS, map(lane.secret_arn, uses.secrets))
    yield from _named("ReadSettings", READ_SETTINGS, map(lane.setting_arn, uses.settings))
    own = [lane.place.arn("lambda", f"function:{name}") for name in uses.functions]
    yield from _named("InvokeOwnFunctions", ("lambda:InvokeFunction",), own)
    yield from _machines(lane, uses)
    yield from read_commons(lane.place, {name: lane.commons[name] for name in uses.commons})
    yield from reviewed(lane.place, uses.services)


def read_commons(place: Place, owners: Mapping[str, str]) -> Iterator[Statement]:
    """Yield what reads shared data, that of each account by itself, as long as the account owns the buckets.

    *owners* are the accounts by their buckets.
    """
    for account in sorted(set(owners.values())):
        arns = [place.arn("s3", name) for name in sorted(owners) if owners[name] == account]
        held = {"StringEquals": {RESOURCE_ACCOUNT: account}}
        yield Statement(f"ReadCommonsOf{account}", READ_OBJECTS, tuple(_with_objects(arns)), held)


def reviewed(place: Place, services: Iterable[str]) -> Iterator[Statement]:
    """Yield the reviewed actions *services*, those together that are granted on the same resources."""
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action in services:
        by_resources.setdefault(SERVICES[action].granted_on(place), []).append(action)
    for resources, actions in by_resources.items():
        service = actions[0].partition(":")[0] if resources != ("*",) else ""
        sid = "Services" + "".join(word.capitalize() for word in service.split("-"))
        yield Statement(sid, tuple(sorted(actions)), resources)


def _own_bucket(lane: Lane, uses: Uses) -> Iterator[Statement]:
    access, arn = uses.bucket or "", lane.bucket_arn
    reads, writes = "read" in access, "write" in access
    if reads:
        yield Statement("ListBucket", ("s3:ListBucket",), (arn,))
    actions = ("s3:GetObject",) * reads + WRITE_OBJECTS * writes
    yield from _named("Objects", sorted(actions), [f"{arn}/*"] if actions else [])
    if uses.inputs and not reads:
        yield Statement("ReadInputs", ("s3:GetObject",), (f"{arn}/{INPUTS}*",))


def _tables(lane: Lane, uses: Uses) -> Iterator[Statement]:
    tables = {lane.place.arn("dynamodb", f"table/{name}"): access for name, access in uses.tables.items()}
    indexed = {lane.table_arn(table) for table in lane.tables if table.indexes}
    read = _may(tables, "read")
    yield from _named("ReadTables", READ_ITEMS, read)
    yield from _named("FindByIndexes", FIND_ITEMS, [f"{arn}/index/*" for arn in read if arn in indexed])
    yield from _named("WriteTables", WRITE_ITEMS, _may(tables, "write"))


def _machines(lane: Lane, uses: Uses) -> Iterator[Statement]:
    express = {workflow.name for workflow in lane.workflows.values() if workflow.type == "express"}
    start = [lane.place.arn("states", f"stateMachine:{name}") for name in uses.machines]
    yield from _named("StartMachines", ("states:StartExecution",), start)
    quick = [lane.place.arn("states", f"stateMachine:{name}") for name in uses.machines if name in express]
    yield from _named("StartAndAwaitMachines", ("states:StartSyncExecution",), quick)
    follow = [lane.place.arn("states", f"execution:{name}:*") for name in uses.machines if name not in express]
    yield from _named("FollowMachines", ("states:DescribeExecution",), follow)


def _may(things: Mapping[str, str], access: str) -> list[str]:
    """Return those of *things* whose access includes *access*: ``readwrite`` includes ``read``."""
    return [arn for arn, told in things.items() if access in told]


def _with_objects(buckets: list[str]) -> list[str]:
    return [each for arn in buckets for each in (arn, f"{arn}/*")]


def _named(sid: str, actions: Iterable[str], resources: Iterable[str]) -> Iterator[Statement]:
    """Yield the statement, unless there is nothing that it would be about."""
    named = tuple(sorted(resources))
    if named:
        yield Statement(sid, tuple(actions), named)
