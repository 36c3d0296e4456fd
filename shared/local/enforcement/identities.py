"""The policies and the boundary of a user or a role, read from moto's IAM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from moto.iam.models import Group, IAMBackend, ManagedPolicy, Role, User, iam_backends

from shared.iam.statements import Policy, read_identity_policy
from shared.local.arns import ACCOUNT, PARTITION, RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Hanging:
    """What belongs to one user or role and decides what it may do.

    Args:
        identity: Its own policies, inline and attached, and those of its groups.
        boundary: Its permissions boundary; None if it has none.
        trust: The trust policy of a role, as JSON text; empty for a user.
        tags: Its tags, as pairs.
        since: When it was made, in seconds since the epoch.
        known: Whether there is such a user or role. One that was deleted may do nothing.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    trust: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    since: float = 0
    known: bool = True


def hanging_on(arn: str) -> Hanging:
    """Return the policies, boundary and tags of the user or role *arn*."""
    found = _find(arn)
    if found is None:
        return Hanging(known=False)
    backend, thing = found
    owners = [thing, *(backend.get_groups_for_user(thing.name) if not _is_role(arn) else ())]
    return Hanging(
        identity=tuple(policy for owner in owners for policy in _policies(owner)),
        boundary=_boundary(backend, thing),
        trust=thing.assume_role_policy_document if _is_role(arn) else "",
        tags=tuple(_tags(thing)),
        since=thing.create_date.replace(tzinfo=UTC).timestamp(),  # moto's clock tells UTC without a zone
    )


def managed_policies(arns: Iterable[str], account: str) -> tuple[Policy, ...]:
    """Return the managed policies *arns* as *account* sees them. One that does not exist is returned as broken."""
    return tuple(_managed(iam_backends[account][arn.split(":")[PARTITION]], arn) for arn in arns)


def _find(arn: str) -> tuple[IAMBackend, Role | User] | None:
    parts = arn.split(":", RESOURCE)
    backend = iam_backends[parts[ACCOUNT]][parts[PARTITION]]
    things = backend.roles if _is_role(arn) else backend.users
    thing = next((thing for thing in list(things.values()) if thing.arn == arn), None)
    return None if thing is None else (backend, thing)


def _is_role(arn: str) -> bool:
    return arn.split(":", RESOURCE)[RESOURCE].startswith("role/")


def _policies(owner: Role | User | Group) -> Iterator[Policy]:
    for name, document in list(owner.policies.items()):
        yield read_identity_policy(name, document)
    for policy in list(owner.managed_policies.values()):
        yield _default_version(policy)


def _boundary(backend: IAMBackend, thing: Role | User) -> Policy | None:
    boundary = getattr(thing, "permissions_boundary_arn", None)  # users: shared.local.corrections.user_boundaries
    return _managed(backend, boundary) if boundary else None


def _managed(backend: IAMBackend, arn: str) -> Policy:
    policy = backend.managed_policies.get(arn)
    return Policy(arn, (), broken=("there is no such policy",)) if policy is None else _default_version(policy)


def _default_version(policy: ManagedPolicy) -> Policy:
    version = next(each for each in policy.versions if each.version_id == policy.default_version_id)
    return read_identity_policy(policy.arn, version.document)


def _tags(thing: Role | User) -> Iterator[tuple[str, str]]:
    """Yield a user's or role's tags, which moto keeps in two shapes."""
    tags = thing.tags or ()
    for tag in tags.values() if isinstance(tags, dict) else tags:
        yield tag["Key"], tag["Value"]
