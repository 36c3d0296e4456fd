"""The permissions boundary of a team's roles: the most that they may ever do, whatever policy they get later.

It is made from the slug alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.isolation.roles.grants import ACCOUNT_WIDE, ITEMS, OBJECTS, SYNC_RULE
from shared.isolation.roles.own_names import LOGS, OwnNames
from shared.isolation.roles.policy import Policy, Statement

if TYPE_CHECKING:
    from shared.config.lane import Place

BOUNDARY = "boundary"
"""The component of a boundary's name. The platform's policy tells boundaries by it."""


def boundary_policy(team: str, place: Place) -> Policy:
    """Return the most that any role of *team* may do: what handlers and states do, on the team's own names."""
    own = OwnNames(team, place)
    return Policy(
        (
            Statement("OwnBuckets", OBJECTS, (own.arn("s3", ""),)),
            Statement("OwnLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), own.arns("logs", LOGS)),
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
            Statement("OwnTables", ITEMS, (own.arn("dynamodb", "table/"),)),
            Statement("OwnSecrets", ("secretsmanager:GetSecretValue",), (own.folder("secretsmanager", "secret:"),)),
            Statement(
                "OwnImages",
                ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                (own.folder("ecr", "repository/"),),
            ),
            Statement(
                "AwaitNested",
                ("events:DescribeRule", "events:PutRule", "events:PutTargets"),
                (place.arn("events", SYNC_RULE),),
            ),
            Statement("DeliverLogs", ACCOUNT_WIDE, ("*",)),
        )
    )
