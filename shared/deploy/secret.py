"""Secrets of Secrets Manager, which several kinds of resource keep: reading what is there, and making one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from shared.config.naming import secret_prefix
from shared.deploy.guard import check_ownership
from shared.deploy.model import Resource
from shared.deploy.reading import if_there, listed_names
from shared.deploy.tags import read_tags, tag_pairs
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from shared.aws.client import Aws


class Described(NamedTuple):
    """What is told of a secret without its value: its description, its tags, and when it was changed in any way."""

    text: str | None
    tags: Mapping[str, str]
    has_value: bool
    changed: datetime | None


def described(aws: Aws, name: str) -> Described | None:
    """Return what is told of the secret *name*; None when there is none, or it is being deleted."""
    manager = aws.client("secretsmanager")
    found = if_there(lambda: manager.describe_secret(SecretId=name), "ResourceNotFoundException")
    if found is None or "DeletedDate" in found:
        return None
    has_value = any("AWSCURRENT" in stages for stages in found.get("VersionIdsToStages", {}).values())
    return Described(
        found.get("Description"), read_tags(found.get("Tags", ())), has_value, found.get("LastChangedDate")
    )


def secret_names(aws: Aws, prefix: str) -> Iterator[str]:
    """Yield the names of secrets that begin with *prefix*."""
    paginator = aws.client("secretsmanager").get_paginator("list_secrets")
    return listed_names(paginator.paginate(Filters=[{"Key": "name", "Values": [prefix]}]), "SecretList", "Name", prefix)


def own_secrets(aws: Aws, team: str, component: str) -> Iterator[str]:
    """Yield the names of *team*'s secrets of one *component*, and not those of a workflow that is called so."""
    prefix = secret_prefix(team, component)
    return (name for name in secret_names(aws, prefix) if "-" not in name.removeprefix(prefix))


class Secret(NamedTuple):
    """A secret without its value."""

    name: str
    description: str
    tags: Mapping[str, str]


def make_secret(aws: Aws, secret: Secret, text: str) -> bool:
    """Make *secret* with the value *text*, and say whether it is new. One that is there already stays as it is."""
    try:
        aws.client("secretsmanager").create_secret(
            Name=secret.name, SecretString=text, Description=secret.description, Tags=tag_pairs(secret.tags)
        )
    except ClientError as error:
        if code_of(error) != "ResourceExistsException":
            raise
        return False
    return True


def put_secret(aws: Aws, kind: str, secret: Secret, text: str) -> None:
    """Make *secret* with the value *text*. If its owner has made it since the plan, give it that value.

    Raises:
        OwnershipError: There is one of that name, and it is not of the lane whose tags *secret* has.
    """
    if not make_secret(aws, secret, text):
        have = described(aws, secret.name)
        check_ownership([Resource(kind, secret.name, have.tags if have else {}, {})], secret.tags)
        aws.client("secretsmanager").put_secret_value(SecretId=secret.name, SecretString=text)
