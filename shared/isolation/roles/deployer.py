"""The role of a team's people: they deploy their functions and machines, run them, and write nothing in IAM.

The role is part of the lane's foundation, so whoever makes the lane's other roles makes this one too. It has a boundary
of its own, because the boundary of the lane's other roles lets nobody change code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.isolation.roles.grants import (
    FETCH_CODE,
    ITEMS,
    MANAGE_FUNCTIONS,
    MANAGE_LOGS,
    MANAGE_MACHINES,
    OBJECTS,
    PUSH_IMAGES,
    READ_BUCKETS,
    READ_ROLES,
    pass_roles,
)
from shared.isolation.roles.own_names import LOGS, OwnNames
from shared.isolation.roles.policy import Policy, Statement, Trust

if TYPE_CHECKING:
    from shared.config.lane import Lane, Place


def deployer_policy(lane: Lane) -> Policy:
    """Return what the people of a team may do: deploy and run its functions and machines, read and write its data."""
    functions = sorted({lane.role_arn(each.role) for each in lane.functions.values()})
    machines = sorted({lane.role_arn(each.role) for each in lane.workflows.values()})
    return _policy(OwnNames(lane.team, lane.place), functions, machines)


def deployer_boundary(team: str, place: Place) -> Policy:
    """Return the most that the deployer's role of *team* may ever do: its policy, but with any role of the team."""
    own = OwnNames(team, place)
    roles = [own.arn("iam", "role/")]
    return _policy(own, roles, roles)


def deployer_trust(team: str, place: Place) -> Trust:
    """Let the team's own users and roles take the deployer's role."""
    people = OwnNames(team, place).arns("iam", ("role/", "user/"))
    return Trust({"AWS": place.arn("iam", "root")}, {"ArnLike": {"aws:PrincipalArn": people}}, sid="OwnPeople")


def _policy(own: OwnNames, functions: list[str], machines: list[str]) -> Policy:
    """Return the policy; *functions* and *machines* are the roles that may be handed to them."""
    return Policy(
        (
            Statement("Functions", MANAGE_FUNCTIONS, (own.arn("lambda", "function:"),)),
            Statement("Machines", MANAGE_MACHINES, own.arns("states", ("stateMachine:", "execution:", "mapRun:"))),
            *pass_roles("PassToFunctions", functions, "lambda.amazonaws.com"),
            *pass_roles("PassToMachines", machines, "states.amazonaws.com"),
            Statement("ReadRoles", READ_ROLES, (own.arn("iam", "role/"),)),
            *_read_foundation(own),
            Statement("Logs", MANAGE_LOGS, own.arns("logs", LOGS)),
            Statement("Data", (*OBJECTS, FETCH_CODE), (own.arn("s3", ""),)),
            Statement("Tables", (*ITEMS, *_SEE_TABLES), (own.arn("dynamodb", "table/"),)),
            Statement("Images", PUSH_IMAGES, (own.folder("ecr", "repository/"),)),
            Statement("Look", _LOOK, ("*",)),
        )
    )


def _read_foundation(own: OwnNames) -> list[Statement]:
    """Return what a plan reads of the foundation, to see that it does not change."""
    return [
        Statement("ReadBoundaries", _READ_POLICIES, (own.arn("iam", "policy/"),)),
        Statement("ReadBucket", READ_BUCKETS, (own.arn("s3", ""),)),
        Statement("ReadBudget", ("budgets:ViewBudget",), (own.arn("budgets", "budget/"),)),
        Statement("SeeSecret", _SEE_SECRETS, (own.folder("secretsmanager", "secret:"),)),
    ]


_READ_POLICIES = ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions")
# A secret or a table may carry a policy of its own. lanes isolation prove --deployed reads these.
_SEE_SECRETS = ("secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy")
_SEE_TABLES = ("dynamodb:GetResourcePolicy", "dynamodb:ListTagsOfResource")
_LOOK = (
    "ecr:GetAuthorizationToken",
    "lambda:GetAccountSettings",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "servicequotas:ListServiceQuotas",
    "states:ListStateMachines",
    "states:ValidateStateMachineDefinition",
    "sts:GetCallerIdentity",
)
