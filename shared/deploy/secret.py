"""Secrets as several kinds of resource use them: what is there, and making one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from shared.deploy.guard import check_ownership
from shared.deploy.model import Resource, pairs
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws


class Described(NamedTuple):
    """What is told of a secret without its value: its description and its tags."""

    text: str | None
    tags: Mapping[str, str]


def described(aws: Aws, name: str) -> Described | None:
    """Return what is told of the secret *name*; None when there is none, or it is being deleted."""
    manager = aws.client("secretsmanager")
    try:
        found = manager.describe_secret(SecretId=name)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    if "DeletedDate" in found:
        return None
    return Described(found.get("Description"), {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())})


def secret_names(aws: Aws, head: str) -> Iterator[str]:
    """Return the names of secrets that begin with *head*."""
    pages = aws.client("secretsmanager").get_paginator("list_secrets")
    for page in pages.paginate(Filters=[{"Key": "name", "Values": [head]}]):
        yield from (secret["Name"] for secret in page["SecretList"] if secret["Name"].startswith(head))


def make_secret(aws: Aws, name: str, text: str, *, description: str, tags: Mapping[str, str]) -> bool:
    """Make the secret *name* with the value *text*, and say whether it is new: one that is there stays as it is."""
    try:
        aws.client("secretsmanager").create_secret(
            Name=name, SecretString=text, Description=description, Tags=pairs(tags)
        )
    except ClientError as error:
        if code_of(error) != "ResourceExistsException":
            raise
        return False
    return True


def put_secret(aws: Aws, kind: str, name: str, text: str, *, description: str, tags: Mapping[str, str]) -> None:  # noqa: PLR0913  what, where, and whose
    """Make the secret *name* with the value *text*; when it was made since the plan, by its owner, give it that value.

    Raises:
        OwnershipError: It is not of the lane whose tags are *tags*.
    """
    if not make_secret(aws, name, text, description=description, tags=tags):
        have = described(aws, name)
        check_ownership([Resource(kind, name, have.tags if have else {}, {})], tags)
        aws.client("secretsmanager").put_secret_value(SecretId=name, SecretString=text)
