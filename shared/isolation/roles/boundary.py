"""The permissions boundary of a team's roles: the most that they may ever do, whatever policy they get later.

It is made from the slug, the shared data that the team may read, and the reviewed list of services. So it does not
change with what a card says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.services import SERVICES
from shared.isolation.roles.grants import ACCOUNT_WIDE, ITEMS, NETWORK, OBJECTS, SYNC_RULE
from shared.isolation.roles.own_names import LOGS, OwnNames
from shared.isolation.roles.policy import Policy, Statement
from shared.isolation.roles.uses import READ_SECRETS, READ_SETTINGS, RECEIVE, SEND, read_commons, reviewed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Place

BOUNDARY = "boundary"
"""The component of a boundary's name. The platform's policy tells boundaries by it."""


def boundary_policy(team: str, place: Place, commons: Mapping[str, str], ledger: str = "") -> Policy:
    """Return the most that any role of *team* may do: what handlers and states do, on the team's own names.

    Args:
        team: The team's slug.
        place: Where it is.
        commons: The buckets of shared data that the team may read, each with the account that must own it.
        ledger: The ARN of the ledger's function, where the lane is prepaid.
    """
    own = OwnNames(team, place)
    return Policy(
        (
            Statement("OwnBuckets", OBJECTS, (own.arn("s3", ""),)),
            Statement("OwnLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), own.arns("logs", LOGS)),
            Statement("OwnFunctions", ("lambda:InvokeFunction",), (own.arn("lambda", "function:"),)),
            *([Statement("Reserve", ("lambda:InvokeFunction",), (ledger,))] if ledger else ()),
            Statement(
                "OwnExecutions",
                (
                    "states:DescribeExecution",
                    "states:RedriveExecution",
                    "states:StartExecution",
                    "states:StartSyncExecution",
                    "states:StopExecution",
                ),
                own.arns("states", ("stateMachine:", "execution:")),
            ),
            Statement("OwnTables", ITEMS, (own.arn("dynamodb", "table/"),)),
            Statement("OwnQueues", tuple(sorted({*SEND, *RECEIVE})), (own.arn("sqs", ""),)),
            Statement("OwnTopics", ("sns:Publish",), (own.arn("sns", ""),)),
            Statement("OwnSecrets", READ_SECRETS, (own.folder("secretsmanager", "secret:"),)),
            Statement("OwnSettings", READ_SETTINGS, (own.folder("ssm", "parameter/"),)),
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
            NETWORK,
            *read_commons(place, commons),
            *reviewed(place, SERVICES),
        )
    )
