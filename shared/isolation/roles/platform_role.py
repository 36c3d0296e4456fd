"""The platform's role: it makes and removes whole lanes, and roles only under a boundary of ours.

The boundaries keep mistakes small, and no more than that. The role may write any policy called ``*-boundary-*``, so it
can make the boundary of its roles as wide as it likes. It is trusted, because it can change every team's roles. An
administrator makes it once, from what ``lanes isolation platform`` prints. What workflows own takes a second policy
(:mod:`shared.isolation.roles.resources_role`), and to run the rendezvous a third
(:mod:`shared.isolation.roles.rendezvous_role`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.resources import DATABASE_COMPONENT, KEY_COMPONENT
from shared.isolation.roles.boundary import BOUNDARY
from shared.isolation.roles.grants import (
    FETCH_CODE,
    MANAGE_FUNCTIONS,
    MANAGE_LOGS,
    MANAGE_MACHINES,
    PUSH_IMAGES,
    READ_BUCKETS,
    READ_ROLES,
    pass_roles,
)
from shared.isolation.roles.own_names import CODE, LOGS
from shared.isolation.roles.policy import Policy, Statement

if TYPE_CHECKING:
    from shared.config.lane import Place

PLATFORM_ROLE = "platform-admin"
"""What the role is called on the embedded cloud; on AWS its name is the administrator's choice."""


def platform_policy(place: Place) -> Policy:
    """Return what the platform's role may do: make and remove lanes, and make roles, all under a boundary of ours."""
    boundaries = place.arn("iam", f"policy/*-{BOUNDARY}-*")
    held = {"ArnLike": {"iam:PermissionsBoundary": boundaries}}
    return Policy(
        (
            Statement("RolesUnderBoundary", _CHANGE_ROLES, (place.arn("iam", "role/*-*"),), held),
            Statement("Roles", (*READ_ROLES, "iam:TagRole", "iam:UntagRole"), (place.arn("iam", "role/*-*"),)),
            *pass_roles("PassToFunctions", [place.arn("iam", "role/*-*")], "lambda.amazonaws.com"),
            *pass_roles("PassToMachines", [place.arn("iam", "role/*-*")], "states.amazonaws.com"),
            Statement("Boundaries", _MANAGE_POLICIES, (boundaries,)),
            Statement("Buckets", _MANAGE_BUCKETS, (place.arn("s3", "*-*"),)),
            Statement("Code", ("s3:GetObject", FETCH_CODE, "s3:PutObject"), (place.arn("s3", f"*-*/{CODE}*"),)),
            Statement("Secrets", _MANAGE_SECRETS, tuple(place.arn("secretsmanager", each) for each in _SECRETS)),
            Statement("Repositories", _MANAGE_REPOSITORIES, (place.arn("ecr", "repository/*/*"),)),
            Statement("Functions", MANAGE_FUNCTIONS, (place.arn("lambda", "function:*-*"),)),
            Statement("Machines", MANAGE_MACHINES, tuple(place.arn("states", f"{each}:*-*") for each in _OF_MACHINES)),
            Statement("Budgets", _MANAGE_BUDGETS, (place.arn("budgets", "budget/*"),)),
            Statement("LogGroups", MANAGE_LOGS, tuple(place.arn("logs", f"{head}*") for head in LOGS)),
            Statement("Look", _LOOK, ("*",)),
            Statement("LogDelivery", ("logs:PutResourcePolicy",), ("*",)),
        )
    )


_OF_MACHINES = ("stateMachine", "execution", "mapRun")
# The lanes', and the platform's own. No card declares a secret whose name begins so.
_SECRETS = tuple(f"secret:*/{component}-*" for component in (DATABASE_COMPONENT, KEY_COMPONENT))
# All of these know the condition key iam:PermissionsBoundary: the boundary that the role has or is to get.
_CHANGE_ROLES = (
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
)
_MANAGE_POLICIES = (
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:ListPolicyVersions",
    "iam:TagPolicy",
    "iam:UntagPolicy",
)
_MANAGE_BUDGETS = ("budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource", "budgets:ViewBudget")
_MANAGE_SECRETS = (
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
)
_MANAGE_REPOSITORIES = (
    *PUSH_IMAGES,
    "ecr:CreateRepository",
    "ecr:DeleteRepository",
    "ecr:PutImageScanningConfiguration",
    "ecr:PutImageTagMutability",
    "ecr:SetRepositoryPolicy",
    "ecr:TagResource",
)
_MANAGE_BUCKETS = (
    *READ_BUCKETS,
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetBucketAcl",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:TagResource",
)
_LOOK = (
    "ce:GetCostAndUsage",
    "dynamodb:ListTables",
    "ecr:DescribeRepositories",
    "ecr:GetAuthorizationToken",
    "events:ListEventBuses",
    "events:ListRules",
    "events:ListTargetsByRule",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:ListPolicies",
    "iam:ListRoles",
    "lambda:GetAccountSettings",
    "lambda:ListFunctions",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "s3:ListAllMyBuckets",
    "secretsmanager:ListSecrets",
    "servicequotas:ListServiceQuotas",
    "states:ListStateMachines",
    "sts:GetCallerIdentity",
    "tag:GetResources",
)
