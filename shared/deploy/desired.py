"""What a lane should own, read off the lane alone. Pure: no AWS, no files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.deploy.guard import lane_tags
from shared.deploy.resources import (
    bucket,
    budget,
    database,
    function,
    log_group,
    policy,
    rendezvous_key,
    repository,
    role,
    state_machine,
    table,
)
from shared.isolation.roles.boundary import boundary_policy
from shared.isolation.roles.deployer import deployer_boundary, deployer_policy, deployer_trust
from shared.isolation.roles.function_role import function_policy, function_trust
from shared.isolation.roles.workflow_role import workflow_policy, workflow_trust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.lane import Lane
    from shared.deploy.model import Resource
    from shared.packages.package import Package


def desired(
    lane: Lane, definitions: Mapping[str, Mapping[str, Any]], package: Package, images: Mapping[str, str]
) -> tuple[Resource, ...]:
    """Return all that *lane* should own, in the order in which it is made.

    Args:
        lane: The team's lane.
        definitions: The rendered ASL of each workflow, by its key.
        package: The code that its functions run.
        images: The image of each function that is one, by its key: ``host/repository@sha256:...``.

    Raises:
        UngrantedError: A workflow calls something that a team may not call.
    """
    tags = lane_tags(lane)
    return (
        *foundation(lane, definitions),
        *(
            function.desired_image(lane, each, images[each.key], tags)
            if each.image
            else function.desired(lane, each, package, tags)
            for each in lane.functions.values()
        ),
        *(state_machine.desired(lane, workflow, definitions[key], tags) for key, workflow in lane.workflows.items()),
    )


def foundation(lane: Lane, definitions: Mapping[str, Mapping[str, Any]]) -> tuple[Resource, ...]:
    """Return what stands before there is code: log groups, boundaries, the roles under them, and what holds data.

    Raises:
        UngrantedError: A workflow calls something that a team may not call.
    """
    tags = lane_tags(lane)
    return (
        *_log_groups(lane, tags),
        policy.desired(lane.boundary, lane.place, tags, boundary_policy(lane.team, lane.place)),
        policy.desired(lane.deployer_boundary, lane.place, tags, deployer_boundary(lane.team, lane.place)),
        *_roles(lane, definitions, tags),
        bucket.desired(lane, tags),
        *(table.desired(lane, each, tags) for each in lane.tables),
        *([budget.desired(lane.budget, lane.place, tags)] if lane.budget else []),
        *([database.desired(lane.database, tags)] if lane.database else []),
        *([rendezvous_key.desired(lane, tags)] if lane.rendezvous_key else []),
        *(repository.desired(lane, each.image, tags) for each in lane.functions.values() if each.image),
    )


def _log_groups(lane: Lane, tags: Mapping[str, str]) -> Iterator[Resource]:
    names = (
        *(each.log_group for each in lane.functions.values()),
        *(each.log_group for each in lane.workflows.values()),
    )
    for name in names:
        yield log_group.desired(name, lane.place, tags, lane.log_retention_days)


def _roles(lane: Lane, definitions: Mapping[str, Mapping[str, Any]], tags: Mapping[str, str]) -> Iterator[Resource]:
    for each in lane.functions.values():
        yield role.desired(each.role, tags, function_trust(), function_policy(lane, each), lane.boundary_arn)
    for key, workflow in lane.workflows.items():
        grants = workflow_policy(lane, workflow, definitions[key])
        yield role.desired(workflow.role, tags, workflow_trust(lane, workflow), grants, lane.boundary_arn)
    trust = deployer_trust(lane.team, lane.place)
    yield role.desired(lane.deployer, tags, trust, deployer_policy(lane), lane.deployer_boundary_arn)
