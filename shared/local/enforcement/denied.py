"""The message of a refusal: AWS's own sentence, then what to do about it here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.config.services import HOW_TO_ADD, SERVICES
from shared.errors import LanesError
from shared.iam.decision import Layer, Request
from shared.iam.denial import message
from shared.isolation.roles.uses import (
    READ_ITEMS,
    READ_OBJECTS,
    READ_SECRETS,
    READ_SETTINGS,
    RECEIVE,
    SEND,
    WRITE_ITEMS,
    WRITE_OBJECTS,
)

if TYPE_CHECKING:
    from shared.iam.decision import Decision
    from shared.local.enforcement.callers import Actor

# How a card grants what an action is about. The same words as in shared.config.card_file.CardUses.
_USES = {
    "dynamodb": "tables: {KEY: read, write or readwrite}",
    "lambda": "functions: [KEY]",
    "s3": "bucket: read, write or readwrite (buckets: {KEY: ...} for a further one)",
    "secretsmanager": "secrets: [KEY]",
    "sns": "topics: [KEY]",
    "sqs": "queues: {KEY: send, receive or sendreceive}",
    "ssm": "settings: [KEY]",
    "states": "workflows: [KEY]",
}
# The most that a card grants of each service, for "uses" with everything.
_GRANTED = frozenset(
    (
        *(*READ_OBJECTS, *WRITE_OBJECTS, *READ_ITEMS, *WRITE_ITEMS, *SEND, *RECEIVE, *READ_SECRETS, *READ_SETTINGS),
        *("lambda:InvokeFunction", "sns:Publish", "states:DescribeExecution", "states:StartExecution"),
        "states:StartSyncExecution",
    )
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
        return f"statement {decision.statement} of {decision.policy} denies it, whoever allows it: leave out the call"
    if decision.policy:
        return f"correct {decision.policy}, which cannot be read"
    if decision.layer is Layer.IDENTITY and ":role/" in who:
        return _of_role(who.rpartition("/")[2], action, resource)
    ways = {
        Layer.ROOT: "take the role as a user or as another role",
        Layer.IDENTITY: f"attach a policy to {who} that allows {action} on {resource}",
        Layer.TRUST: f"allow {actor.principal.arn} in the trust policy of {resource}",
        Layer.RESOURCE: f"allow {action} to {actor.principal.arn} in the policy of {resource}",
        Layer.BOUNDARY: f"{who} has a boundary that ends at its team's own names: use only those",
        Layer.SESSION: f"allow {action} in the policy that the session of {who} was given",
    }
    return ways[decision.layer]


def _of_role(role: str, action: str, resource: str) -> str:
    """Return what to do about a right that *role* lacks. The name of *resource* tells whose it is."""
    team = role.partition("-")[0]
    if action in SERVICES:
        return f"say on the workflow's card, under uses of what calls it: services: [{action}]"
    if resource == "*":
        return f"no card can grant {action}: uses names resources and reviewed services; {HOW_TO_ADD}"
    if not re.search(rf"[:/]{re.escape(team)}[-/_]", resource):
        return (
            f"it is not one of {team}'s own names: uses on a card reaches the team's own, and shared data "
            "(commons: [NAME]) that shared/settings.yaml names; ask its owner for a copy"
        )
    if action in _GRANTED:
        told = _USES[action.partition(":")[0]]
        return f"say on the workflow's card, under uses of what calls it: {told}; then lanes deploy {team}"
    return f"no card can grant {action}, which changes what a team owns: lanes deploy {team} and its people do that"
