"""The message of a refusal: AWS's own sentence, then what to do about it here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.iam.decision import Layer, Request
from shared.iam.denial import message

if TYPE_CHECKING:
    from shared.iam.decision import Decision
    from shared.local.enforcement.callers import Actor

_WRITTEN_IN = (
    "shared/isolation/roles/function_role.py for functions, shared/isolation/roles/workflow_role.py for state machines"
)


class DeniedError(LanesError):
    """A call is not allowed.

    Attributes:
        code: AWS's code, in the form of services that speak JSON.
        message: AWS's sentence and our fix, in one text.
    """

    code = "AccessDeniedException"

    @property
    def message(self) -> str:
        """AWS's sentence, then the fix."""
        return f"{self.what}; {self.fix}"


def denied(actor: Actor, action: str, resource: str, decision: Decision, *, quoted: bool = False) -> DeniedError:
    """Return the error for a call that was denied; *quoted* puts the resource in quotes, as S3 does."""
    request = Request(actor.principal, action, resource)
    return DeniedError(message(request, decision, quoted=quoted), fix=_fix(actor, action, resource, decision))


def unknown(actor: Actor, call: str, error: LanesError) -> DeniedError:
    """Return the error for a *call* whose needs nobody knows, so that no policy can allow it."""
    return DeniedError(f"User: {actor.principal.arn} is not authorized to perform: {call}: {error.what}", fix=error.fix)


def _fix(actor: Actor, action: str, resource: str, decision: Decision) -> str:
    noted = f" ({'; '.join(decision.notes)})" if decision.notes else ""
    return _way_out(actor, action, resource, decision) + noted


def _way_out(actor: Actor, action: str, resource: str, decision: Decision) -> str:
    who = actor.hangs_on or actor.principal.arn
    if decision.explicit:
        return f"statement {decision.statement} of {decision.policy} denies it: leave out the call, or that statement"
    if decision.policy:
        return f"correct {decision.policy}, which cannot be read"
    if decision.layer is Layer.IDENTITY and ":role/" in who:
        return _of_role(who.rpartition("/")[2], resource)
    ways = {
        Layer.ROOT: "take the role as a user or as another role",
        Layer.IDENTITY: f"attach a policy to {who} that allows {action} on {resource}",
        Layer.TRUST: f"allow {actor.principal.arn} in the trust policy of {resource}",
        Layer.RESOURCE: f"allow {action} to {actor.principal.arn} in the policy of {resource}",
        Layer.BOUNDARY: f"{who} has a boundary that ends at its team's own names: use only those",
        Layer.SESSION: f"allow {action} in the policy that the session of {who} was given",
    }
    return ways[decision.layer]


def _of_role(role: str, resource: str) -> str:
    """Return what to do about a right that *role* lacks. The name of *resource* tells whose it is."""
    team = role.partition("-")[0]
    if resource == "*" or not re.search(rf"[:/]{re.escape(team)}[-/_]", resource):
        return f"it is not one of {team}'s own names, and its roles reach no others: ask its owner for a copy"
    return f"no card can grant it: add it to the rights of {role}, in {_WRITTEN_IN}, and run lanes isolation prove"
