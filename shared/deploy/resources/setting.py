"""Settings of a workflow: SSM parameters with a plain text, which stands on the workflow's card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.deploy.model import Call, Resource, Step
from shared.deploy.reading import if_there, listed_names
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import read_tags, tag_pairs
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.resources import Setting
    from shared.deploy.sources import Sources

KIND = "setting"
SERVICE = "ssm"
ARN = ("ssm", "parameter")  # the name begins with the slash that follows
_TYPE = "Parameter"


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the settings of the lane's workflows."""
    for setting in sources.lane.settings:
        yield desired(setting, sources.tags)


def desired(setting: Setting, tags: Mapping[str, str]) -> Resource:
    """Return *setting* as it should be."""
    return Resource(KIND, setting.name, tags, {"type": "String", "value": setting.value})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the parameter as it is, or None."""
    ssm = aws.client(SERVICE)
    answer = if_there(lambda: ssm.get_parameter(Name=name), "ParameterNotFound")
    tags = if_there(lambda: ssm.list_tags_for_resource(ResourceType=_TYPE, ResourceId=name), "InvalidResourceId")
    if answer is None or tags is None:
        return None
    found = answer["Parameter"]
    return Resource(KIND, name, read_tags(tags["TagList"]), {"type": found["Type"], "value": found["Value"]})


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the parameters that are named like *team*'s."""
    prefix = f"/{team}/" if team else "/"
    wanted = [{"Key": "Name", "Option": "BeginsWith", "Values": [prefix]}]
    pages = aws.client(SERVICE).get_paginator("describe_parameters").paginate(ParameterFilters=wanted)
    return listed_names(pages, "Parameters", "Name", prefix)


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*.

    Raises:
        LanesError: It is of another type, as of a SecureString. SSM changes none (API reference, PutParameter,
            HierarchyTypeMismatchException).
    """
    told = {"Name": want.name, "Type": want.properties["type"], "Value": want.properties["value"]}
    if have is None:
        return created(want, Call(SERVICE, "put_parameter", {**told, "Tags": tag_pairs(want.tags)}))
    if have.properties["type"] != want.properties["type"]:
        raise LanesError(
            f"setting {want.name} is a {have.properties['type']}, and SSM changes no parameter's type",
            fix=f"save its value and delete it: aws ssm delete-parameter --name {want.name}",
        )
    changed, tags = compare(want, have)
    put = Call(SERVICE, "put_parameter", {**told, "Overwrite": True})
    on = {"ResourceType": _TYPE, "ResourceId": want.name}
    tag = Call(SERVICE, "add_tags_to_resource", {**on, "Tags": tag_pairs(want.tags)})
    return updated(want, (*changed, *tags), *([put] if changed else ()), *([tag] if tags else ()))


def remove(have: Resource) -> Step:
    """Return what removes *have*. Its value stands on a card, or stood there."""
    return removed(have, Call(SERVICE, "delete_parameter", {"Name": have.name}))
