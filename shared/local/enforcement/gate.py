"""Callers in this process: state machines that invoke functions, services that deliver events, roles that are taken."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from shared.local.enforcement.callers import role_session, service
from shared.local.enforcement.denied import denied

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.enforcement.callers import Actor
    from shared.local.enforcement.judge import Judge, Keys

_LOG = logging.getLogger(__name__)


class Gate:
    """Lets through what the judge allows.

    Args:
        judge: Decides.
        say: Is told once of each thing that AWS drops without a word.
    """

    def __init__(self, judge: Judge, say: Callable[[str], None] = _LOG.warning) -> None:
        self._judge = judge
        self._say = say
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def permit(self, role: str, session: str, action: str, resource: str) -> None:
        """Let a *session* of *role* do *action* on *resource*.

        Raises:
            DeniedError: It may not.
        """
        self._check(role_session(role, session), action, resource, ())

    def deliver(self, name: str, action: str, resource: str, keys: Keys = ()) -> bool:
        """Whether the service called *name* may do *action* on *resource*; if not, it is said once and dropped."""
        return self._unless_denied(service(name), action, resource, keys)

    def drop(self, role: str, session: str, action: str, resource: str) -> bool:
        """Whether a session of *role* may not do *action*, which AWS drops silently; here it is said once."""
        return not self._unless_denied(role_session(role, session), action, resource, ())

    def assumes(self, name: str, role: str, keys: Keys = ()) -> bool:
        """Whether the service called *name* may take *role*."""
        return self._judge.decide(service(name), "sts:AssumeRole", role, keys).allowed

    def _check(self, actor: Actor, action: str, resource: str, keys: Keys) -> None:
        decision = self._judge.decide(actor, action, resource, keys)
        if not decision.allowed:
            raise denied(actor, action, resource, decision)

    def _unless_denied(self, actor: Actor, action: str, resource: str, keys: Keys) -> bool:
        decision = self._judge.decide(actor, action, resource, keys)
        if not decision.allowed:
            self._say_once(f"dropped, as on AWS: {denied(actor, action, resource, decision)}")
        return decision.allowed

    def _say_once(self, text: str) -> None:
        with self._lock:
            new = text not in self._said
            self._said.add(text)
        if new:
            self._say(text)
