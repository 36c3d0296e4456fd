"""Step Functions state machines: STANDARD, with all their events logged to a log group of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, summary
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Workflow

KIND = "state machine"
SERVICE = "stepfunctions"


def desired(lane: Lane, workflow: Workflow, definition: Mapping[str, Any], tags: Mapping[str, str]) -> Resource:
    """Return the state machine of *workflow*; *definition* is its rendered ASL."""
    group = lane.place.arn("logs", f"log-group:{workflow.log_group}:*")
    return Resource(
        KIND,
        workflow.name,
        tags,
        {
            "arn": lane.state_machine_arn(workflow.key),
            "type": "STANDARD",
            "role": lane.role_arn(workflow.role),
            "definition": definition,
            "logging": {
                "level": "ALL",
                "includeExecutionData": True,
                "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
            },
        },
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the state machine as it is, or None; one that AWS is still deleting counts as gone."""
    states = aws.states
    arn = aws.place.arn("states", f"stateMachine:{name}")
    try:
        found = states.describe_state_machine(stateMachineArn=arn)
    except ClientError as error:
        if code_of(error) != "StateMachineDoesNotExist":
            raise
        return None
    if found.get("status") == "DELETING":
        return None
    return Resource(
        KIND,
        name,
        {tag["key"]: tag["value"] for tag in states.list_tags_for_resource(resourceArn=arn)["tags"]},
        {
            "arn": arn,
            "type": found["type"],
            "role": found["roleArn"],
            "definition": json.loads(found["definition"]),
            "logging": {"includeExecutionData": False, **found.get("loggingConfiguration", {})},
        },
    )


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the state machines whose names begin with *prefix*."""
    for page in aws.states.get_paginator("list_state_machines").paginate():
        yield from (machine["name"] for machine in page["stateMachines"] if machine["name"].startswith(prefix))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. A changed type is a new machine: AWS cannot change it in place."""
    if have is None:
        return Step("create", KIND, want.name, summary(want.properties), (_create(want),))
    changed, tags = differences(want.properties, have.properties), missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    if want.properties["type"] != have.properties["type"]:
        return Step("update", KIND, want.name, changed, (*remove(have).calls, _create(want)))
    calls = [_update(want)] if changed else []
    if tags:
        calls.append(
            Call("stepfunctions", "tag_resource", {"resourceArn": want.properties["arn"], "tags": _tags(want.tags)})
        )
    return Step("update", KIND, want.name, (*changed, *tags), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have*: AWS would wait for its executions to end, so they are stopped first."""
    machine = {"stateMachineArn": have.properties["arn"]}
    return Step(
        "delete",
        KIND,
        have.name,
        calls=(
            Routine("stop executions", machine),
            Call("stepfunctions", "delete_state_machine", machine),
            Routine("await no state machine", machine),
        ),
    )


def _create(want: Resource) -> Call:
    return Call(
        "stepfunctions",
        "create_state_machine",
        {"name": want.name, "type": want.properties["type"], **_body(want), "tags": _tags(want.tags)},
    )


def _update(want: Resource) -> Call:
    return Call("stepfunctions", "update_state_machine", {"stateMachineArn": want.properties["arn"], **_body(want)})


def _body(want: Resource) -> dict[str, Any]:
    return {
        "definition": json.dumps(want.properties["definition"], indent=2),
        "roleArn": want.properties["role"],
        "loggingConfiguration": want.properties["logging"],
    }


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
