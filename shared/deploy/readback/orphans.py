"""Orphans: resources with our tags in a cloud, which no team's file explains any more.

A team's file was deleted, a workflow or a function was renamed, or the hash of names changed. Most kinds are found by
their tags, in all services at once. AWS finds no roles by tag, so roles, boundaries and budgets are listed by kind.
Source: Resource Groups Tagging API reference, "Services that support the Resource Groups Tagging API" (November 2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shared.config.naming import record_folder
from shared.config.resources import DATABASE_COMPONENT, KEY_COMPONENT
from shared.deploy import record
from shared.deploy.guard import MANAGER
from shared.deploy.rendezvous_keys import MASTER_SECRET
from shared.deploy.resources import (
    ARNS,
    DATA_REMOVED_BY,
    KINDS,
    budget,
    database,
    policy,
    rendezvous_key,
    role,
    secret,
)
from shared.deploy.tags import read_tags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.deploy.readback.sight import Sight

_LISTED = (role.KIND, policy.KIND, budget.KIND)
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")  # Secrets Manager ends an ARN with a hyphen and six letters
_DIGEST = re.compile(r"-([0-9a-f]{8})$")


@dataclass(frozen=True, slots=True, order=True)
class Orphan:
    """One resource that nothing explains, with the team and the owner of its tags, why, and the fix."""

    team: str
    kind: str
    name: str
    owner: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.owner or 'no owner'}): {self.why}\n  fix: {self.fix}"


def find_orphans(project: Project, aws: Aws, sight: Sight) -> list[Orphan]:
    """Return the resources of this stage that carry our tags and that no team's file makes, sorted.

    The platform's own are left out: ``lanes rendezvous plan`` shows them. *sight* notes what the caller may not read.
    """
    explained = {name.value for names in project.names.values() for name in names} | {MASTER_SECRET}
    explained |= {record.record_name(lane, each) for lane in project.teams.values() for each in record.WRITERS}
    found: dict[tuple[str, str], Orphan] = {}
    for kind, name, tags in (*_tagged(aws, sight), *_listed(project, explained, aws, sight)):
        ours = tags.get("managed-by") == MANAGER and tags.get("stage") == project.place.stage
        team = tags.get("team", "")
        strange = ours and name not in explained and team not in project.naming.slug.reserved
        if strange and _is_there(kind, name, aws, sight):
            lane = project.teams.get(team)
            why, fix = _reason(kind, name, lane) if lane else _gone(team)
            found[kind, name] = Orphan(team, kind, name, tags.get("owner", ""), why, fix)
    return sorted(found.values())


def _tagged(aws: Aws, sight: Sight) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    client = aws.client("resourcegroupstaggingapi")
    wanted = [{"Key": "managed-by", "Values": [MANAGER]}]
    pages = sight.list(
        "orphans, but for roles, policies and budgets",
        lambda: client.get_paginator("get_resources").paginate(TagFilters=wanted),
    )
    for raw in (raw for page in pages or () for raw in page["ResourceTagMappingList"]):
        kind, name = _named(raw["ResourceARN"])
        yield kind, name, read_tags(raw["Tags"])


def _is_there(kind: str, name: str, aws: Aws, sight: Sight) -> bool:
    """Whether *name* is still there: AWS tells the tags of what was deleted for a while longer."""
    with sight.looking(f"whether {kind} {name} is still there"):
        if kind == record.KIND:
            return record.current(aws, name) is not None
        return kind not in KINDS or KINDS[kind].current(aws, name) is not None
    return True


def _named(arn: str) -> tuple[str, str]:
    """Return the kind and name of what *arn* names. Of any other kind than ours, the ARN stands for the name."""
    parts = arn.split(":", 5)
    for kind, (service, before) in ARNS.items():
        if parts[2] == service and parts[5].startswith(before):
            name = parts[5].removeprefix(before)
            if service == "secretsmanager":
                return _kind_of_secret(_SUFFIX.sub("", name)), _SUFFIX.sub("", name)
            return record.KIND if name.startswith(record_folder()) else kind, name.removesuffix(":*")
    return parts[2], arn


def _kind_of_secret(name: str) -> str:
    """Return the kind of the secret *name*: nothing stands between its component and the hash but in a workflow's."""
    of_component = {KEY_COMPONENT: rendezvous_key.KIND, DATABASE_COMPONENT: database.KIND}
    component, _, digest = name.rpartition("/")[2].partition("-")
    return secret.KIND if "-" in digest else of_component.get(component, secret.KIND)


def _listed(
    project: Project, explained: Collection[str], aws: Aws, sight: Sight
) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    ours = re.compile(rf"{project.naming.slug.pattern}-.+{_DIGEST.pattern}")
    for kind in _LISTED:
        names = sight.list(f"orphans of kind {kind}", partial(KINDS[kind].names, aws, ""))
        for name in names or ():
            if name not in explained and ours.fullmatch(name):
                with sight.looking(f"orphans of kind {kind}"):
                    resource = KINDS[kind].current(aws, name)
                    if resource:
                        yield kind, name, resource.tags


def _gone(team: str) -> tuple[str, str]:
    why = f"there is no teams/{team}.yaml" if team else "its tags name no team"
    return why, (
        f"bring the file back (git log -- teams/{team}.yaml finds it), lanes destroy {team}, then delete the file"
        if team
        else "tag it with its team, or delete it by hand"
    )


def _reason(kind: str, name: str, lane: Lane) -> tuple[str, str]:
    digest = _DIGEST.search(name)
    old = digest is not None and digest[1] != lane.hash
    why = (
        f"it was named under the hash {digest[1]}, and {lane.team}'s is {lane.hash} now"
        if digest and old
        else f"nothing in teams/{lane.team}.yaml makes it any more: a workflow or function was removed or renamed"
    )
    if kind in DATA_REMOVED_BY:
        delete = DATA_REMOVED_BY[kind].format(name=name)
        return why, f"it may hold data, so lanes deploy keeps it; save that, then {delete}"
    return why, f"lanes deploy {lane.team} (lanes plan {lane.team} shows what it removes)"
