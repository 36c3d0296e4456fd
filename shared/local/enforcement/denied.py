"""What a refused caller is told: AWS's own sentence, then what to do about it here."""

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
    "shared/isolation/roles/policies.py for functions, shared/isolation/roles/workflow_policy.py for state machines"
)


class DeniedError(LanesError):
    """A call is not allowed.

    Attributes:
        code: AWS's, as services that speak JSON say it.
        message: AWS's sentence and our fix in one, as an answer carries it.
    """

    code = "AccessDeniedException"

    @property
    def message(self) -> str:
        """AWS's sentence, then the fix."""
        return f"{self.what}; {self.fix}"


def denied(actor: Actor, action: str, resource: str, decision: Decision, *, quoted: bool = False) -> DeniedError:
    """Return the error for a call that was decided against; *quoted* puts the resource in quotes, as S3 does."""
    request = Request(actor.principal, action, resource)
    return DeniedError(message(request, decision, quoted=quoted), fix=_fix(actor, action, resource, decision))


def unknown(actor: Actor, call: str, error: LanesError) -> DeniedError:
    """Return the error for a *call* of which nobody knows what it needs, so that no policy can allow it."""
    return DeniedError(f"User: {actor.principal.arn} is not authorized to perform: {call}: {error.what}", fix=error.fix)


def _fix(actor: Actor, action: str, resource: str, decision: Decision) -> str:
    noted = f" ({'; '.join(decision.notes)})" if decision.notes else ""
    return _way_out(actor, action, resource, decision) + noted


def _way_out(actor: Actor, action: str, resource: str, decision: Decision) -> str:
    who = actor.hangs_on or actor.principal.arn
    if decision.explicit:
        return f"statement {decision.statement} of {decision.policy} says no: leave the call, or that statement, out"
    if decision.policy:
        return f"mend {decision.policy}, which cannot be read"
    if decision.layer is Layer.IDENTITY and ":role/" in who:
        return _of_role(who.rpartition("/")[2], resource)
    ways = {
        Layer.ROOT: "take the role as a user or as another role",
        Layer.IDENTITY: f"attach a policy to {who} that allows {action} on {resource}",
        Layer.TRUST: f"let {actor.principal.arn} in in the trust policy of {resource}",
        Layer.RESOURCE: f"let {actor.principal.arn} in in the policy of {resource}, for {action}",
        Layer.BOUNDARY: f"{who} stands under a boundary that ends at its team's own names: stay inside them",
        Layer.SESSION: f"allow {action} in the policy that the session of {who} was given",
    }
    return ways[decision.layer]


def _of_role(role: str, resource: str) -> str:
    """Return what to do about a right that *role* lacks: whose the *resource* is, its name tells, as each name does."""
    team = role.partition("-")[0]
    if resource == "*" or not re.search(rf"[:/]{re.escape(team)}[-/_]", resource):
        return f"it is none of {team}'s own names, which are all that its roles reach: ask whose it is for a copy"
    return f"no card can grant it: add it to what {role} may, in {_WRITTEN_IN}, and run lanes isolation prove"
