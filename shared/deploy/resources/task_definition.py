"""ECS task definitions: what a task runs. Each change is a new revision, and services are moved to the newest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.reading import if_there
from shared.deploy.steps import created, differences, missing_tags, removed, updated
from shared.deploy.tags import lower_tag_pairs, read_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.values import Json

KIND = "task definition"
SERVICE = "ecs"
ARN = ("ecs", "task-definition/")
REGISTER, DEREGISTER = "register task definition", "deregister task definitions"
_FARGATE = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}


def desired(
    family: str, tags: Mapping[str, str], container: Mapping[str, Json], size: tuple[int, int], execution_role: str
) -> Resource:
    """Return the definition of a task with one container.

    Args:
        family: Its name.
        tags: Whose it is.
        container: The container, in ECS's own words. What is left out is as ECS has it.
        size: CPU units and MB.
        execution_role: The ARN of the role that pulls the image and writes the logs; the container itself has none.
    """
    cpu, memory = (str(each) for each in size)
    settings = {"cpu": cpu, "memory": memory, "execution_role": execution_role}
    return Resource(KIND, family, tags, {"container": container, **settings})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the newest revision as it is, or None."""
    ask = partial(aws.client(SERVICE).describe_task_definition, taskDefinition=name, include=["TAGS"])
    answer = if_there(ask, "ClientException")  # ECS has no word of its own for what is not there
    if answer is None or answer["taskDefinition"]["status"] != "ACTIVE":
        return None
    found = answer["taskDefinition"]
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
    """Return what makes *have* into *want*. What ECS adds to a container by itself is no difference."""
    register = Routine(
        REGISTER,
        {
            "family": want.name,
            "containerDefinitions": [want.properties["container"]],
            "cpu": want.properties["cpu"],
            "memory": want.properties["memory"],
            "executionRoleArn": want.properties["execution_role"],
            "tags": lower_tag_pairs(want.tags),
            **_FARGATE,
        },
    )
    if have is None:
        return created(want, register)
    found = {key: have.properties[key] for key in want.properties}
    found["container"] = as_asked(want.properties["container"], found["container"])
    changed, tags = differences(want.properties, found), missing_tags(want, have)
    tag = Call(SERVICE, "tag_resource", {"resourceArn": have.properties["arn"], "tags": lower_tag_pairs(want.tags)})
    return updated(want, (*changed, *tags), register if changed else tag)


def remove(have: Resource) -> Step:
    """Return what removes every revision of *have*."""
    return removed(have, Routine(DEREGISTER, {"family": have.name}))


def as_asked(asked: Json, found: Json) -> Json:
    """Return *found* without what *asked* does not have: ECS fills in what was left out."""
    if isinstance(asked, dict) and isinstance(found, dict):
        return {key: as_asked(asked[key], value) for key, value in found.items() if key in asked}
    if isinstance(asked, list) and isinstance(found, list) and len(asked) == len(found):
        return [as_asked(one, other) for one, other in zip(asked, found, strict=True)]
    return found
