"""What the role of a function may do, and who may take it.

It gets what its card's ``uses`` says, its own log group, the secrets that its environment names, and a way to its
destinations. A function in a network needs one thing more. Lambda makes the function's network interfaces with the
function's role, so the role must allow it, on any resource. Code that runs in a function carries the condition key
``lambda:SourceFunctionArn`` in each request that it signs; Lambda's own requests do not. So the grant holds only where
the key is absent. Which subnets and security groups a function is put into is no matter of roles: whoever deploys the
lane decides that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.variables import DATABASE_VARIABLE, KEY_VARIABLE
from shared.isolation.roles.grants import NETWORK, read_secret
from shared.isolation.roles.policy import Policy, Statement, Trust
from shared.isolation.roles.trigger_roles import starter_statements
from shared.isolation.roles.uses import granted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.lane import Function, Lane
    from shared.config.resources import Asynchronous

# What Lambda does to a destination of each service, with the function's role. Source: Lambda Developer Guide,
# "Capturing records of Lambda asynchronous invocations" (read 2026-11-29).
_TELL = {"lambda": "lambda:InvokeFunction", "sns": "sns:Publish", "sqs": "sqs:SendMessage"}


def function_policy(lane: Lane, function: Function) -> Policy:
    """Return what *function* may do."""
    secrets = {"DatabaseSecret": DATABASE_VARIABLE, "RendezvousSecret": KEY_VARIABLE}
    return Policy(
        (
            *(
                read_secret(sid, lane.place, function.environment[variable])
                for sid, variable in secrets.items()
                if variable in function.environment
            ),
            *granted(lane, function.uses),
            *_starts(lane, function),
            *(_tell(function.asynchronous) if function.asynchronous else ()),
            *((NETWORK,) if function.vpc else ()),
            Statement(
                "WriteLogs",
                ("logs:CreateLogStream", "logs:PutLogEvents"),
                (lane.place.arn("logs", f"log-group:{function.log_group}:*"),),
            ),
        )
    )


def _starts(lane: Lane, function: Function) -> tuple[Statement, ...]:
    """Return what a function may do that starts a workflow when uploads come; others start none so."""
    upload = lane.workflows[function.starts].upload if function.starts else None
    return starter_statements(lane, function.starts, upload) if upload else ()


def _tell(told: Asynchronous) -> Iterator[Statement]:
    """Yield what brings the outcome of an event to each destination."""
    for service, action in _TELL.items():
        arns = {arn for arn in (told.on_success, told.on_failure) if arn and arn.split(":")[2] == service}
        if arns:
            yield Statement(f"Tell{service.capitalize()}", (action,), tuple(sorted(arns)))


def function_trust() -> Trust:
    """Let the Lambda service take the role. Who may pass it to a function is decided by iam:PassRole."""
    return Trust({"Service": "lambda.amazonaws.com"})
