"""Who owns what. A resource that is not this lane's is refused; what nobody claims is adopted on request alone.

Step Functions answers a second create with 200 and ignores the new role and tags; S3 does the same for buckets in
us-east-1. So a name is read back before it is created or changed, and its tags must say that it is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.config.lane import Lane
    from shared.deploy.model import Resource

MANAGER = "teamlanes"
IDENTITY = ("team", "stage", "managed-by")
_STACK = "aws:cloudformation:stack-name"
"""A tag that CloudFormation puts on what its stacks make, and that nobody takes off."""


class OwnershipError(LanesError):
    """A name that the lane needs belongs to somebody else, or to nobody."""


def lane_tags(lane: Lane) -> dict[str, str]:
    """Return the tags of everything in *lane*: its own, and those that say whose it is, for the bill and the guard."""
    return {
        **lane.tags,
        "team": lane.team,
        "owner": lane.owner,
        "stage": lane.place.stage,
        "managed-by": MANAGER,
    }


def is_ours(tags: Mapping[str, str], ours: Mapping[str, str]) -> bool:
    """Say whether *tags* are those of the lane whose tags are *ours*."""
    return all(tags.get(key) == ours[key] for key in IDENTITY)


def claimed_by(tags: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """Return who else claims what carries *tags*; empty if it is of the lane whose tags are *ours*, or nobody's.

    Keys count in any case, as ``Owner``. Where the team is ours, another owner is the team's former one.
    """
    told = {key.lower(): value for key, value in tags.items()}
    team, owner, stage, manager = (told.get(key, "") for key in ("team", "owner", "stage", "managed-by"))
    if team and team != ours["team"]:
        return f"team {team}" + (f" ({owner})" if owner else "")
    if stage and stage != ours["stage"]:
        return f"stage {stage}"
    if manager and manager != MANAGER:
        return f"{manager}, which manages it"
    if stack := told.get(_STACK):
        return f"the CloudFormation stack {stack}"
    return owner if owner and not team and owner != ours["owner"] else ""


def check_ownership(found: Iterable[Resource], ours: Mapping[str, str]) -> None:
    """Refuse every resource of *found* that is not of the lane whose tags are *ours*.

    Raises:
        OwnershipError: Names them all, with their owners.
    """
    foreign = [resource for resource in found if not is_ours(resource.tags, ours)]
    if foreign:
        raise OwnershipError(
            "; ".join(_belongs(resource) for resource in foreign) + "; nothing was done to it",
            where=f"team {ours['team']}, stage {ours['stage']}",
            fix=(
                f"choose another name in teams/{ours['team']}.yaml, or ask the owner to delete it"
                if any(claimed_by(resource.tags, ours) for resource in foreign)
                else f"lanes adopt {ours['team']} shows what would change of it, and takes it in on your word; "
                f"or choose another name in teams/{ours['team']}.yaml"
            ),
        )


def _belongs(resource: Resource) -> str:
    tags = resource.tags
    name = f"{resource.kind} {resource.name}"
    if tags.get("managed-by") == MANAGER and "team" in tags:
        owner = f" ({tags['owner']})" if "owner" in tags else ""
        return f"{name} belongs to team {tags['team']}{owner}, stage {tags.get('stage', 'unknown')}"
    if "team" in tags or "owner" in tags:
        return f"{name} exists and is not managed by {MANAGER}; its tags name {tags.get('team') or tags.get('owner')}"
    return f"{name} exists and carries no tag that says whose it is"
