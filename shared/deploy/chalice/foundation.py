"""What the functions of a lane stand on, checked before Chalice's own command deploys them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.deploy.chalice.stage import zipped
from shared.deploy.guard import check_ownership, lane_tags
from shared.deploy.resources import function, log_group, role
from shared.errors import LanesError

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane


def check_foundation(lane: Lane, aws: Aws) -> None:
    """See that the roles and log groups of the functions are there. Chalice would try a missing role for minutes.

    Raises:
        LanesError: Something is missing, or is what Chalice cannot change.
        OwnershipError: Something is somebody else's.
    """
    functions = [lane.functions[key] for key in zipped(lane)]
    needed = [
        *(role.current(aws, each.role) or f"role {each.role}" for each in functions),
        *(log_group.current(aws, each.log_group) or f"log group {each.log_group}" for each in functions),
    ]
    missing = [found for found in needed if isinstance(found, str)]
    if missing:
        raise LanesError(
            f"the foundation of {lane.team} is not deployed; missing: {', '.join(missing)}",
            fix=f"lanes deploy {lane.team}; from then on, chalice deploy updates its functions",
        )
    present = {each.name: function.current(aws, each.name) for each in functions}
    owned = [found for found in (*needed, *present.values()) if found and not isinstance(found, str)]
    check_ownership(owned, lane_tags(lane))
    beyond = {each.name: function.beyond_chalice(each, present[each.name]) for each in functions}
    if any(beyond.values()):
        told = "; ".join(f"{name}: {', '.join(keys)}" for name, keys in beyond.items() if keys)
        raise LanesError(
            "Chalice changes no handler, no ephemeral storage, no format of logs and no asynchronous settings, and "
            f"makes no zip of an image: {told}",
            fix=f"lanes deploy {lane.team}",
        )
