"""A team's part of the teams' database. It is known by its secret, which carries the team's tags."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.resources import DATABASE_COMPONENT
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.secret import described, own_secrets
from shared.deploy.steps import created, differences, missing_tags, removed, updated
from shared.deploy.tags import tag_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Database
    from shared.deploy.sources import Sources

KIND = "database"
SERVICE = "secretsmanager"
ARN = ("secretsmanager", "secret:")
PROVISION, DROP = "provision database", "drop database"


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the lane's database, if its team's file asks for one."""
    if sources.lane.database:
        yield desired(sources.lane.database, sources.tags)


def desired(database: Database, tags: Mapping[str, str]) -> Resource:
    """Return *database* as it should be. When a migration is edited, it is provisioned again, and nothing is lost."""
    return Resource(
        KIND,
        database.secret,
        tags,
        {
            "description": f"schema {database.schema}, {_digest(database.migrations)}",
            "schema": database.schema,
            "migrations": list(database.migrations),
        },
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the database as it is, or None. Its description is written last, so one without it is half made."""
    found = described(aws, name)
    return Resource(KIND, name, found.tags, {"description": found.text}) if found else None


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the secrets of *team*'s databases."""
    return own_secrets(aws, team, DATABASE_COMPONENT)


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    params = {**want.properties, "secret": want.name, "tags": dict(want.tags)}
    provision = Routine(PROVISION, params)
    if have is None:
        return created(want, provision)
    description = {"description": want.properties["description"]}
    changed, tags = differences(description, have.properties), missing_tags(want, have)
    tag = Call(SERVICE, "tag_resource", {"SecretId": want.name, "Tags": tag_pairs(want.tags)})
    return updated(want, (*changed, *tags), *([provision] if changed else ()), *([tag] if tags else ()))


def remove(have: Resource) -> Step:
    """Return what removes *have* with all its rows."""
    drop = Routine(DROP, {"secret": have.name, "team": have.tags["team"]})
    delete = Call(SERVICE, "delete_secret", {"SecretId": have.name, "ForceDeleteWithoutRecovery": True})
    return removed(have, drop, delete)


def _digest(migrations: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for module in migrations:
        spec = find_spec(module)
        if spec and spec.origin:
            digest.update(Path(spec.origin).read_bytes())
    return digest.hexdigest()[:12]
