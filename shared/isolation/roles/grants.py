"""Groups of actions that several roles are granted, and the statements that more than one of them has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.isolation.roles.policy import Statement

if TYPE_CHECKING:
    from shared.config.lane import Place

ACCOUNT_WIDE = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:UpdateLogDelivery",
)
"""Actions that AWS grants for the whole account only, and that neither read nor change another team's data.

``logs:PutResourcePolicy`` is not here, because it could let anybody write anybody's logs. The platform sets that policy
once (``deploy/resources/log_delivery.py``), so no team's role needs the action.
"""

CODE_OF = "lambda:SourceFunctionArn"
"""The condition key that Lambda puts into the requests of a function's code: the function's ARN."""
NETWORK = Statement(
    "NetworkInterfaces",
    (
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ),
    ("*",),
    {"Null": {CODE_OF: "true"}},
)
"""What Lambda, and not the function's code, does with the role of a function that runs in a network.

Source: Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC" and "Using source
function ARN to control function access behavior"; the managed policy AWSLambdaVPCAccessExecutionRole (read 2026-11-29).
"""

FETCH_IMAGES = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""What fetching an image from its repository takes."""

SYNC_RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
"""The rule by which Step Functions learns that a nested execution ended. AWS gives it this name in every account."""

OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
ITEMS = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
)
FETCH_CODE = "s3:GetObjectVersion"
"""Whoever gives Lambda code from a bucket needs this beside s3:GetObject, because the call names a version."""
MANAGE_FUNCTIONS = tuple(
    f"lambda:{name}"
    for name in (
        "CreateFunction",
        "DeleteFunction",
        "DeleteFunctionConcurrency",
        "DeleteFunctionEventInvokeConfig",
        "GetFunction",
        "GetFunctionConcurrency",
        "GetFunctionConfiguration",
        "GetFunctionEventInvokeConfig",
        "GetPolicy",
        "InvokeFunction",
        "ListAliases",
        "ListFunctionEventInvokeConfigs",
        "ListTags",
        "ListVersionsByFunction",
        "PutFunctionConcurrency",
        "PutFunctionEventInvokeConfig",
        "TagResource",
        "UntagResource",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    )
)
MANAGE_MACHINES = tuple(
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
        "StartSyncExecution",
        "StopExecution",
        "TagResource",
        "UntagResource",
        "UpdateStateMachine",
    )
)
SEE_FUNCTIONS = tuple(each for each in MANAGE_FUNCTIONS if each.startswith(("lambda:Get", "lambda:List")))
RUN_MACHINES = tuple(
    each
    for each in MANAGE_MACHINES
    if each.startswith(("states:Describe", "states:Get", "states:List"))
    or each in {"states:StartExecution", "states:StopExecution"}
)
"""What the people of a prepaid lane do with its machines: start, see and stop what runs. A redrive would skip the state
that reserves, and a machine of another definition would have none."""
MANAGE_LOGS = tuple(
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
PUSH_IMAGES = (
    *FETCH_IMAGES,
    *(
        f"ecr:{name}"
        for name in (
            "BatchCheckLayerAvailability",
            "CompleteLayerUpload",
            "DescribeImages",
            "DescribeRepositories",
            "GetRepositoryPolicy",
            "InitiateLayerUpload",
            "ListTagsForResource",
            "PutImage",
            "UploadLayerPart",
        )
    ),
)
SEE_NETWORKS = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")
"""What Lambda asks of whoever puts a function into a network. Source: as of :data:`NETWORK`."""
SEE_TABLES = (
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:GetResourcePolicy",
    "dynamodb:ListTagsOfResource",
)
SEE_QUEUES = ("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags")
SEE_TOPICS = ("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource")
SEE_SETTINGS = ("ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource")
SEE_RECORDS = (*SEE_SETTINGS, "ssm:GetParameterHistory")
"""What reads settings, and who deployed a lane and when."""
WRITE_RECORD = ("ssm:AddTagsToResource", "ssm:PutParameter")
SEE_SECRETS = ("secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy")
SEE_LAYERS = ("lambda:GetLayerVersion", "lambda:GetLayerVersionPolicy")
READ_ROLES = ("iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies")
MANAGE_SCHEDULES = (
    "scheduler:CreateSchedule",
    "scheduler:DeleteSchedule",
    "scheduler:GetSchedule",
    "scheduler:GetScheduleGroup",
    "scheduler:ListTagsForResource",
    "scheduler:UpdateSchedule",
)
"""Making, seeing, changing and removing schedules, and seeing their groups."""
SEE_SCHEDULES = tuple(each for each in MANAGE_SCHEDULES if each.startswith(("scheduler:Get", "scheduler:List")))
READ_BUCKETS = (
    "s3:GetBucketNotification",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
)


def pass_roles(sid: str, roles: list[str], service: str) -> list[Statement]:
    """Let *roles*, which are named one by one, be passed to *service*. No roles, no statement."""
    held = {"StringEquals": {"iam:PassedToService": service}}
    return [Statement(sid, ("iam:PassRole",), tuple(roles), held)] if roles else []


def read_secret(sid: str, place: Place, name: str) -> Statement:
    """Return what reads the one secret called *name*. Secrets Manager ends its ARN with a hyphen and six characters."""
    return Statement(sid, ("secretsmanager:GetSecretValue",), (place.arn("secretsmanager", f"secret:{name}-??????"),))
