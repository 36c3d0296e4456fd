"""What the ledger of prepaid lanes may do: keep its accounts, and read how runs went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.isolation.roles.policy import Policy, Statement

if TYPE_CHECKING:
    from shared.config.lane import Place

ACCOUNTS = (
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
)
"""Reading and changing accounts; a transaction takes what its steps take."""


def ledger_policy(place: Place, table: str, log_group: str) -> Policy:
    """Return what the ledger's function may do, which is also the most that its role may ever do.

    It reads the histories of all lanes' runs, without what is in them (includeExecutionData is false, which no policy
    can ask for).
    """
    executions, runs = place.arn("states", "execution:*-*"), place.arn("states", "mapRun:*-*")
    return Policy(
        (
            Statement("Accounts", ACCOUNTS, (place.arn("dynamodb", f"table/{table}"),)),
            Statement(
                "Runs",
                ("states:DescribeExecution", "states:GetExecutionHistory", "states:ListMapRuns"),
                (executions,),
            ),
            Statement("Children", ("states:ListExecutions",), (runs, place.arn("states", "stateMachine:*-*"))),
            Statement(
                "WriteLogs",
                ("logs:CreateLogStream", "logs:PutLogEvents"),
                (place.arn("logs", f"log-group:{log_group}:*"),),
            ),
        )
    )
