"""What the role of a state machine may do, read off its rendered definition, and who may take it.

Every Task, ItemReader and ResultWriter is visited, at any depth: in Parallel branches, inline and distributed Maps.
What is found becomes a statement about the lane's own names (:mod:`shared.isolation.roles.state_calls`). The card's
``uses`` adds what the definition does not spell out. Calls that are not granted are refused, all at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.isolation.roles.grants import ACCOUNT_WIDE
from shared.isolation.roles.policy import Policy, Statement, Trust
from shared.isolation.roles.state_calls import FUNCTION_ARN, Caller
from shared.isolation.roles.ungranted import UngrantedError
from shared.isolation.roles.uses import granted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.config.document import KeyPath
    from shared.config.lane import Lane, Workflow
    from shared.values import Json

__all__ = ["Ungranted", "UngrantedError", "ungranted", "workflow_policy", "workflow_trust"]

_INTEGRATION = re.compile(
    r"arn:[a-z-]+:states:[a-z0-9-]*:[0-9]*:(?P<api>.+?)(?P<pattern>\.sync(:2)?|\.waitForTaskToken)?"
)
_RESULT_WRITER = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject")
RESERVE = "Reserve"
"""The statement by which the machine of a prepaid lane calls the ledger's function, as no template may."""
_FLATTENED = "LOAD_AND_FLATTEN"


@dataclass(frozen=True, slots=True)
class Ungranted:
    """One call that is refused: the path in the definition of the state, or its part, that makes it, and why."""

    path: KeyPath
    error: UngrantedError


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
        UngrantedError: States call what is not granted here, others' resources, or such as nothing tells; lists all.
    """
    refused: list[Ungranted] = []
    found = [*_found(lane, workflow, definition, (), refused), *granted(lane, workflow.uses)]
    if len(refused) == 1:
        raise refused[0].error
    if refused:
        listing = "\n".join(f"  {each.error}" for each in refused)
        raise UngrantedError(f"{len(refused)} calls that no role of a lane may make:\n{listing}")
    reserve = (Statement(RESERVE, ("lambda:InvokeFunction",), (lane.prepaid.function,)),) if lane.prepaid else ()
    return Policy((*_joined(found), *reserve, Statement("DeliverLogs", ACCOUNT_WIDE, ("*",))))


def ungranted(lane: Lane, workflow: Workflow, definition: Mapping[str, Json]) -> list[Ungranted]:
    """Return every call in *definition*, the rendered ASL of *workflow*, that no role of *lane* may make."""
    refused: list[Ungranted] = []
    for _ in _found(lane, workflow, definition, (), refused):
        pass
    return refused


def _joined(statements: Iterable[Statement]) -> list[Statement]:
    """Return *statements* with those of one Sid made into one, sorted."""
    known: dict[str, Statement] = {}
    for each in statements:
        before = known.get(each.sid, each)
        actions = tuple(sorted({*before.actions, *each.actions}))
        resources = tuple(sorted({*before.resources, *each.resources}))
        known[each.sid] = Statement(each.sid, actions, resources, each.conditions)
    return sorted(known.values(), key=lambda statement: statement.sid)


def _found(
    lane: Lane, workflow: Workflow, machine: Mapping[str, Json], path: KeyPath, refused: list[Ungranted]
) -> Iterator[Statement]:
    """Yield what each call in *machine* takes: a definition, a branch or an item processor.

    *path* leads to it. Calls that are not granted go to *refused*.
    """
    for name, state in _objects(machine.get("States")):
        caller, here = Caller(lane, workflow, f"{workflow.template.name}, state {name!r}"), (*path, "States", name)
        if state.get("Type") == "Task":
            yield from _granted(_task(caller, state), here, refused)
        branches = state.get("Branches")
        for place, branch in enumerate(branches if isinstance(branches, list) else ()):
            yield from _found(lane, workflow, _object(branch), (*here, "Branches", place), refused)
        if state.get("Type") == "Map":
            processor = "ItemProcessor" if state.get("ItemProcessor") else "Iterator"
            yield from _found(lane, workflow, _object(state.get(processor)), (*here, processor), refused)
            yield from _children(lane, workflow, _object(state.get(processor)))
            yield from _granted(_reader(caller, state), (*here, "ItemReader"), refused)
            yield from _granted(_writer(caller, state), (*here, "ResultWriter"), refused)


def _granted(statements: Iterator[Statement], path: KeyPath, refused: list[Ungranted]) -> Iterator[Statement]:
    try:
        yield from statements
    except UngrantedError as error:
        refused.append(Ungranted(path, error))


def _object(value: Json) -> Mapping[str, Json]:
    """Return *value* if it is an object, else an empty one: Step Functions refuses it, so it calls nothing."""
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> Iterator[tuple[str, Mapping[str, Json]]]:
    return ((name, _object(each)) for name, each in _object(value).items())


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _children(lane: Lane, workflow: Workflow, processor: Mapping[str, Json]) -> Iterator[Statement]:
    if _object(processor.get("ProcessorConfig")).get("Mode") == "DISTRIBUTED":
        yield Statement("StartChildren", ("states:StartExecution",), (lane.state_machine_arn(workflow.key),))
        executions = lane.place.arn("states", f"execution:{workflow.name}")
        yield Statement(
            "FollowChildren",
            ("states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"),
            (f"{executions}:*", f"{executions}/*"),
        )


def _reader(caller: Caller, state: Mapping[str, Json]) -> Iterator[Statement]:
    """Yield what reads the items of a Map: one object, a listing, or a listing with each object that it names."""
    if "ItemReader" not in state:
        return
    reader, caller = _object(state["ItemReader"]), replace(caller, where=f"{caller.where}, ItemReader")
    api, arguments = _api(_text(reader.get("Resource")))[0], _arguments(reader)
    yield from caller.objects(api, arguments)
    if _object(reader.get("ReaderConfig")).get("Transformation") == _FLATTENED:
        yield from caller.objects("s3:getObject", arguments)


def _writer(caller: Caller, state: Mapping[str, Json]) -> Iterator[Statement]:
    writer = _object(state.get("ResultWriter"))
    if "Resource" in writer:
        caller = replace(caller, where=f"{caller.where}, ResultWriter")
        bucket = caller.bucket(_arguments(writer).get("Bucket", caller.lane.bucket))
        yield Statement("WriteResults", _RESULT_WRITER, (f"{bucket}/*",))


def _task(caller: Caller, state: Mapping[str, Json]) -> Iterator[Statement]:
    resource = _text(state.get("Resource"))
    if FUNCTION_ARN.fullmatch(resource):
        yield from caller.invoke(resource)
        return
    api, pattern = _api(resource)
    if pattern == ".waitForTaskToken":
        raise UngrantedError(
            "it waits for a task token, and no role of a lane may answer one: the answer takes no resource, so it "
            "could be given to any team's task",
            where=caller.where,
            fix="let the function return its answer",
        )
    yield from caller.grants(api, pattern, _arguments(state))


def _api(resource: str) -> tuple[str, str]:
    """Split a Resource into the integration (``s3:getObject``) and its pattern (``.sync``), aws-sdk or not."""
    match = _INTEGRATION.fullmatch(resource)
    if match is None:
        return resource, ""
    return match["api"].removeprefix("aws-sdk:"), match["pattern"] or ""


def _arguments(state: Mapping[str, Json]) -> Mapping[str, Json]:
    return _object(state.get("Parameters") or state.get("Arguments"))
