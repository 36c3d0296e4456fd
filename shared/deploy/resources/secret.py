"""Secrets whose values a team sets itself, by ``lanes secret set``. A deploy makes them empty and never writes one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.config.naming import path_prefix
from shared.config.resources import DATABASE_COMPONENT, KEY_COMPONENT
from shared.deploy.model import Call, Resource, Step
from shared.deploy.secret import described, secret_names
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import tag_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.deploy.sources import Sources

KIND = "secret"
SERVICE = "secretsmanager"
ARN = ("secretsmanager", "secret:")
# The secrets of other kinds: nothing stands between their component and the hash.
_OTHERS = re.compile(rf"[^/]+/({DATABASE_COMPONENT}|{KEY_COMPONENT})-[^-]+")


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the secrets of the lane's workflows."""
    for name in sources.lane.secrets:
        yield desired(name, sources.tags)


def desired(name: str, tags: Mapping[str, str]) -> Resource:
    """Return the secret called *name* as it should be: there. Its value is in no file, and in no plan."""
    return Resource(KIND, name, tags, {})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the secret as it is, or None. Whether it has a value does not count."""
    found = described(aws, name)
    return Resource(KIND, name, found.tags, {}) if found else None


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the secrets that are named like those of *team*'s workflows."""
    return (name for name in secret_names(aws, path_prefix(team)) if not _OTHERS.fullmatch(name))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    if have is None:
        make = Call(SERVICE, "create_secret", {"Name": want.name, "Tags": tag_pairs(want.tags)})
        return created(want, make, told={"value": "none yet: lanes secret set gives it one"})
    tag = Call(SERVICE, "tag_resource", {"SecretId": want.name, "Tags": tag_pairs(want.tags)})
    return updated(want, compare(want, have).tags, tag)


def remove(have: Resource) -> Step:
    """Return what removes *have* and its value, at once: a name in its recovery window could not be made again."""
    return removed(have, Call(SERVICE, "delete_secret", {"SecretId": have.name, "ForceDeleteWithoutRecovery": True}))
