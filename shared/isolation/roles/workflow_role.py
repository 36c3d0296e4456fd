"""What the role of a state machine may do, read off its rendered definition, and who may take it.

Every Task, ItemReader and ResultWriter is visited, at any depth: in Parallel branches, inline and distributed Maps.
What is found becomes a statement about the lane's own names. A call that is not known here raises an error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.isolation.roles.grants import ACCOUNT_WIDE, SYNC_RULE
from shared.isolation.roles.policy import Policy, Statement, Trust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.lane import Lane, Workflow
    from shared.values import Json

_INTEGRATION = re.compile(
    r"arn:[a-z-]+:states:[a-z0-9-]*:[0-9]*:(?P<api>.+?)(?P<pattern>\.sync(:2)?|\.waitForTaskToken)?"
)
_FUNCTION_ARN = re.compile(r"(?P<arn>arn:[a-z-]+:lambda:[^:]*:[^:]*:function:[^:]+)(?P<qualifier>:[^:]+)?")

# S3 by integration: the Sid, the IAM actions, and whether they are about the bucket itself or the objects in it.
_S3 = {
    "s3:getObject": ("ReadObjects", ("s3:GetObject",), "/*"),
    "s3:headObject": ("ReadObjects", ("s3:GetObject",), "/*"),
    "s3:putObject": ("WriteObjects", ("s3:PutObject",), "/*"),
    "s3:deleteObject": ("DeleteObjects", ("s3:DeleteObject",), "/*"),
    "s3:listObjectsV2": ("ListBucket", ("s3:ListBucket",), ""),
}
# DynamoDB by integration: the Sid and the IAM actions, on a table of the lane.
_DYNAMODB = {
    "dynamodb:getItem": ("ReadItems", ("dynamodb:GetItem",)),
    "dynamodb:query": ("ReadItems", ("dynamodb:Query",)),
    "dynamodb:putItem": ("WriteItems", ("dynamodb:PutItem",)),
    "dynamodb:updateItem": ("WriteItems", ("dynamodb:UpdateItem",)),
    "dynamodb:deleteItem": ("WriteItems", ("dynamodb:DeleteItem",)),
}
_RESULT_WRITER = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject")


class UngrantedError(LanesError):
    """A state calls something that no role of a lane may call."""


def workflow_trust(lane: Lane, workflow: Workflow) -> Trust:
    """Let Step Functions take the role for this one state machine: nobody else's may name it.

    AWS calls the machine of a distributed Map's children NAME/LABEL, and no guide says which of the two it sends here.
    """
    arn = lane.state_machine_arn(workflow.key)
    return Trust(
        {"Service": "states.amazonaws.com"},
        {
            "StringEquals": {"aws:SourceAccount": lane.place.account},
            "ArnLike": {"aws:SourceArn": (arn, f"{arn}/*")},
        },
    )


def workflow_policy(lane: Lane, workflow: Workflow, definition: Mapping[str, Json]) -> Policy:
    """Return what the state machine of *workflow* may do, *definition* being its rendered ASL.

    Raises:
        UngrantedError: A state calls an integration that is not granted here, or another's resource.
    """
    grants: dict[str, tuple[set[str], set[str]]] = {}
    for sid, actions, resources in _found(lane, workflow, definition):
        known = grants.setdefault(sid, (set(), set()))
        known[0].update(actions)
        known[1].update(resources)
    statements = [
        Statement(sid, tuple(sorted(actions)), tuple(sorted(resources))) for sid, (actions, resources) in grants.items()
    ]
    statements.sort(key=lambda statement: statement.sid)
    return Policy((*statements, Statement("DeliverLogs", ACCOUNT_WIDE, ("*",))))


_Grant = tuple[str, tuple[str, ...], tuple[str, ...]]


def _found(lane: Lane, workflow: Workflow, machine: Mapping[str, Json]) -> Iterator[_Grant]:
    """Yield (sid, actions, resources) for each call in *machine*: a definition, a branch or an item processor."""
    for name, state in _objects(machine.get("States")):
        where = f"{workflow.template.name}, state {name!r}"
        if state.get("Type") == "Task":
            yield from _task(lane, state, where)
        branches = state.get("Branches")
        for branch in branches if isinstance(branches, list) else ():
            yield from _found(lane, workflow, _object(branch))
        if state.get("Type") == "Map":
            yield from _map(lane, workflow, state, where)


def _object(value: Json) -> Mapping[str, Json]:
    """Return *value* if it is an object, else an empty one: Step Functions refuses it, so it calls nothing."""
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> Iterator[tuple[str, Mapping[str, Json]]]:
    return ((name, _object(each)) for name, each in _object(value).items())


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _map(lane: Lane, workflow: Workflow, state: Mapping[str, Json], where: str) -> Iterator[_Grant]:
    processor = _object(state.get("ItemProcessor") or state.get("Iterator"))
    yield from _found(lane, workflow, processor)
    if _object(processor.get("ProcessorConfig")).get("Mode") == "DISTRIBUTED":
        yield "StartChildren", ("states:StartExecution",), (lane.state_machine_arn(workflow.key),)
        executions = lane.place.arn("states", f"execution:{workflow.name}")
        yield (
            "FollowChildren",
            ("states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"),
            (f"{executions}:*", f"{executions}/*"),
        )
    if "ItemReader" in state:
        reader = _object(state["ItemReader"])
        yield _s3(lane, _api(_text(reader.get("Resource")))[0], reader, f"{where}, ItemReader")
    writer = _object(state.get("ResultWriter"))
    if "Resource" in writer:
        _own_bucket(lane, writer, f"{where}, ResultWriter")
        yield "WriteResults", _RESULT_WRITER, (f"{lane.bucket_arn}/*",)


def _task(lane: Lane, state: Mapping[str, Json], where: str) -> Iterator[_Grant]:
    resource = _text(state.get("Resource"))
    if _FUNCTION_ARN.fullmatch(resource):
        yield _invoke(lane, resource, where)
        return
    api, pattern = _api(resource)
    if pattern == ".waitForTaskToken":
        raise UngrantedError(
            "it waits for a task token, and no role of a lane may answer one: the answer takes no resource, so it "
            "could be given to any team's task",
            where=where,
            fix="let the function return its answer",
        )
    if api == "lambda:invoke":
        yield _invoke(lane, _argument(state, "FunctionName", where), where)
    elif api == "states:startExecution":
        yield from _nested(lane, _argument(state, "StateMachineArn", where), where, sync=pattern.startswith(".sync"))
    elif api in _DYNAMODB:
        yield _items(lane, api, _argument(state, "TableName", where), where)
    else:
        yield _s3(lane, api, state, where)


def _api(resource: str) -> tuple[str, str]:
    """Split a Resource into the integration (``s3:getObject``) and its pattern (``.sync``), aws-sdk or not."""
    match = _INTEGRATION.fullmatch(resource)
    if match is None:
        return resource, ""
    return match["api"].removeprefix("aws-sdk:"), match["pattern"] or ""


def _invoke(lane: Lane, function: str, where: str) -> _Grant:
    match = _FUNCTION_ARN.fullmatch(function)
    own = {lane.function_arn(key) for key in lane.functions}
    if match is None or match["arn"] not in own:
        raise UngrantedError(
            f"{function} is none of the functions of team {lane.team}",
            where=where,
            fix="write ${step}, the placeholder of a function on the workflow's card",
        )
    return "InvokeFunctions", ("lambda:InvokeFunction",), (function,)


def _nested(lane: Lane, machine: str, where: str, *, sync: bool) -> Iterator[_Grant]:
    own = {lane.state_machine_arn(key): workflow.name for key, workflow in lane.workflows.items()}
    if machine not in own:
        raise UngrantedError(
            f"{machine} is none of the state machines of team {lane.team}",
            where=where,
            fix="write ${state_machine}, or run a workflow of the same team",
        )
    yield "StartNested", ("states:StartExecution",), (machine,)
    if sync:
        executions = lane.place.arn("states", f"execution:{own[machine]}:*")
        yield "FollowNested", ("states:DescribeExecution", "states:StopExecution"), (executions,)
        rule = lane.place.arn("events", SYNC_RULE)
        yield "AwaitNested", ("events:DescribeRule", "events:PutRule", "events:PutTargets"), (rule,)


def _items(lane: Lane, api: str, name: str, where: str) -> _Grant:
    own = {table.name: lane.table_arn(table) for table in lane.tables}
    if name not in own:
        raise UngrantedError(
            f"{name} is none of the tables of team {lane.team}",
            where=where,
            fix="write ${table}, the placeholder of a table on the workflow's card",
        )
    sid, actions = _DYNAMODB[api]
    return sid, actions, (own[name],)


def _s3(lane: Lane, api: str, state: Mapping[str, Json], where: str) -> _Grant:
    if api not in _S3:
        raise UngrantedError(
            f"{api} is not granted to any state machine",
            where=where,
            fix=f"grant {api} on the team's own names in shared/isolation/roles/workflow_role.py, after a review",
        )
    _own_bucket(lane, state, where)
    sid, actions, suffix = _S3[api]
    return sid, actions, (lane.bucket_arn + suffix,)


def _own_bucket(lane: Lane, state: Mapping[str, Json], where: str) -> None:
    """Refuse a bucket that is spelt out and not the team's; the policy limits one that is computed at run time."""
    bucket = _arguments(state).get("Bucket", lane.bucket)
    if bucket != lane.bucket and not _text(bucket).startswith("{%"):
        raise UngrantedError(
            f"bucket {bucket} is not the bucket of team {lane.team} ({lane.bucket})", where=where, fix="write ${bucket}"
        )


def _arguments(state: Mapping[str, Json]) -> Mapping[str, Json]:
    return _object(state.get("Parameters") or state.get("Arguments"))


def _argument(state: Mapping[str, Json], name: str, where: str) -> str:
    """Return a resource that a state names, which must be spelt out: what is computed later cannot be granted now."""
    value = _arguments(state).get(name)
    if not isinstance(value, str) or value.startswith("{%"):
        raise UngrantedError(
            f"{name} is computed when the state runs, so nothing can be granted",
            where=where,
            fix=f"write {name} as a placeholder of the template",
        )
    return value
