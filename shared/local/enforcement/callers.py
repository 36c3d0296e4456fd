"""Callers in the form that the judge needs: who they are, and what their session adds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.iam.principals import Principal
from shared.local.arns import ACCOUNT, PARTITION, RESOURCE
from shared.local.door.callers import caller_of

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from shared.local.door.callers import Caller

_NOTHING = '{"Version": "2012-10-17", "Statement": []}'


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a call, with all that a decision about it needs besides IAM's tables.

    Args:
        principal: Who calls.
        hangs_on: The ARN of the user or role whose policies count; empty for a service or an account's root.
        policies: The session's own policies, as JSON text.
        policy_arns: The session's managed policies.
        context: Condition keys that the session gives, as pairs: its tags, when it was issued.
    """

    principal: Principal
    hangs_on: str = ""
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()


def service(name: str) -> Actor:
    """Return the service called *name*, such as ``events.amazonaws.com``."""
    return Actor(Principal(name, kind="Service"))


@lru_cache(maxsize=1024)
def role_session(role: str, session: str) -> Actor:
    """Return who acts in a *session* of the *role* with that ARN."""
    parts = role.split(":", RESOURCE)
    name = parts[RESOURCE].rpartition("/")[2]
    arn = f"arn:{parts[PARTITION]}:sts::{parts[ACCOUNT]}:assumed-role/{name}/{session}"
    return Actor(Principal(arn, role), role)


def actor_in(environ: WSGIEnvironment) -> Actor:
    """Return who makes the request of *environ*, which came through the door."""
    return actor_of(caller_of(environ))


def actor_of(caller: Caller) -> Actor:
    """Return the actor for a *caller* that the door has let in."""
    session = caller.session
    principal = Principal(caller.arn, caller.principal if caller.kind == "role" else "")
    hangs_on = "" if caller.kind == "root" else caller.principal
    if session is None:
        return Actor(principal, hangs_on)
    issued = datetime.fromtimestamp(session.issued, UTC).isoformat(timespec="seconds")
    context = [
        ("aws:TokenIssueTime", (issued,)),
        *((f"aws:PrincipalTag/{key}", (value,)) for key, value in session.tags),
    ]
    if session.source_identity:
        context.append(("aws:SourceIdentity", (session.source_identity,)))
    if session.function:  # Lambda Developer Guide, "Using source function ARN to control function access behavior"
        context.append(("lambda:SourceFunctionArn", (session.function,)))
    policies = session.policies
    if caller.kind == "federated" and not (policies or session.policy_arns):
        policies = (_NOTHING,)  # without a policy a federated user may do nothing (STS, GetFederationToken)
    return Actor(principal, hangs_on, policies, session.policy_arns, tuple(context))
