"""Decisions for callers in this process: state machines, and services that deliver events or take roles."""

from __future__ import annotations

import logging
import secrets
import string
import threading
from typing import TYPE_CHECKING

from shared.local.enforcement.callers import role_session, service
from shared.local.enforcement.denied import denied

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.enforcement.callers import Actor
    from shared.local.enforcement.judge import Judge, Keys

_LOG = logging.getLogger(__name__)
_SESSION_LETTERS = 32  # in the name of a session that Step Functions holds, as histories show it


class Gate:
    """Asks the judge for callers that come without a request. Thread-safe.

    Args:
        judge: Decides.
        account: The account.
        say: Is called once for each delivery that AWS would drop without telling anybody.
    """

    def __init__(self, judge: Judge, account: str, say: Callable[[str], None] = _LOG.warning) -> None:
        self._judge = judge
        self._account = account
        self._session = "".join(secrets.choice(string.ascii_letters) for _ in range(_SESSION_LETTERS))
        self._say = say
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def permit(self, role: str, action: str, resource: str, keys: Keys = ()) -> None:
        """Let *role*, as a service holds it, do *action* on *resource*, with a request's *keys*.

        Raises:
            DeniedError: It may not.
        """
        actor = role_session(role, self._session)
        decision = self._judge.decide(actor, action, resource, keys)
        if not decision.allowed:
            raise denied(actor, action, resource, decision)

    def why_not(self, actor: Actor, action: str, resource: str, keys: Keys = ()) -> str:
        """Return why *actor* may not do *action* on *resource* with a request's *keys*; empty if it may."""
        decision = self._judge.decide(actor, action, resource, keys)
        return "" if decision.allowed else denied(actor, action, resource, decision).message

    def allows(self, role: str, action: str, resource: str) -> bool:
        """Say whether *role* may do *action* on *resource*."""
        return self._judge.decide(role_session(role, self._session), action, resource).allowed

    def delivers(self, name: str, action: str, resource: str, acts_for: str) -> bool:
        """Say whether *resource* lets the service *name* do *action* on behalf of *acts_for*; log it once if not."""
        return self._said_unless(service(name), action, resource, source(acts_for, self._account))

    def may(self, role: str, session: str, action: str, resource: str) -> bool:
        """Say whether *role* may do what AWS drops silently otherwise; log it once if not."""
        return self._said_unless(role_session(role, session), action, resource, ())

    def assumes(self, name: str, role: str, acts_for: str = "") -> bool:
        """Say whether the service called *name* may take *role*, for the resource *acts_for* if one is named."""
        keys = source(acts_for, self._account) if acts_for else ()
        return self._judge.decide(service(name), "sts:AssumeRole", role, keys).allowed

    def _said_unless(self, actor: Actor, action: str, resource: str, keys: Keys) -> bool:
        decision = self._judge.decide(actor, action, resource, keys)
        if not decision.allowed:
            once = f"{actor.hangs_on or actor.principal.arn} {action} {resource.partition(':log-stream:')[0]}"
            self._say_once(once, f"dropped, as on AWS: {denied(actor, action, resource, decision)}")
        return decision.allowed

    def _say_once(self, what: str, text: str) -> None:
        with self._lock:
            new = what not in self._said
            self._said.add(what)
        if new:
            self._say(text)


def source(arn: str, account: str) -> Keys:
    """Return the condition keys of a service that acts for the resource *arn*. A bucket's ARN has no *account*."""
    return (("aws:SourceAccount", (account,)), ("aws:SourceArn", (arn,)))
