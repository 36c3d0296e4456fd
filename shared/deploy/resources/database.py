"""A team's part of the teams' database, known by its secret: what says it is there carries the team's tags."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.resolve import DATABASE_COMPONENT
from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, pairs, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.lane import Database
    from shared.deploy.aws import Aws

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
    manager = aws.client(SERVICE)
    try:
        found = manager.describe_secret(SecretId=name)
    except manager.exceptions.ResourceNotFoundException:
        return None
    if "DeletedDate" in found:
        return None
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
    return Resource(KIND, name, tags, {"description": found.get("Description")})


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the database secrets of the team whose other names begin with *prefix*."""
    head = f"{prefix.removesuffix('-')}/{DATABASE_COMPONENT}-"
    pages = aws.client(SERVICE).get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [head]}])
    for page in pages:
        yield from (secret["Name"] for secret in page["SecretList"] if secret["Name"].startswith(head))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    params = {**want.properties, "secret": want.name, "tags": dict(want.tags)}
    provision = Routine("provision database", params)
    if have is None:
        return Step("create", KIND, want.name, summary(want.properties), (provision,))
    described = {"description": want.properties["description"]}
    changed, tags = differences(described, have.properties), missing_tags(want, have)
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
