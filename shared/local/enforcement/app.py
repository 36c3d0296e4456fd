"""Behind the door and before the cloud: what a call needs is decided, need by need, before anything happens."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from shared.local.calls.call import CallNotReadError
from shared.local.calls.needs import needs
from shared.local.calls.read import read_call
from shared.local.door.app import arrived
from shared.local.door.callers import caller_of
from shared.local.door.refused import RefusedError, Wrong
from shared.local.enforcement.callers import actor_of
from shared.local.enforcement.changes import may_change
from shared.local.enforcement.denied import denied, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.local.calls.asked import Facts
    from shared.local.calls.call import Call
    from shared.local.calls.needs import Need
    from shared.local.enforcement.callers import Actor
    from shared.local.enforcement.judge import Judge

    WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Enforcement:
    """Lets a call through to the *cloud* when every action that it needs is allowed to its caller.

    Args:
        cloud: Answers what is allowed.
        judge: Decides.
        account: Whose cloud it is.
        facts: What the account holds.
    """

    def __init__(self, cloud: WsgiApp, judge: Judge, account: str, facts: Facts) -> None:
        self._cloud = cloud
        self._judge = judge
        self._account = account
        self._facts = facts

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Answer one request.

        Raises:
            RefusedError: It is not allowed.
        """
        actor = actor_of(caller_of(environ))
        call = self._read(environ, actor)
        if call is not None:
            self._check(actor, call)
        changes = call is None or may_change(call.service, call.operation)
        try:
            return self._cloud(environ, start)
        finally:
            if changes:
                self._judge.changed()

    def _read(self, environ: dict[str, Any], actor: Actor) -> Call | None:
        """Return the call, None for one that cannot be read and that the account's root makes."""
        request = arrived(environ)
        length = int(request.one("content-length") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = BytesIO(body)
        path, _, query = request.target.partition("?")
        region, service = _scope(environ["HTTP_AUTHORIZATION"])
        try:
            return read_call(service, region, request.method, path, query, dict(request.headers), body)
        except CallNotReadError as error:
            if actor.principal.is_root:
                return None
            raise _refused(unknown(actor, f"{request.method} {path}", str(error.what))) from error

    def _check(self, actor: Actor, call: Call) -> None:
        for need in self._needs(actor, call):
            if need.resource is None:
                why = f"nobody can tell which resource it is about ({need.action})"
                raise _refused(unknown(actor, str(call), why))
            keys = tuple(sorted(need.context.items()))
            decision = self._judge.decide(actor, need.action, need.resource, keys)
            if not decision.allowed:
                quoted = call.service == "s3"
                raise _refused(denied(actor, need.action, need.resource, decision, quoted=quoted))

    def _needs(self, actor: Actor, call: Call) -> tuple[Need, ...]:
        try:
            found = needs(call, self._account, self._facts)
        except CallNotReadError as error:
            if actor.principal.is_root:
                return ()
            raise _refused(unknown(actor, str(call), str(error.what))) from error
        return tuple(need for need in found if need.resource) if actor.principal.is_root else found


def _refused(error: Any) -> RefusedError:
    return RefusedError(Wrong.DENIED, error.what, error.fix)


def _scope(authorization: str) -> tuple[str, str]:
    """Return the region and service that a request is signed for."""
    scope = authorization.partition("Credential=")[2].partition(",")[0].split("/")
    return scope[-3], scope[-2].lower()
