"""A team's key at the rendezvous, in a secret. It is made from the account's master key, again when that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.platform import SLUG
from shared.config.resources import KEY_COMPONENT
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.rendezvous_keys import KEY_KIND, MASTER_KIND, MASTER_SECRET, key_is_current, read_master
from shared.deploy.secret import described, own_secrets
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import tag_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.sources import Sources

KIND = KEY_KIND
SERVICE = "secretsmanager"
ARN = ("secretsmanager", "secret:")
PUT, MAKE_MASTER = "put rendezvous key", "make rendezvous master key"
_CURRENT, _OTHER = f"made from {MASTER_SECRET}", "made from another"


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the lane's key, if any of its functions goes to the rendezvous."""
    if sources.lane.rendezvous_key:
        yield desired(sources.lane, sources.tags)


def desired(lane: Lane, tags: Mapping[str, str]) -> Resource:
    """Return the lane's key as it should be. Its value is in its secret only, never in a plan."""
    return Resource(KIND, lane.rendezvous_key, tags, {"team": lane.team, "key": _CURRENT})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the key as it is, or None. All that is told of it is whether it is made from the master of today.

    A team's own role sees that the secret is there, but may read neither key. So it takes the key for a current one.
    The platform has no such role: whoever deploys the platform's key reads both, whatever that role is called.
    """
    found = described(aws, name)
    if found is None:
        return None
    team = found.tags.get("team", "")
    blind = team != SLUG and aws.caller.rpartition(":")[2].startswith(f"assumed-role/{team}-")
    made = _CURRENT if blind or key_is_current(aws, name, team) else _OTHER
    return Resource(KIND, name, found.tags, {"team": team, "key": made})


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the secrets of *team*'s keys."""
    return own_secrets(aws, team, KEY_COMPONENT)


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    tags = dict(want.tags)
    put = Routine(PUT, {"secret": want.name, "team": want.properties["team"], "tags": tags})
    if have is None:
        return created(want, put)
    changed, missing = compare(want, have)
    tag = Call(SERVICE, "tag_resource", {"SecretId": want.name, "Tags": tag_pairs(tags)})
    return updated(want, (*changed, *missing), *([put] if changed else ()), *([tag] if missing else ()))


def remove(have: Resource) -> Step:
    """Return what removes *have*. The master key stays."""
    return removed(have, Call(SERVICE, "delete_secret", {"SecretId": have.name, "ForceDeleteWithoutRecovery": True}))


def master_step(aws: Aws) -> Step:
    """Return what makes the account's master key when there is none. It belongs to no lane, and no plan removes it.

    Raises:
        LanesError: Its secret is not the platform's, or holds no key.
    """
    if read_master(aws) is None:
        diff = ("key: 32 random bytes, which stay when a team goes",)
        return Step("create", MASTER_KIND, MASTER_SECRET, diff, (Routine(MAKE_MASTER, {}),))
    return Step("nothing", MASTER_KIND, MASTER_SECRET)
