"""A team's part of the teams' database, known by its secret: what says it is there carries the team's tags."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.resolve import DATABASE_COMPONENT
from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, pairs, summary
from shared.deploy.secret import described, secret_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Database

KIND = "database"
SERVICE = "secretsmanager"


def desired(database: Database, tags: Mapping[str, str]) -> Resource:
    """Return *database* as it should be; it is made anew, and nothing lost, when one of its migrations is edited."""
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
    """Return the database as it is, or None. Its description is written last: before that it is half made."""
    found = described(aws, name)
    return Resource(KIND, name, found.tags, {"description": found.text}) if found else None


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the database secrets of the team whose other names begin with *prefix*."""
    return secret_names(aws, f"{prefix.removesuffix('-')}/{DATABASE_COMPONENT}-")


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    params = {**want.properties, "secret": want.name, "tags": dict(want.tags)}
    provision = Routine("provision database", params)
    if have is None:
        return Step("create", KIND, want.name, summary(want.properties), (provision,))
    description = {"description": want.properties["description"]}
    changed, tags = differences(description, have.properties), missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    calls: list[Call | Routine] = [provision] if changed else []
    if tags:
        calls.append(Call(SERVICE, "tag_resource", {"SecretId": want.name, "Tags": pairs(want.tags)}))
    return Step("update", KIND, want.name, (*changed, *tags), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have* with all its rows."""
    drop = Routine("drop database", {"secret": have.name, "team": have.tags["team"]})
    on = {"SecretId": have.name, "ForceDeleteWithoutRecovery": True}
    return Step("delete", KIND, have.name, calls=(drop, Call(SERVICE, "delete_secret", on)))


def _digest(migrations: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for module in migrations:
        spec = find_spec(module)
        if spec and spec.origin:
            digest.update(Path(spec.origin).read_bytes())
    return digest.hexdigest()[:12]
