"""ECS task definitions: what a task runs. Each change is a new revision; services are moved to the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, summary
from shared.deploy.resources.cluster import read_tags, write_tags
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws

KIND = "task definition"
_FARGATE = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}


def desired(
    family: str, tags: Mapping[str, str], container: Mapping[str, Any], size: tuple[int, int], execution_role: str
) -> Resource:
    """Return the definition of a task with one container.

    Args:
        family: Its name.
        tags: Whose it is.
        container: The container, in ECS's own words; what is left out is as ECS has it.
        size: CPU units and MB.
        execution_role: The ARN of the role that pulls the image and writes the logs; the container itself has none.
    """
    cpu, memory = (str(each) for each in size)
    properties = {"container": dict(container), "cpu": cpu, "memory": memory, "execution_role": execution_role}
    return Resource(KIND, family, tags, properties)


def current(aws: Aws, name: str) -> Resource | None:
    """Return the newest revision as it is, or None."""
    try:
        answer = aws.client("ecs").describe_task_definition(taskDefinition=name, include=["TAGS"])
    except ClientError as error:
        if code_of(error) != "ClientException":  # ECS has no word of its own for what is not there
            raise
        return None
    found = answer["taskDefinition"]
    if found["status"] != "ACTIVE":
        return None
    return Resource(
        KIND,
        name,
        read_tags(answer.get("tags", ())),
        {
            "container": found["containerDefinitions"][0],
            "cpu": found.get("cpu"),
            "memory": found.get("memory"),
            "execution_role": found.get("executionRoleArn"),
            "arn": found["taskDefinitionArn"],
        },
    )


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*; what ECS adds to a container by itself is no difference."""
    register = Routine(
        "register task definition",
        {
            "family": want.name,
            "containerDefinitions": [want.properties["container"]],
            "cpu": want.properties["cpu"],
            "memory": want.properties["memory"],
            "executionRoleArn": want.properties["execution_role"],
            "tags": write_tags(want.tags),
            **_FARGATE,
        },
    )
    if have is None:
        return Step("create", KIND, want.name, summary(want.properties), (register,))
    found = {key: have.properties[key] for key in want.properties}
    found["container"] = as_asked(want.properties["container"], found["container"])
    changed, tags = differences(want.properties, found), missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    tag = Call("ecs", "tag_resource", {"resourceArn": have.properties["arn"], "tags": write_tags(want.tags)})
    return Step("update", KIND, want.name, (*changed, *tags), (register if changed else tag,))


def remove(have: Resource) -> Step:
    """Return what removes every revision of *have*."""
    return Step("delete", KIND, have.name, calls=(Routine("deregister task definitions", {"family": have.name}),))


def as_asked(asked: Any, found: Any) -> Any:
    """Return *found* without what was not asked for."""
    if isinstance(asked, dict) and isinstance(found, dict):
        return {key: as_asked(asked[key], value) for key, value in found.items() if key in asked}
    if isinstance(asked, list) and isinstance(found, list) and len(asked) == len(found):
        return [as_asked(one, other) for one, other in zip(asked, found, strict=True)]
    return found
