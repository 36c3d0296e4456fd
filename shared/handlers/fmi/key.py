"""The key with which the team's ranks sign their names at the rendezvous. It is read from the team's secret."""

from __future__ import annotations

import functools
import os
import time
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import LanesError
from shared.fmi import Namespace
from shared.fmi.rendezvous.keys import RENEW, read_key
from shared.handlers.env import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VARIABLE = "RENDEZVOUS_SECRET"
"""The variable that names the team's secret."""

LIFETIME = 300.0  # seconds that a worker keeps a key: our choice; workers live for hours, and a key may be renewed


class NoTeamKey(LanesError):
    """The team has no key at the rendezvous, or its function may not read it."""


def own_namespace(
    run: str = "",
    comm: str = "fmi",
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.monotonic,
) -> Namespace:
    """Return what makes the names of this team's ranks, signed with its key.

    Args:
        run: The execution.
        comm: The communicator's name within it.
        environ: The function's environment.
        clock: Seconds, never going back.

    Raises:
        MissingEnvironment: The function's card does not say ``rendezvous: true``.
        NoTeamKey: Its secret cannot be read.
    """
    (_, team), (_, secret) = require(environ, f"TEAM {VARIABLE}")
    return Namespace(team, run, comm, key_in(secret, int(clock() // LIFETIME)))


@functools.lru_cache(maxsize=1)
def key_in(secret: str, age: int) -> bytes:
    """Return the key in *secret*. It is read once for each *age*, which is a number that grows with time.

    Raises:
        NoTeamKey: It cannot be read.
        UsageError: It is no key.
    """
    del age  # only for the cache
    client = boto3.client("secretsmanager", config=Config(retries={"mode": "standard"}))
    try:
        text = client.get_secret_value(SecretId=secret)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise NoTeamKey(f"the team's key cannot be read: {error}", where=f"secret {secret}", fix=RENEW) from error
    return read_key(text, f"secret {secret}", RENEW)
