"""The platform role's policy for what workflows own, for what starts them, and for code and networks not of ours.

It is apart from the first (:mod:`shared.isolation.roles.platform_role`) because a managed policy may have at most 6,144
characters. The platform makes secrets that cards declare and may set their values; it reads none of them. It reads the
objects and items of lanes, because it removes lanes, and shows before that an archive has all that is in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.ledger_name import LEDGER
from shared.config.naming import record_folder
from shared.config.platform import SLUG
from shared.isolation.roles.grants import (
    FETCH_IMAGES,
    MANAGE_SCHEDULES,
    SEE_LAYERS,
    SEE_NETWORKS,
    SEE_QUEUES,
    SEE_RECORDS,
    SEE_SECRETS,
    SEE_SETTINGS,
    SEE_TABLES,
    SEE_TOPICS,
    pass_roles,
)
from shared.isolation.roles.ledger_role import ACCOUNTS
from shared.isolation.roles.policy import Policy, Statement
from shared.isolation.roles.trigger_roles import SCHEDULER

if TYPE_CHECKING:
    from shared.config.lane import Place
    from shared.isolation.roles.policy import Conditions


def resources_policy(place: Place) -> Policy:
    """Return what it takes to make, compare and remove what workflows of all lanes own, and what starts them."""
    secrets, settings = place.arn("secretsmanager", "secret:*/*-*"), place.arn("ssm", "parameter/*/*-*")
    return Policy(
        (
            Statement("Tables", (*_CHANGE_TABLES, *SEE_TABLES), (place.arn("dynamodb", "table/*-*"),)),
            Statement("Ledger", ACCOUNTS, (place.arn("dynamodb", f"table/{SLUG}-{LEDGER}-*"),)),
            Statement("Queues", (*_CHANGE_QUEUES, *SEE_QUEUES), (place.arn("sqs", "*-*"),)),
            Statement("Topics", (*_CHANGE_TOPICS, *SEE_TOPICS), (place.arn("sns", "*-*"),)),
            Statement("Secrets", (*_CHANGE_SECRETS, *SEE_SECRETS), (secrets,)),
            Statement("Settings", (*_CHANGE_SETTINGS, *SEE_SETTINGS), (settings,)),
            Statement("Records", (*_CHANGE_RECORDS, *SEE_RECORDS), _records(place)),
            Statement("Schedules", (*_CHANGE_GROUPS, *MANAGE_SCHEDULES), tuple(_of_scheduler(place))),
            *pass_roles("PassToSchedules", [place.arn("iam", "role/*-*")], SCHEDULER),
            Statement("EventSources", _CHANGE_SOURCES, ("*",), _of_functions(place)),
            Statement("Notifications", ("s3:PutBucketNotification",), (place.arn("s3", "*-*"),)),
            Statement("ArchiveObjects", ("s3:GetObject",), (place.arn("s3", "*-*/*"),)),
            Statement("ArchiveItems", ("dynamodb:Scan",), (place.arn("dynamodb", "table/*-*"),)),
            Statement("Layers", SEE_LAYERS, (f"arn:{place.partition}:lambda:{place.region}:*:layer:*",)),
            Statement("OthersImages", FETCH_IMAGES, (f"arn:{place.partition}:ecr:{place.region}:*:repository/*",)),
            Statement("Look", _LOOK, ("*",)),
        )
    )


def _of_scheduler(place: Place) -> list[str]:
    return [place.arn("scheduler", each) for each in ("schedule/*-*", "schedule-group/*-*")]


def _of_functions(place: Place) -> Conditions:
    """Return the condition that event source mappings, which are called by ids, are of lanes' functions."""
    return {"ArnLike": {"lambda:FunctionArn": place.arn("lambda", "function:*-*")}}


def _records(place: Place) -> tuple[str, ...]:
    """Return the deploy records of all teams, and their folder, which is listed."""
    folder = record_folder(place.stage).strip("/")
    return (place.arn("ssm", f"parameter/{folder}"), place.arn("ssm", f"parameter/{folder}/*"))


_CHANGE_RECORDS = (
    "ssm:AddTagsToResource",
    "ssm:DeleteParameter",
    "ssm:GetParametersByPath",
    "ssm:PutParameter",
)
_CHANGE_GROUPS = ("scheduler:CreateScheduleGroup", "scheduler:DeleteScheduleGroup", "scheduler:TagResource")
_CHANGE_SOURCES = (
    "lambda:CreateEventSourceMapping",
    "lambda:DeleteEventSourceMapping",
    "lambda:UpdateEventSourceMapping",
)
_CHANGE_TABLES = (
    "dynamodb:CreateTable",
    "dynamodb:DeleteTable",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
)
_CHANGE_QUEUES = ("sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue")
_CHANGE_TOPICS = (
    "sns:CreateTopic",
    "sns:DeleteTopic",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
    "sns:TagResource",
    "sns:UntagResource",
)
_CHANGE_SECRETS = (
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
)
_CHANGE_SETTINGS = (
    "ssm:AddTagsToResource",
    "ssm:DeleteParameter",
    "ssm:PutParameter",
    "ssm:RemoveTagsFromResource",
)
_LOOK = (
    *SEE_NETWORKS,
    "cloudtrail:LookupEvents",
    "lambda:ListEventSourceMappings",
    "lambda:ListLayers",
    "lambda:ListLayerVersions",
    "scheduler:ListScheduleGroups",
    "scheduler:ListSchedules",
    "sns:ListTopics",
    "sns:Unsubscribe",  # AWS grants it for no single topic
    "sqs:ListQueues",
    "ssm:DescribeParameters",
)
