"""The statement that AddPermission adds to a function's policy, as AWS writes it.

moto 5.2 writes the principal of a role, a user or an account as bare text, which no policy has. It forgets
EventSourceToken, puts FunctionUrlAuthType beside the statement's elements, and keeps only one of two conditions with
the same operator. Such a policy cannot be read, or allows more than it should.

Source: AWS Lambda API Reference, AddPermission; AWS Lambda Developer Guide, "Viewing resource-based IAM policies"
(read 2026-11-29).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from moto.awslambda.policy import Policy

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.values import Json

    Decode = Callable[[Policy, dict[str, Json]], Policy]

# Parameter -> the operator and the key of its condition.
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
    """Have moto write statements as AWS does, while the block lasts."""
    with plugged([Seam(Policy, "decode_policy", _decoder)]):
        yield


def _decoder(original: Decode) -> Decode:
    def decode_policy(self: Policy, asked: dict[str, Json]) -> Policy:
        conditions: dict[str, dict[str, str]] = {}
        for name, (operator, key) in _CONDITIONS.items():
            given = asked.pop(name, None)
            if given is not None:
                conditions.setdefault(operator, {})[key] = str(given).lower() if isinstance(given, bool) else str(given)
        policy = original(self, asked)
        statement = policy.statements[0]
        statement["Principal"] = _principal(statement.get("Principal"))
        if conditions:
            statement["Condition"] = conditions
        return policy

    return decode_policy


def _principal(given: Json) -> Json:
    """Return a principal as policies write it: an ARN under its kind, an account as its root's ARN, ``*`` as it is."""
    if not isinstance(given, str) or given == "*":
        return given
    if given.isdigit():
        return {"AWS": f"arn:aws:iam::{given}:root"}
    return {"AWS": given} if given.startswith("arn:") else {"Service": given}
