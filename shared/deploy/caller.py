"""Who deploys. A team's deployer changes functions, state machines and schedules; all else takes the platform's role.

A deployer may not list the account's resources, so its plan does not look for what is left over. Nothing is missed by
that. The deployer's own policy names the roles of all functions and state machines, so it changes whenever one of them
goes. A deployer may not change that policy: such a plan is refused, and the platform's role has to deploy. So is any
plan of a prepaid lane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.deploy.resources import function, schedules, state_machine
from shared.errors import LanesError, code_of

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.model import Plan

WHO_MAY = (
    "the platform's role may (lanes isolation platform prints its policy); a team's deployer changes functions, "
    "state machines and schedules"
)
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_OF_A_DEPLOYER = (function.KIND, state_machine.KIND, schedules.KIND)


class FoundationError(LanesError):
    """A plan changes what a team's deployer may not."""


def is_denial(error: Exception) -> bool:
    """Whether AWS refused the credentials what they asked."""
    return isinstance(error, ClientError) and code_of(error) in _DENIED


def is_deployer(lane: Lane, aws: Aws) -> bool:
    """Whether the credentials are of the role of *lane*'s people."""
    return aws.caller.rpartition(":")[2].split("/")[:2] == ["assumed-role", lane.deployer]


def check_may(todo: Plan, lane: Lane, aws: Aws) -> None:
    """Refuse a plan before anything is changed, where AWS would refuse it to a deployer midway.

    Raises:
        FoundationError: The plan changes more than functions, machines and schedules; names everything it changes.
    """
    others = [step for step in todo.changes if lane.prepaid or step.kind not in _OF_A_DEPLOYER]
    if others and is_deployer(lane, aws):
        who = "the lane is prepaid, so the platform's role deploys it" if lane.prepaid else WHO_MAY
        raise FoundationError(
            f"{lane.deployer} may not " + "; ".join(map(str, others)) + "; nothing was done",
            where=f"team {lane.team}, stage {lane.place.stage}",
            fix=f"ask those who run the platform for lanes deploy {lane.team} --aws: {who}",
        )
