"""What the role of a function may do, and who may take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.variables import DATABASE_VARIABLE, KEY_VARIABLE
from shared.isolation.roles.grants import read_secret
from shared.isolation.roles.policy import Policy, Statement, Trust

if TYPE_CHECKING:
    from shared.config.lane import Function, Lane


def function_policy(lane: Lane, function: Function) -> Policy:
    """Return what a function may use: its team's objects, its own log group, and the secrets its environment names."""
    secrets = {"DatabaseSecret": DATABASE_VARIABLE, "RendezvousSecret": KEY_VARIABLE}
    return Policy(
        (
            *(
                read_secret(sid, lane.place, function.environment[variable])
                for sid, variable in secrets.items()
                if variable in function.environment
            ),
            Statement("ListBucket", ("s3:ListBucket",), (lane.bucket_arn,)),
            Statement("Objects", ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"), (f"{lane.bucket_arn}/*",)),
            Statement(
                "WriteLogs",
                ("logs:CreateLogStream", "logs:PutLogEvents"),
                (lane.place.arn("logs", f"log-group:{function.log_group}:*"),),
            ),
        )
    )


def function_trust() -> Trust:
    """Let the Lambda service take the role. Who may pass it to a function is decided by iam:PassRole."""
    return Trust({"Service": "lambda.amazonaws.com"})
