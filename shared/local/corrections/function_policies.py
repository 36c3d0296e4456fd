"""What AddPermission writes into a function's policy: moto's lines as AWS writes them.

moto 5.2 leaves a role's, a user's or an account's principal as bare text, which no policy has, forgets
EventSourceToken, puts FunctionUrlAuthType beside the statement's elements, and keeps one of two conditions of one
operator. Such a policy cannot be read, or opens more than it says.

Source: AWS Lambda API Reference, AddPermission; AWS Lambda Developer Guide, "Viewing resource-based IAM policies"
(read 2026-11-29).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from moto.awslambda.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Parameter -> the operator and the key of the condition that it becomes.
_CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}


@contextlib.contextmanager
def function_policies_written() -> Iterator[None]:
    """Have moto write what AddPermission asks for, for as long as the block lasts."""
    before = Policy.decode_policy
    Policy.decode_policy = _decoder(before)
    try:
        yield
    finally:
        Policy.decode_policy = before


def _decoder(original: Callable[[Any, dict[str, Any]], Any]) -> Callable[[Any, dict[str, Any]], Any]:
    def decode_policy(self: Any, asked: dict[str, Any]) -> Any:
        conditions: dict[str, dict[str, str]] = {}
        for name, (operator, key) in _CONDITIONS.items():
            given = asked.pop(name, None)
            if given is not None:
                conditions.setdefault(operator, {})[key] = str(given).lower() if isinstance(given, bool) else given
        policy = original(self, asked)
        statement = policy.statements[0]
        statement["Principal"] = _principal(statement.get("Principal"))
        if conditions:
            statement["Condition"] = conditions
        return policy

    return decode_policy


def _principal(given: Any) -> Any:
    """Return a principal as policies have it: an ARN by its kind, an account by its root's ARN, ``*`` as it is."""
    if not isinstance(given, str) or given == "*":
        return given
    if given.isdigit():
        return {"AWS": f"arn:aws:iam::{given}:root"}
    return {"AWS": given} if given.startswith("arn:") else {"Service": given}
