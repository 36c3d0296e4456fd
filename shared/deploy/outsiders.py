"""The denials that a resource's own policy begins with: nothing over plain HTTP, and nobody of another account."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.values import Json


def outsiders_denied(actions: Json, resource: Json, account: str) -> list[Json]:
    """Return statements that deny *actions* on *resource* so; AWS's own services have no account, and pass.

    Args:
        actions: One action or several, as IAM's JSON has them.
        resource: One ARN or several.
        account: The account that the resource is in.
    """
    everyone: dict[str, Json] = {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": resource}
    return [
        {"Sid": "TlsOnly", **everyone, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {
            "Sid": "OwnAccountOnly",
            **everyone,
            "Condition": {
                "StringNotEquals": {"aws:PrincipalAccount": account},
                "Bool": {"aws:PrincipalIsAWSService": "false"},
            },
        },
    ]
