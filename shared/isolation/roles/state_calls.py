"""What one call of a state machine takes: the actions, and the lane's own resource that the call names.

A resource that is spelt out must be the lane's own, or shared data that is read. One that is computed when the state
runs can be granted only by the card: ``uses`` at its top. A bucket is the exception, for the policy itself limits a
computed one to the lane's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.services import HOW_TO_ADD, SERVICES
from shared.isolation.roles.grants import SYNC_RULE
from shared.isolation.roles.policy import Statement
from shared.isolation.roles.ungranted import UngrantedError
from shared.isolation.roles.uses import granted, read_commons

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.lane import Lane, Workflow
    from shared.values import Json

FUNCTION_ARN = re.compile(r"(?P<arn>arn:[a-z-]+:lambda:[^:]*:[^:]*:function:[^:]+)(?P<qualifier>:[^:]+)?")

# S3 by integration: the Sid, the IAM actions, and whether they are about the bucket itself or the objects in it.
_S3 = {
    "s3:getObject": ("ReadObjects", "s3:GetObject", "/*"),
    "s3:headObject": ("ReadObjects", "s3:GetObject", "/*"),
    "s3:putObject": ("WriteObjects", "s3:PutObject", "/*"),
    "s3:deleteObject": ("DeleteObjects", "s3:DeleteObject", "/*"),
    "s3:listObjectsV2": ("ListBucket", "s3:ListBucket", ""),
}
_READS_OBJECTS = frozenset({"ReadObjects", "ListBucket"})
# DynamoDB by integration: the Sid and the IAM action, on a table of the lane.
_DYNAMODB = {
    "dynamodb:getItem": ("ReadItems", "dynamodb:GetItem"),
    "dynamodb:query": ("FindItems", "dynamodb:Query"),
    "dynamodb:scan": ("FindItems", "dynamodb:Scan"),
    "dynamodb:putItem": ("WriteItems", "dynamodb:PutItem"),
    "dynamodb:updateItem": ("WriteItems", "dynamodb:UpdateItem"),
    "dynamodb:deleteItem": ("WriteItems", "dynamodb:DeleteItem"),
}
_BATCHES = {
    "dynamodb:batchGetItem": ("ReadBatches", "dynamodb:BatchGetItem"),
    "dynamodb:batchWriteItem": ("WriteBatches", "dynamodb:BatchWriteItem"),
}
# What stands in a transaction. Source: DynamoDB Developer Guide, "Managing complex workflows with DynamoDB
# transactions", on IAM (read 2026-11-29).
_TRANSACTIONS = {
    "dynamodb:transactGetItems": {"Get": "dynamodb:GetItem"},
    "dynamodb:transactWriteItems": {
        "ConditionCheck": "dynamodb:ConditionCheckItem",
        "Delete": "dynamodb:DeleteItem",
        "Put": "dynamodb:PutItem",
        "Update": "dynamodb:UpdateItem",
    },
}
# The name of an SDK integration's service, where it is not the prefix of its actions.
_PREFIXES = {"bedrockruntime": "bedrock", "geoplaces": "geo-places", "georoutes": "geo-routes"}
_REVIEWED = {action.lower(): action for action in SERVICES}


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of resource that calls name: the key of cards, what calls name it by, and how a message shows that."""

    key: str
    argument: str
    written: str


@dataclass(frozen=True, slots=True)
class _Named:
    """A call that names one resource."""

    sid: str
    action: str
    kind: _Kind


_QUEUE = _Kind("queues", "QueueUrl", "queue")
_TOPIC = _Kind("topics", "TopicArn", "topic")
_TABLE = _Kind("tables", "TableName", "table")
_SETTING = _Kind("settings", "Name", "setting")
_FUNCTION = _Kind("functions", "FunctionName", "step")
_MACHINE = _Kind("workflows", "StateMachineArn", "workflow")
_NAMED = {
    "sqs:sendMessage": _Named("SendMessages", "sqs:SendMessage", _QUEUE),
    "sqs:sendMessageBatch": _Named("SendMessages", "sqs:SendMessage", _QUEUE),
    "sqs:receiveMessage": _Named("ReceiveMessages", "sqs:ReceiveMessage", _QUEUE),
    "sqs:deleteMessage": _Named("DeleteMessages", "sqs:DeleteMessage", _QUEUE),
    "sns:publish": _Named("Publish", "sns:Publish", _TOPIC),
    "sns:publishBatch": _Named("Publish", "sns:Publish", _TOPIC),
    "ssm:getParameter": _Named("ReadSettings", "ssm:GetParameter", _SETTING),
}
# Why some calls that people ask for are granted to nobody, and what to do instead.
_NEVER = {
    "events:putEvents": (
        "the default event bus is every team's",
        "publish to a topic of the card's own (topics:), or start a machine",
    ),
    "secretsmanager:getSecretValue": (
        "the secret would stand in the execution's history",
        "read it in a function, whose card says uses: {secrets: [KEY]}",
    ),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """The state machine that calls, and where in its template: ``cosmic.asl.json, state 'Init'``."""

    lane: Lane
    workflow: Workflow
    where: str

    def grants(self, api: str, pattern: str, arguments: Mapping[str, Json]) -> Iterator[Statement]:
        """Yield what the call of *api* (``sqs:sendMessage``) takes, called by *pattern* (``.sync``) or plainly.

        Raises:
            UngrantedError: Nobody may call it, or it names another's resource, or one that nothing tells.
        """
        if api == "lambda:invoke":
            yield from self.invoke(arguments.get("FunctionName"))
        elif api in {"states:startExecution", "sfn:startExecution", "sfn:startSyncExecution"}:
            yield from self._nested(api, arguments.get("StateMachineArn"), sync=pattern.startswith(".sync"))
        elif api in _S3:
            yield from self.objects(api, arguments)
        elif api in _DYNAMODB:
            yield from self._items(api, arguments)
        elif api in _BATCHES:
            yield from self._batch(*_BATCHES[api], arguments.get("RequestItems"))
        elif api in _TRANSACTIONS:
            yield from self._transaction(_TRANSACTIONS[api], arguments.get("TransactItems"))
        elif api in _NAMED:
            call = _NAMED[api]
            value = arguments.get(call.kind.argument)
            yield from self._on(call.sid, call.action, call.kind, value, self._own(call.kind))
        else:
            yield self._service(api)

    def invoke(self, function: Json) -> Iterator[Statement]:
        """Yield what invokes *function*, by its ARN, with a version or an alias or without."""
        match = FUNCTION_ARN.fullmatch(function) if isinstance(function, str) else None
        own = {arn: arn for arn in map(self.lane.function_arn, self.lane.functions)}
        if match and match["arn"] in own:
            own = {match[0]: match[0]}
        yield from self._on("InvokeFunctions", "lambda:InvokeFunction", _FUNCTION, function, own)

    def objects(self, api: str, arguments: Mapping[str, Json]) -> Iterator[Statement]:
        """Yield what an S3 call takes."""
        if api not in _S3:
            raise self._refused(api)
        sid, action, suffix = _S3[api]
        bucket = arguments.get("Bucket", self.lane.bucket)
        if isinstance(bucket, str) and bucket in self.lane.commons and sid in _READS_OBJECTS:
            yield from read_commons(self.lane.place, {bucket: self.lane.commons[bucket]})
        else:
            yield Statement(sid, (action,), (self.bucket(bucket) + suffix,))

    def bucket(self, bucket: Json) -> str:
        """Return the ARN of *bucket*, which must be the lane's own. If it is computed, the policy limits it.

        Raises:
            UngrantedError: It is another's.
        """
        lane = self.lane
        if _is_computed(bucket):
            return lane.bucket_arn
        if bucket in (lane.bucket, *lane.buckets):
            return lane.place.arn("s3", str(bucket))
        if bucket in lane.commons:
            raise self._error(f"bucket {bucket} is shared data, which no team may write", "write ${bucket}")
        raise self._error(
            f"bucket {bucket} is not the bucket of team {lane.team} ({lane.bucket})",
            "write ${bucket}, or declare a further one under buckets: on the card and write ${key}, its placeholder; "
            "data that teams share is named under commons: in shared/settings.yaml",
        )

    def _nested(self, api: str, machine: Json, *, sync: bool) -> Iterator[Statement]:
        lane = self.lane
        own = {lane.state_machine_arn(key): workflow for key, workflow in lane.workflows.items()}
        arns = {arn: arn for arn in own}
        if api == "sfn:startSyncExecution":
            express = {arn: arn for arn in arns if own[arn].type == "express"}
            if machine in arns and machine not in express:
                raise self._error(
                    f"{machine} is no express machine, and AWS awaits no other so", "call it with .sync:2"
                )
            yield from self._on("StartAndAwait", "states:StartSyncExecution", _MACHINE, machine, express)
            return
        yield from self._on("StartNested", "states:StartExecution", _MACHINE, machine, arns)
        if sync:
            followed = [own[str(machine)]] if machine in own else [own[arn] for arn in self._used_machines(own)]
            executions = tuple(lane.place.arn("states", f"execution:{each.name}:*") for each in followed)
            yield Statement("FollowNested", ("states:DescribeExecution", "states:StopExecution"), executions)
            yield await_nested(lane)

    def _used_machines(self, own: Mapping[str, Workflow]) -> list[str]:
        return [arn for arn, workflow in own.items() if workflow.name in self.workflow.uses.machines]

    def _items(self, api: str, arguments: Mapping[str, Json]) -> Iterator[Statement]:
        sid, action = _DYNAMODB[api]
        tables = self._own(_TABLE)
        if "IndexName" in arguments or "IndexName.$" in arguments:
            tables = {name: f"{arn}/index/*" for name, arn in tables.items()}
        yield from self._on(sid, action, _TABLE, arguments.get("TableName"), tables)

    def _batch(self, sid: str, action: str, batch: Json) -> Iterator[Statement]:
        """Yield what a batch takes. Its keys are the tables."""
        for name in batch if isinstance(batch, dict) else (None,):
            yield from self._on(sid, action, _TABLE, name, self._own(_TABLE))

    def _transaction(self, actions: Mapping[str, str], items: Json) -> Iterator[Statement]:
        """Yield what a transaction takes: each of its items names what is done, and to which table."""
        if not isinstance(items, list):
            for action in actions.values():
                yield from self._on("Transact", action, _TABLE, None, {})
            return
        for item in items:
            for kind, told in item.items() if isinstance(item, dict) else ():
                name = told.get("TableName") if isinstance(told, dict) else None
                if kind in actions:
                    yield from self._on(f"Transact{kind}", actions[kind], _TABLE, name, self._own(_TABLE))

    def _service(self, api: str) -> Statement:
        service, _, name = api.partition(":")
        action = _REVIEWED.get(f"{_PREFIXES.get(service, service)}:{name}".lower())
        if action is None:
            raise self._refused(api)
        sid = "Service" + action.replace(":", "").replace("-", "")
        return Statement(sid, (action,), SERVICES[action].granted_on(self.lane.place))

    def _refused(self, api: str) -> UngrantedError:
        why, fix = _NEVER.get(api, ("", f"call it in a function; or, if it keeps no team's data, {HOW_TO_ADD}"))
        return self._error(f"{api} is not granted to any state machine{f': {why}' if why else ''}", fix)

    def _own(self, kind: _Kind) -> dict[str, str]:
        """Return the ARNs of the lane's own resources of *kind*, by what calls may name each by."""
        lane = self.lane
        if kind is _QUEUE:
            names = [name for queue in lane.queues for name in (queue.name, queue.dead_letters)]
            return {lane.queue_url(name): lane.queue_arn(name) for name in names}
        if kind is _TOPIC:
            return {arn: arn for arn in (lane.topic_arn(topic.name) for topic in lane.topics)}
        if kind is _SETTING:
            return {each.name: lane.setting_arn(each.name) for each in lane.settings}
        arns = {table.name: lane.table_arn(table) for table in lane.tables}
        return arns | {arn: arn for arn in arns.values()}

    def _on(self, sid: str, action: str, kind: _Kind, value: Json, own: Mapping[str, str]) -> Iterator[Statement]:
        """Yield *action* on the resource that *value* names; nothing where the card's ``uses`` grants it already."""
        if isinstance(value, str) and value in own:
            yield Statement(sid, (action,), (own[value],))
        elif not _is_computed(value):
            raise self._error(
                f"{value} is none of the {_SAID.get(kind.key, kind.key)} of team {self.lane.team}",
                f"{_DECLARE.get(kind.key, f'declare it under {kind.key}: on the card')}, and write "
                f"${{{kind.written}}}, its placeholder",
            )
        elif not any(action in each.actions for each in granted(self.lane, self.workflow.uses)):
            raise self._error(
                f"{kind.argument} is computed when the state runs, or missing, so nothing can be granted by it",
                f"write {kind.argument} as a placeholder of the template, or name what it may be at the top of the "
                f"card: uses: {{{kind.key}: ...}}",
            )

    def _error(self, what: str, fix: str) -> UngrantedError:
        return UngrantedError(what, where=self.where, fix=fix)


_SAID = {"workflows": "state machines"}
_DECLARE = {
    "functions": "declare it under functions: on the card",
    "workflows": "name a workflow of the same team at the top of the card, uses: {workflows: [KEY]}",
}


def await_nested(lane: Lane) -> Statement:
    """Return what Step Functions needs to learn that an execution has ended which a state waits for."""
    rule = lane.place.arn("events", SYNC_RULE)
    return Statement("AwaitNested", ("events:DescribeRule", "events:PutRule", "events:PutTargets"), (rule,))


def _is_computed(value: Json) -> bool:
    """Whether a resource is told only when the state runs: by a path, by JSONata, or by nothing that stands here."""
    return not isinstance(value, str) or value.startswith("{%")
