"""What the catalogue of actions cannot tell of an operation, service by service.

Exceptions name the operations whose action has another name, or that need several: operation -> its actions, each with
where it is asked for. Resources tell how a kind of resource is named in parameters, where its template with the
parameters' own names does not do. Each entry has its source beside it: "SAR" is the service's page in AWS's Service
Authorization Reference, "API" the operation's own page in the service's API reference (read 2026-11-29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.calls.rules import account, dynamodb, ec2, keeping, lambda_, running, s3, states

if TYPE_CHECKING:
    from shared.local.calls.rules.types import Exceptions, Resources

# By botocore's names of the services.
EXCEPTIONS: dict[str, Exceptions] = {
    "budgets": account.BUDGETS,
    "cloudformation": account.CLOUDFORMATION,
    "dynamodb": dynamodb.EXCEPTIONS,
    "ec2": ec2.EXCEPTIONS,
    "ecr": running.ECR,
    "ecs": running.ECS,
    "events": running.EVENTS,
    "iam": account.IAM,
    "kms": keeping.KMS,
    "lambda": lambda_.EXCEPTIONS,
    "logs": running.LOGS,
    "route53": keeping.ROUTE53,
    "s3": s3.EXCEPTIONS,
    "secretsmanager": keeping.SECRETS,
    "servicecatalog": account.SERVICE_CATALOG,
    "sns": keeping.SNS,
    "sqs": keeping.SQS,
    "ssm": keeping.SSM,
    "stepfunctions": states.EXCEPTIONS,
    "sts": account.STS,
}

# By the prefixes of the actions.
RESOURCES: dict[str, Resources] = {
    "budgets": account.BUDGETS_RESOURCES,
    "cloudformation": account.CLOUDFORMATION_RESOURCES,
    "dynamodb": dynamodb.RESOURCES,
    "ec2": ec2.RESOURCES,
    "ecs": running.ECS_RESOURCES,
    "events": running.EVENTS_RESOURCES,
    "iam": account.IAM_RESOURCES,
    "kms": keeping.KMS_RESOURCES,
    "lambda": lambda_.RESOURCES,
    "logs": running.LOGS_RESOURCES,
    "s3": s3.RESOURCES,
    "scheduler": running.SCHEDULER_RESOURCES,
    "secretsmanager": keeping.SECRETS_RESOURCES,
    "sns": keeping.SNS_RESOURCES,
    "sqs": keeping.SQS_RESOURCES,
    "ssm": keeping.SSM_RESOURCES,
    "states": states.RESOURCES,
    "sts": account.STS_RESOURCES,
}

# Kinds of resource of which an action takes one, though the catalogue calls each required (SAR, the actions' pages).
EITHER: dict[str, tuple[str, ...]] = {
    "states:DescribeExecution": ("execution", "express"),
    "states:ListExecutions": ("statemachine", "maprun"),
    "dynamodb:DeleteResourcePolicy": ("table", "stream"),
    "dynamodb:GetResourcePolicy": ("table", "stream"),
    "dynamodb:PutResourcePolicy": ("table", "stream"),
    "route53:ListTagsForResource": ("hostedzone", "healthcheck"),
}

# Signing name -> the prefix of the actions, where they differ (each service's page in SAR).
PREFIXES = {
    "cloudcontrolapi": "cloudformation",
    "iotdata": "iot",
    "monitoring": "cloudwatch",
    "tagging": "tag",
}
