"""The judge collects the policies of a call, lets :func:`shared.iam.decision.decide` decide, and remembers the answer.

A decision is valid for one *generation*: until some call changes a policy, a role, or a resource that has a policy. A
decision that depends on the time is made anew each time.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.iam.decision import Decision, Layer, Policies, Request, decide
from shared.iam.statements import Policy, read_identity_policy, read_resource_policy
from shared.local.enforcement import identities, resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.enforcement.callers import Actor
    from shared.local.enforcement.strangers import Strangers

_MOST = 8192  # how many decisions are remembered, of 1.3 KB each: an execution is a resource of its own
_TIMES = ("aws:currenttime", "aws:epochtime")
_TRUST = "sts:"

Keys = tuple[tuple[str, tuple[str, ...]], ...]
"""Condition keys and their values, as pairs: they are part of a dictionary's key."""


class Judge:
    """Decides for one account. Thread-safe.

    Policies are read and decisions are made without the lock, so a change may come meanwhile. What was read is kept
    only if the generation is still the one that it was before.

    Args:
        account: The account of resources whose ARN does not name one.
        clock: Seconds since the epoch.
        strangers: In an open cloud, the roles that count as the owner's.
    """

    def __init__(
        self, account: str, clock: Callable[[], float] = time.time, strangers: Strangers | None = None
    ) -> None:
        self._account = account
        self._clock = clock
        self.strangers = strangers
        self._lock = threading.Lock()
        self._generation = 0
        self._decided: dict[tuple[Actor, str, str, Keys], Decision] = {}
        self._hanging: dict[str, identities.Hanging] = {}

    def changed(self) -> None:
        """Forget all decisions: some policy, or a resource that has one, may have changed."""
        with self._lock:
            self._generation += 1
            self._decided = {}
            self._hanging = {}

    def decide(self, actor: Actor, action: str, resource: str, keys: Keys = ()) -> Decision:
        """Return whether *actor* may do *action* on *resource* (an ARN or ``*``) with a request's *keys*."""
        asked = (actor, action, resource, keys)
        known = self._decided.get(asked)
        if known is not None:
            return known
        generation = self._generation
        if self._is_strangers(actor, action, resource):
            return Decision(allowed=True, layer=Layer.ROOT)
        policies = self._policies(actor, action, resource)
        decision = decide(self._request(actor, action, resource, keys), policies)
        if not any(_asks_for_time(policy) for policy in _all(policies)):
            self._remember(generation, asked, decision)
        return decision

    def hanging_on(self, arn: str) -> identities.Hanging:
        """Return the policies, boundary and tags of the user or role *arn*."""
        found = self._hanging.get(arn)
        if found is None:
            generation = self._generation
            found = identities.hanging_on(arn)
            with self._lock:
                if generation == self._generation:
                    self._hanging[arn] = found
        return found

    def _is_strangers(self, actor: Actor, action: str, resource: str) -> bool:
        """Say whether only strangers and AWS's services are concerned, whom an open cloud allows everything."""
        if self.strangers is None:
            return False
        if actor.hangs_on:
            return self.strangers.own(actor.hangs_on)
        taken = action.startswith(_TRUST) and self.strangers.own(resource)
        return actor.principal.kind == "Service" and (taken or not action.startswith(_TRUST))

    def since(self, arn: str) -> float | None:
        """Return when the user or role *arn* was made, in seconds since the epoch; None if there is none.

        For a stranger's role it is 0.
        """
        if self.strangers is not None and self.strangers.own(arn):
            return 0
        found = self.hanging_on(arn)
        return found.since if found.known else None

    def _remember(self, generation: int, asked: tuple[Actor, str, str, Keys], decision: Decision) -> None:
        with self._lock:
            if generation != self._generation:
                return
            if len(self._decided) >= _MOST:
                self._decided = {}
            self._decided[asked] = decision

    def _policies(self, actor: Actor, action: str, resource: str) -> Policies:
        own = self.hanging_on(actor.hangs_on) if actor.hangs_on else identities.Hanging()
        return Policies(
            identity=own.identity,
            boundary=own.boundary,
            session=self._session(actor),
            resource=self._on_resource(action, resource),
        )

    def _session(self, actor: Actor) -> tuple[Policy, ...]:
        inline = [read_identity_policy("the session's policy", document) for document in actor.policies]
        return (*inline, *identities.managed_policies(actor.policy_arns, actor.principal.account))

    def _on_resource(self, action: str, resource: str) -> tuple[Policy, ...]:
        if action.lower().startswith(_TRUST):
            trust = self.hanging_on(resource).trust if ":role/" in resource else ""
            return (read_resource_policy(resource, trust),) if trust else ()
        return resources.hanging_on(resource, self._account)

    def _request(self, actor: Actor, action: str, resource: str, keys: Keys) -> Request:
        now = self._clock()
        owner = _owner(resource)
        context: dict[str, tuple[str, ...]] = {
            "aws:CurrentTime": (datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),),
            "aws:EpochTime": (str(int(now)),),
            "aws:SecureTransport": ("true",),  # the loopback counts as TLS: nobody else can listen to it
            "aws:ResourceAccount": (owner or self._account,),
        }
        if actor.hangs_on:
            tags = self.hanging_on(actor.hangs_on).tags
            context |= {f"aws:PrincipalTag/{key}": (value,) for key, value in tags}
        context |= dict(actor.context) | dict(keys)
        return Request(actor.principal, action, resource, context, owner)


def _owner(resource: str) -> str:
    """Return the account that an ARN names; empty if it names none, as the ARNs of AWS's own policies do."""
    account = (resource.split(":", 5) + [""] * 5)[4]
    return account if account.isdigit() else ""


def _all(policies: Policies) -> Iterator[Policy]:
    yield from (*policies.identity, *policies.session, *policies.resource)
    if policies.boundary:
        yield policies.boundary


def _asks_for_time(policy: Policy) -> bool:
    return any(
        moment in text.lower()
        for statement in policy.statements
        for condition in statement.conditions
        for text in (condition.key, *condition.values)
        for moment in _TIMES
    )
