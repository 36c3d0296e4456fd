"""Secrets as several kinds of resource use them: what is there, and making one under a name that was just freed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from shared.deploy.model import pairs
from shared.errors import LanesError, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.deploy.aws import Aws

_ATTEMPTS, _SETTLE_SECONDS = 10, 3.0


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


def make_secret(  # noqa: PLR0913  where, what, and how to wait
    aws: Aws, name: str, text: str, *, description: str, tags: Mapping[str, str], sleep: Callable[[float], None]
) -> None:
    """Make the secret *name* with the value *text*; Secrets Manager keeps a name for seconds after it is freed.

    Raises:
        ResourceExistsException: It is there; the client's own exception.
        LanesError: It is about to be deleted, and not within seconds.
    """
    manager = aws.client("secretsmanager")
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(_SETTLE_SECONDS)
        try:
            manager.create_secret(Name=name, SecretString=text, Description=description, Tags=pairs(tags))
        except manager.exceptions.InvalidRequestException as error:
            held = error
        else:
            return
    raise LanesError(
        f"the name of secret {name} is not free: {held.response['Error'].get('Message', 'it is being deleted')}",
        fix=f"aws secretsmanager restore-secret --secret-id {name}",
    ) from held
