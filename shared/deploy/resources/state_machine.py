"""Step Functions state machines, with all their events logged to a log group of their own.

Of the runs of an express machine the log is the only trace.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.config.prepaid_gate import gated
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.reading import if_there, listed_names
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import lower_tag_pairs, read_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Workflow
    from shared.deploy.sources import Sources
    from shared.values import Json

KIND = "state machine"
SERVICE = "stepfunctions"
ARN = ("states", "stateMachine:")
ASLEEP = "asleep"
"""The tag that says since when the lane sleeps. All its state machines carry it, and nothing else says so."""
STOP_EXECUTIONS, AWAIT_GONE = "stop executions", "await no state machine"


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the state machine of each workflow, once its functions have code."""
    if sources.packages is not None:
        for key, workflow in sources.lane.workflows.items():
            definition = gated(sources.lane, workflow, sources.definitions[key])
            yield desired(sources.lane, workflow, definition, sources.tags)


def desired(lane: Lane, workflow: Workflow, definition: Mapping[str, Json], tags: Mapping[str, str]) -> Resource:
    """Return the state machine of *workflow*; *definition* is its rendered ASL."""
    group = lane.place.arn("logs", f"log-group:{workflow.log_group}:*")
    return Resource(
        KIND,
        workflow.name,
        {**tags, ASLEEP: lane.asleep} if lane.asleep else tags,
        {
            "arn": lane.state_machine_arn(workflow.key),
            "type": workflow.type.upper(),
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
    """Return the state machine as it is, or None. One that AWS is still deleting counts as gone."""
    states = aws.client(SERVICE)
    arn = aws.place.arn("states", f"stateMachine:{name}")
    found = if_there(lambda: states.describe_state_machine(stateMachineArn=arn), "StateMachineDoesNotExist")
    if found is None or found.get("status") == "DELETING":
        return None
    return Resource(
        KIND,
        name,
        read_tags(states.list_tags_for_resource(resourceArn=arn)["tags"]),
        {
            "arn": arn,
            "type": found["type"],
            "role": found["roleArn"],
            "definition": json.loads(found["definition"]),
            "logging": {"includeExecutionData": False, **found.get("loggingConfiguration", {})},
        },
    )


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the state machines that are named like *team*'s."""
    pages = aws.client(SERVICE).get_paginator("list_state_machines").paginate()
    return listed_names(pages, "stateMachines", "name", name_prefix(team))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. AWS cannot change the type of a machine, so such a one is made anew."""
    if have is None:
        return created(want, _create(want))
    changed, tags = compare(want, have)
    if want.properties["type"] != have.properties["type"]:
        why = "AWS cannot change the type of a state machine: it is made anew, and what runs on it is stopped"
        return Step("replace", KIND, want.name, (*changed, *tags, why), (*remove(have).calls, _create(want)))
    on = {"resourceArn": want.properties["arn"]}
    tag = Call(SERVICE, "tag_resource", {**on, "tags": lower_tag_pairs(want.tags)})
    return updated(want, (*changed, *tags), *([_update(want)] if changed else ()), *([tag] if tags else ()))


def remove(have: Resource) -> Step:
    """Return what removes *have*. AWS would wait for its executions to end, so they are stopped first.

    Those of an express machine can neither be listed nor stopped. They end by themselves within five minutes.
    """
    machine = {"stateMachineArn": have.properties["arn"]}
    stop = () if have.properties["type"] == "EXPRESS" else (Routine(STOP_EXECUTIONS, machine),)
    delete = Call(SERVICE, "delete_state_machine", machine)
    return removed(have, *stop, delete, Routine(AWAIT_GONE, machine))


def _create(want: Resource) -> Call:
    made = {"name": want.name, "type": want.properties["type"], **_body(want)}
    return Call(SERVICE, "create_state_machine", {**made, "tags": lower_tag_pairs(want.tags)})


def _update(want: Resource) -> Call:
    return Call(SERVICE, "update_state_machine", {"stateMachineArn": want.properties["arn"], **_body(want)})


def _body(want: Resource) -> dict[str, Json]:
    return {
        "definition": json.dumps(want.properties["definition"], indent=2),
        "roleArn": want.properties["role"],
        "loggingConfiguration": want.properties["logging"],
    }
