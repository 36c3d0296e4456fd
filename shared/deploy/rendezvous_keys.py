"""The keys of the rendezvous, in Secrets Manager: the account's one master, and what is made from it for each team.

The master is made by whoever deploys first and belongs to all teams: it goes with none of them. Making it is one call
that AWS lets only one caller win, so two at once do not make two. No key ever stands in a plan.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.config.platform import SLUG
from shared.deploy.guard import MANAGER, OwnershipError, check_ownership
from shared.deploy.model import Resource
from shared.deploy.secret import make_secret, put_secret
from shared.errors import LanesError, code_of
from shared.fmi.rendezvous.keys import KEY_BYTES, RENEW, Namespace, read_key, team_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane

    Sleep = Callable[[float], None]

KEY_KIND, MASTER_KIND = "rendezvous key", "rendezvous master key"
MASTER_SECRET = f"{SLUG}/rendezvous-master"  # of all stages, so without a hash; the slug can be no team's
MASTER_TAGS = {"team": SLUG, "owner": SLUG, "stage": "all", "managed-by": MANAGER}
SERVICE = "secretsmanager"
_WHAT = "The team's key at the rendezvous"


def find_master(aws: Aws) -> Resource | None:
    """Return the master's secret, its current value's place as ECS spells it among its properties; None without one.

    Raises:
        LanesError: It is not the platform's, or about to be deleted.
    """
    manager = aws.client(SERVICE)
    try:
        found = manager.describe_secret(SecretId=MASTER_SECRET)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    if "DeletedDate" in found:
        raise LanesError(
            f"secret {MASTER_SECRET} is about to be deleted, and all teams' keys are made from it",
            fix=f"aws secretsmanager restore-secret --secret-id {MASTER_SECRET}",
        )
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
    versions = found["VersionIdsToStages"].items()
    newest = next(version for version, stages in versions if "AWSCURRENT" in stages)
    have = Resource(MASTER_KIND, MASTER_SECRET, tags, {"reference": f"{found['ARN']}:::{newest}"})
    try:
        check_ownership([have], MASTER_TAGS)
    except OwnershipError as error:
        tagged = " ".join(f"{key}={value}" for key, value in MASTER_TAGS.items())
        raise OwnershipError(error.what, fix=f"delete it, or, if it is the platform's, tag it {tagged}") from error
    return have


def read_master(aws: Aws) -> bytes | None:
    """Return the master key, or None when there is none.

    Raises:
        LanesError: The secret is not the platform's, or holds no key.
    """
    if find_master(aws) is None:
        return None
    return read_key(aws.client(SERVICE).get_secret_value(SecretId=MASTER_SECRET)["SecretString"], MASTER_SECRET)


def make_master(aws: Aws) -> bytes:
    """Return the master key; make it when there is none.

    Raises:
        LanesError: The secret is not the platform's, or holds no key.
    """
    have = read_master(aws)
    if have is not None:
        return have
    made = secrets.token_bytes(KEY_BYTES)
    what = "What all teams' keys at the rendezvous are made from"
    if make_secret(aws, MASTER_SECRET, made.hex(), description=what, tags=MASTER_TAGS):
        return made
    return make_master(aws)  # somebody was quicker: theirs is the one


def put_master(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all routines
    """Make the master key when there is none."""
    make_master(aws)


def put_key(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all routines
    """Put a team's key into its secret, which is made when it is not there.

    Raises:
        LanesError: The master's secret is not the platform's, or holds no key; or the team's is about to be deleted,
            or somebody else's.
    """
    key = team_key(make_master(aws), params["team"]).hex()
    put_secret(aws, KEY_KIND, params["secret"], key, description=_WHAT, tags=params["tags"])


def key_is_current(aws: Aws, name: str, team: str) -> bool:
    """Say whether the secret *name* holds the key that the master key of today gives *team*."""
    text = aws.client(SERVICE).get_secret_value(SecretId=name).get("SecretString", "")
    try:
        master = read_master(aws)
    except LanesError:  # told by whoever needs the master itself
        master = None
    return master is not None and secrets.compare_digest(text.encode(), team_key(master, team).hex().encode())


def signed(lane: Lane, aws: Aws) -> Namespace | None:
    """Return what signs as *lane*'s ranks do, or None when it has no key in this cloud."""
    manager = aws.client(SERVICE)
    try:
        text = manager.get_secret_value(SecretId=lane.rendezvous_key)["SecretString"] if lane.rendezvous_key else ""
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    return Namespace(lane.team, key=read_key(text, lane.rendezvous_key, RENEW)) if text else None
