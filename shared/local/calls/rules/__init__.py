"""What the catalogue of actions does not tell about an operation, service by service.

Exceptions are for operations whose action has another name, or that need several actions. They map an operation to its
actions, each with the resource that it is needed on. Resources tell how the parameters name a kind of resource, where
the parameters' own names do not fill its template. Each entry has its source beside it: "SAR" is the service's page in
AWS's Service Authorization Reference, "API" the operation's page in the service's API reference (read 2026-11-29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.calls.rules import account, asking, dynamodb, ec2, keeping, lambda_, running, s3, states

if TYPE_CHECKING:
    from shared.local.calls.rules.types import Exceptions, Resources

# By botocore's names of the services.
EXCEPTIONS: dict[str, Exceptions] = {
    "bedrock": asking.BEDROCK,
    "bedrock-runtime": asking.BEDROCK_RUNTIME,
    "budgets": account.BUDGETS,
    "ce": account.COST_EXPLORER,
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
    "polly": asking.POLLY,
    "route53": keeping.ROUTE53,
    "s3": s3.EXCEPTIONS,
    "secretsmanager": keeping.SECRETS,
    "servicecatalog": account.SERVICE_CATALOG,
    "sns": keeping.SNS,
    "sqs": keeping.SQS,
    "ssm": keeping.SSM,
    "stepfunctions": states.EXCEPTIONS,
    "sts": account.STS,
    "translate": asking.TRANSLATE,
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

# Kinds of resource of which an action needs only one, though the catalogue says that it needs each (SAR, the actions'
# pages).
EITHER: dict[str, tuple[str, ...]] = {
    "states:DescribeExecution": ("execution", "express"),
    "states:ListExecutions": ("statemachine", "maprun"),
    "dynamodb:DeleteResourcePolicy": ("table", "stream"),
    "dynamodb:GetResourcePolicy": ("table", "stream"),
    "dynamodb:PutResourcePolicy": ("table", "stream"),
    "route53:ListTagsForResource": ("hostedzone", "healthcheck"),
}

# Signing name -> the prefix of the actions, if they differ (each service's page in SAR).
PREFIXES = {
    "cloudcontrolapi": "cloudformation",
    "iotdata": "iot",
    "monitoring": "cloudwatch",
    "tagging": "tag",
}
