"""What AWS says of a refusal.

Source: IAM User Guide, "Troubleshoot access denied error messages" (read 2026-11-29), whose examples these are; the
sentence about an account's root is STS's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.iam.decision import Layer

if TYPE_CHECKING:
    from shared.iam.decision import Decision, Request

_DENIED_IN = {
    Layer.IDENTITY: "an identity-based policy",
    Layer.RESOURCE: "a resource-based policy",
    Layer.BOUNDARY: "a permissions boundary",
    Layer.SESSION: "a session policy",
    Layer.TRUST: "the role trust policy",
}


def reason(request: Request, decision: Decision) -> str:
    """Return the end of AWS's sentence: ``because no identity-based policy allows the s3:GetObject action``."""
    if decision.explicit:
        return f"with an explicit deny in {_DENIED_IN[decision.layer]}"
    return f"because no {decision.layer} allows the {request.action} action"


def message(request: Request, decision: Decision, *, quoted: bool = False) -> str:
    """Return AWS's sentence about a refused *request*; *quoted* puts the resource in quotes, as S3 does."""
    if decision.layer is Layer.ROOT:
        return "Roles may not be assumed by root accounts."
    resource = f'"{request.resource}"' if quoted else request.resource
    return (
        f"User: {request.principal.arn} is not authorized to perform: {request.action} on resource: {resource} "
        f"{reason(request, decision)}"
    )
