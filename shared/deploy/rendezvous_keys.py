"""The keys of the rendezvous, in Secrets Manager: the account's one master key, and a key of each team made from it.

Whoever deploys first makes the master. It belongs to all teams, so no team's removal takes it away. Making it is one
call, which AWS lets only one caller win: two deploys at once do not make two masters. No plan ever holds a key.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from shared.config.platform import SLUG
from shared.deploy.guard import MANAGER, OwnershipError, check_ownership
from shared.deploy.model import Resource
from shared.deploy.reading import if_there
from shared.deploy.secret import Secret, make_secret, put_secret
from shared.deploy.tags import read_tags
from shared.errors import LanesError
from shared.fmi.rendezvous.keys import KEY_BYTES, RENEW, Namespace, read_key, team_key
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.watch import Watch
    from shared.values import Json

KEY_KIND, MASTER_KIND = "rendezvous key", "rendezvous master key"
MASTER_SECRET = f"{SLUG}/rendezvous-master"  # one for all stages, so it has no hash; the slug is reserved
MASTER_TAGS = {"team": SLUG, "owner": SLUG, "stage": "all", "managed-by": MANAGER}
SERVICE = "secretsmanager"
_WHAT_MASTER, _WHAT = "What all teams' keys at the rendezvous are made from", "The team's key at the rendezvous"


def find_master(aws: Aws) -> Resource | None:
    """Return the master's secret, or None. Its property ``reference`` is the current value, as ECS refers to it.

    Raises:
        LanesError: It is not the platform's, or about to be deleted.
    """
    manager = aws.client(SERVICE)
    found = if_there(lambda: manager.describe_secret(SecretId=MASTER_SECRET), "ResourceNotFoundException")
    if found is None:
        return None
    if "DeletedDate" in found:
        raise LanesError(
            f"secret {MASTER_SECRET} is about to be deleted, and all teams' keys are made from it",
            fix=f"aws secretsmanager restore-secret --secret-id {MASTER_SECRET}",
        )
    tags = read_tags(found.get("Tags", ()))
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
    if make_secret(aws, Secret(MASTER_SECRET, _WHAT_MASTER, MASTER_TAGS), made.hex()):
        return made
    return make_master(aws)  # somebody was quicker: theirs is the one


def put_master(aws: Aws, _params: Mapping[str, Json], _watch: Watch) -> None:
    """Make the master key when there is none."""
    make_master(aws)


def put_key(aws: Aws, params: Mapping[str, Json], _watch: Watch) -> None:
    """Put a team's key into its secret, which is made when it is not there.

    Raises:
        LanesError: The master's secret is not the platform's, or holds no key; or the team's is about to be deleted,
            or somebody else's.
    """
    key = team_key(make_master(aws), as_text(params["team"])).hex()
    tags = {name: as_text(value) for name, value in as_mapping(params["tags"]).items()}
    put_secret(aws, KEY_KIND, Secret(as_text(params["secret"]), _WHAT, tags), key)


def key_is_current(aws: Aws, name: str, team: str) -> bool:
    """Say whether the secret *name* holds the key that the master key of today gives *team*."""
    text = aws.client(SERVICE).get_secret_value(SecretId=name).get("SecretString", "")
    try:
        master = read_master(aws)
    except LanesError:  # whoever needs the master itself tells of it
        master = None
    return master is not None and secrets.compare_digest(text.encode(), team_key(master, team).hex().encode())


def signed(lane: Lane, aws: Aws) -> Namespace | None:
    """Return the namespace that signs as *lane*'s ranks do, or None when the lane has no key in this cloud."""
    if not lane.rendezvous_key:
        return None
    manager = aws.client(SERVICE)
    found = if_there(lambda: manager.get_secret_value(SecretId=lane.rendezvous_key), "ResourceNotFoundException")
    text = found["SecretString"] if found else ""
    return Namespace(lane.team, key=read_key(text, lane.rendezvous_key, RENEW)) if text else None
