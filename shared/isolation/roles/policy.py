"""What each role of a lane may do: least privilege, derived from the lane and its rendered workflows. Pure data.

Every policy is Allow-only with literal region and account, and every resource is one of the lane's own names or
on :data:`ACCOUNT_WIDE`, the short reviewed list of actions that AWS offers for no single resource. Isolation then
depends on no Deny and on no tag. A state that calls something not granted here raises: it fails the build, and
somebody reads it before it is granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.config.cards import DATABASE_VARIABLE, KEY_VARIABLE

if TYPE_CHECKING:
    from shared.config.lane import Function, Lane, Place, Workflow

Conditions = Mapping[str, Mapping[str, str | tuple[str, ...]]]
"""IAM's own shape: operator -> key -> value or values."""

ACCOUNT_WIDE = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:UpdateLogDelivery",
)
"""Actions that cannot be scoped and tell or change nothing of another team's data.

``logs:PutResourcePolicy`` is not here: a role that holds it could let anybody write anybody's logs. The platform
sets that policy once (``deploy/resources/log_delivery.py``), so that no team's role needs it.
"""

FETCH_IMAGES = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""What it takes to fetch an image from its repository."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One Allow."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the statement as IAM's JSON."""
        document: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        if self.conditions:
            document["Condition"] = _condition(self.conditions)
        return document


@dataclass(frozen=True, slots=True)
class Policy:
    """An ordered set of statements."""

    statements: tuple[Statement, ...]

    def document(self) -> dict[str, Any]:
        """Return the policy as IAM's JSON."""
        return {"Version": "2012-10-17", "Statement": [statement.document() for statement in self.statements]}


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may take a role, as far as ``conditions`` let them. ``principal`` is IAM's own shape: kind -> who."""

    principal: Mapping[str, str]
    conditions: Conditions = field(default_factory=dict)
    sid: str = ""

    def document(self) -> dict[str, Any]:
        """Return the trust policy as IAM's JSON."""
        statement: dict[str, Any] = {
            **({"Sid": self.sid} if self.sid else {}),
            "Effect": "Allow",
            "Principal": dict(self.principal),
            "Action": "sts:AssumeRole",
        }
        if self.conditions:
            statement["Condition"] = _condition(self.conditions)
        return {"Version": "2012-10-17", "Statement": [statement]}


def _condition(conditions: Conditions) -> dict[str, Any]:
    return {
        operator: {key: list(value) if isinstance(value, tuple) else value for key, value in keys.items()}
        for operator, keys in conditions.items()
    }


def bucket_arn(lane: Lane) -> str:
    """Return the ARN of the lane's bucket."""
    return lane.place.arn("s3", lane.bucket)


def function_trust() -> Trust:
    """Let the Lambda service take the role; who may hand it to a function is iam:PassRole's matter."""
    return Trust({"Service": "lambda.amazonaws.com"})


def workflow_trust(lane: Lane, workflow: Workflow) -> Trust:
    """Let Step Functions take the role for this one state machine: nobody else's may name it.

    AWS calls the machine of a distributed Map's children NAME/LABEL, and no guide says which of the two it tells here.
    """
    arn = lane.state_machine_arn(workflow.key)
    return Trust(
        {"Service": "states.amazonaws.com"},
        {
            "StringEquals": {"aws:SourceAccount": lane.place.account},
            "ArnLike": {"aws:SourceArn": (arn, f"{arn}/*")},
        },
    )


def read_secret(sid: str, place: Place, name: str) -> Statement:
    """Return what reads the one secret called *name*; Secrets Manager ends an ARN with a hyphen and six letters."""
    return Statement(sid, ("secretsmanager:GetSecretValue",), (place.arn("secretsmanager", f"secret:{name}-??????"),))


def repository_policy(team: str, place: Place) -> dict[str, Any]:
    """Return who may come to a repository of *team*: Lambda, to fetch an image for the team's own functions.

    As IAM's JSON, without a Resource: the document is the repository's own. It names no aws:SourceAccount: the ARN
    holds the account, and no guide says that Lambda tells it here.
    """
    own = place.arn("lambda", f"function:{team}-*")
    allow = {
        "Sid": "LambdaFetches",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": list(FETCH_IMAGES),
        "Condition": {"ArnLike": {"aws:SourceArn": own}},
    }
    return {"Version": "2012-10-17", "Statement": [allow]}


def function_policy(lane: Lane, function: Function) -> Policy:
    """Return what a function may do: its team's objects, its own log group, and the secrets its environment names."""
    bucket = bucket_arn(lane)
    secrets = {"DatabaseSecret": DATABASE_VARIABLE, "RendezvousSecret": KEY_VARIABLE}
    return Policy(
        (
            *(
                read_secret(sid, lane.place, function.environment[variable])
                for sid, variable in secrets.items()
                if variable in function.environment
            ),
            Statement("ListBucket", ("s3:ListBucket",), (bucket,)),
            Statement("Objects", ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"), (f"{bucket}/*",)),
            Statement(
                "WriteLogs",
                ("logs:CreateLogStream", "logs:PutLogEvents"),
                (lane.place.arn("logs", f"log-group:{function.log_group}:*"),),
            ),
        )
    )
