"""The ceilings: a team's permissions boundary, its deployer's role, and the platform's role that makes both.

A boundary is made from the slug alone: what a role of the team may ever do, whatever policy it is given later. A
deployer changes its team's functions and state machines and hands them its team's roles; it writes nothing in IAM. The
platform makes roles, and only such as carry a boundary of ours, so it cannot make one that is wider than a lane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.isolation.policies import ACCOUNT_WIDE, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.config.lane import Lane, Place

BOUNDARY = "boundary"
"""The component of a boundary's name; the platform knows boundaries by it."""

_SYNC_RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
_OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
_ITEMS = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
)
_LOGS = ("log-group:/aws/lambda/", "log-group:/aws/vendedlogs/states/")


def boundary_policy(team: str, place: Place) -> Policy:
    """Return the most that any role of *team* may do: what handlers and states do, on the team's own names."""
    own = _Own(team, place)
    return Policy(
        (
            Statement("OwnBuckets", _OBJECTS, (own.arn("s3", ""),)),
            Statement("OwnLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), own.arns("logs", _LOGS)),
            Statement("OwnFunctions", ("lambda:InvokeFunction",), (own.arn("lambda", "function:"),)),
            Statement(
                "OwnExecutions",
                (
                    "states:DescribeExecution",
                    "states:RedriveExecution",
                    "states:StartExecution",
                    "states:StopExecution",
                ),
                own.arns("states", ("stateMachine:", "execution:")),
            ),
            Statement("OwnTables", _ITEMS, (own.arn("dynamodb", "table/"),)),
            Statement("OwnSecrets", ("secretsmanager:GetSecretValue",), (own.folder("secretsmanager", "secret:"),)),
            Statement(
                "OwnImages",
                ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                (own.folder("ecr", "repository/"),),
            ),
            Statement(
                "AwaitNested",
                ("events:DescribeRule", "events:PutRule", "events:PutTargets"),
                (place.arn("events", _SYNC_RULE),),
            ),
            Statement("DeliverLogs", ACCOUNT_WIDE, ("*",)),
        )
    )


def deployer_policy(lane: Lane) -> Policy:
    """Return what the people of a team may do: deploy and run its functions and machines, read and write its data."""
    own = _Own(lane.team, lane.place)
    functions = sorted({lane.role_arn(each.role) for each in lane.functions.values()})
    machines = sorted({lane.role_arn(each.role) for each in lane.workflows.values()})
    return Policy(
        (
            Statement("Functions", _MANAGE_FUNCTIONS, (own.arn("lambda", "function:"),)),
            Statement("Machines", _MANAGE_MACHINES, own.arns("states", ("stateMachine:", "execution:", "mapRun:"))),
            *_pass("PassToFunctions", functions, "lambda.amazonaws.com"),
            *_pass("PassToMachines", machines, "states.amazonaws.com"),
            Statement("ReadRoles", ("iam:GetRole", "iam:GetRolePolicy"), (own.arn("iam", "role/"),)),
            Statement("Logs", _MANAGE_LOGS, own.arns("logs", _LOGS)),
            Statement("Data", _OBJECTS, (own.arn("s3", ""),)),
            Statement("Tables", _ITEMS, (own.arn("dynamodb", "table/"),)),
            Statement("Look", _LOOK, ("*",)),
        )
    )


def deployer_trust(team: str, place: Place) -> dict[str, Any]:
    """Let the team's own users and roles take the deployer's role, as IAM's JSON."""
    own = _Own(team, place)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OwnPeople",
                "Effect": "Allow",
                "Principal": {"AWS": place.arn("iam", "root")},
                "Action": "sts:AssumeRole",
                "Condition": {"ArnLike": {"aws:PrincipalArn": list(own.arns("iam", ("role/", "user/")))}},
            }
        ],
    }


def platform_policy(place: Place) -> Policy:
    """Return what the platform's role may do: make roles under a boundary of ours, and what every lane stands on."""
    boundaries = place.arn("iam", f"policy/*-{BOUNDARY}-*")
    held = {"ArnLike": {"iam:PermissionsBoundary": boundaries}}
    return Policy(
        (
            Statement("RolesUnderBoundary", _CHANGE_ROLES, (place.arn("iam", "role/*-*"),), held),
            Statement("Roles", _KEEP_ROLES, (place.arn("iam", "role/*-*"),)),
            Statement("Boundaries", _MANAGE_POLICIES, (boundaries,)),
            Statement("Buckets", _MANAGE_BUCKETS, (place.arn("s3", "*-*"),)),
            Statement("LogGroups", _MANAGE_LOGS, tuple(place.arn("logs", f"{head}*") for head in _LOGS)),
            Statement(
                "Account",
                ("lambda:GetAccountSettings", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies"),
                ("*",),
            ),
            Statement("LogDelivery", ("logs:PutResourcePolicy",), ("*",)),
        )
    )


class _Own:
    """Spells a team's own-name patterns."""

    def __init__(self, team: str, place: Place) -> None:
        self._team = team
        self._place = place

    def arn(self, service: str, head: str) -> str:
        return self._place.arn(service, f"{head}{self._team}-*")

    def arns(self, service: str, heads: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.arn(service, head) for head in heads)

    def folder(self, service: str, head: str) -> str:
        return self._place.arn(service, f"{head}{self._team}/*")


def _pass(sid: str, roles: list[str], service: str) -> list[Statement]:
    """Let the roles, named one by one, be handed to *service*; no statement when there is none."""
    held = {"StringEquals": {"iam:PassedToService": service}}
    return [Statement(sid, ("iam:PassRole",), tuple(roles), held)] if roles else []


_MANAGE_FUNCTIONS = tuple(
    f"lambda:{name}"
    for name in (
        "CreateFunction",
        "DeleteFunction",
        "DeleteFunctionConcurrency",
        "GetFunction",
        "GetFunctionConcurrency",
        "GetFunctionConfiguration",
        "InvokeFunction",
        "ListTags",
        "PutFunctionConcurrency",
        "TagResource",
        "UntagResource",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    )
)
_MANAGE_MACHINES = tuple(
    f"states:{name}"
    for name in (
        "CreateStateMachine",
        "DeleteStateMachine",
        "DescribeExecution",
        "DescribeMapRun",
        "DescribeStateMachine",
        "DescribeStateMachineForExecution",
        "GetExecutionHistory",
        "ListExecutions",
        "ListMapRuns",
        "ListTagsForResource",
        "RedriveExecution",
        "StartExecution",
        "StopExecution",
        "TagResource",
        "UntagResource",
        "UpdateStateMachine",
    )
)
_MANAGE_LOGS = tuple(
    f"logs:{name}"
    for name in (
        "CreateLogGroup",
        "DeleteLogGroup",
        "DescribeLogStreams",
        "FilterLogEvents",
        "GetLogEvents",
        "ListTagsForResource",
        "PutRetentionPolicy",
        "TagResource",
        "UntagResource",
    )
)
_LOOK = (
    "lambda:GetAccountSettings",
    "logs:DescribeLogGroups",
    "states:ListStateMachines",
    "states:ValidateStateMachineDefinition",
    "sts:GetCallerIdentity",
)
# All of these take the condition key iam:PermissionsBoundary: the boundary the role has, or is about to be given.
_CHANGE_ROLES = (
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
)
_KEEP_ROLES = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:TagRole",
    "iam:UntagRole",
)
_MANAGE_POLICIES = (
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:ListPolicyVersions",
    "iam:TagPolicy",
    "iam:UntagPolicy",
)
_MANAGE_BUCKETS = (
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
)
