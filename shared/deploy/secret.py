"""Makes secrets, also under a name that was freed a moment ago: Secrets Manager keeps it for some seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.deploy.model import pairs
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.deploy.aws import Aws

_ATTEMPTS, _SETTLE_SECONDS = 10, 3.0


def make_secret(  # noqa: PLR0913  where, what, and how to wait
    aws: Aws, name: str, text: str, *, description: str, tags: Mapping[str, str], sleep: Callable[[float], None]
) -> None:
    """Make the secret *name* with the value *text*.

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
