"""Between the door and moto: each need of a call is decided before anything happens."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING

from shared.local.calls import CALL, CallNotReadError, Request, needs, read_call, request_keys
from shared.local.calls.models import models_signed_as
from shared.local.door.arrived import arrived
from shared.local.door.callers import caller_of
from shared.local.door.held import Held
from shared.local.door.refused import RefusedError, Wrong
from shared.local.enforcement.callers import actor_in
from shared.local.enforcement.changes import may_change
from shared.local.enforcement.denied import DeniedError, denied, unknown
from shared.local.enforcement.unanswered import refuse_unanswered
from shared.local.enforcement.unserved import refuse_unserved
from shared.local.objects.arriving import carries_object, leave_unread
from shared.local.trail import CHANGES, error_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from _typeshed import OptExcInfo

    from shared.local.calls import Call, Facts, Need
    from shared.local.enforcement.callers import Actor
    from shared.local.enforcement.judge import Judge, Keys
    from shared.local.requests import Requests
    from shared.local.trail import Trail

# Services that have a code of their own (each API's reference, "Common errors"; read 2026-11-29).
_OWN_WORDS = {"sns": Wrong.FORBIDDEN_BY_TOPIC, "sqs": Wrong.FORBIDDEN_BY_QUEUE}
_JUDGED_ANEW = frozenset({"aws:CurrentTime", "aws:EpochTime"})  # the judge gives these itself
_OBJECT_READ = frozenset({"GetObject", "HeadObject", "GetObjectAttributes", "GetObjectTagging"})


class Enforcement:
    """Lets a call through to the *cloud* when every action that it needs is allowed to its caller.

    Args:
        cloud: Answers the calls that are allowed.
        judge: Decides.
        account: The account.
        facts: What the account holds.
        trail: Keeps who changed what.
        requests: Counts the calls of functions, also those that are refused; None to count none.
    """

    def __init__(  # noqa: PLR0913  what decides, and what is told
        self,
        cloud: WSGIApplication,
        judge: Judge,
        account: str,
        facts: Facts,
        *,
        trail: Trail,
        requests: Requests | None = None,
    ) -> None:
        self._cloud = cloud
        self._judge = judge
        self._account = account
        self._facts = facts
        self._trail = trail
        self._requests = requests

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request.

        Raises:
            RefusedError: It is not allowed. The door answers it.
        """
        actor = actor_in(environ)
        region, service = _scope(environ["HTTP_AUTHORIZATION"])
        request = _request(environ)
        try:
            call = self._read(actor, service, region, request) if service == "s3" and request.method == "PUT" else None
            if call is not None and carries_object(call):
                leave_unread(environ)
            else:
                request = _with_body(request, environ)
                call = self._read(actor, service, region, request)
            environ[CALL] = call  # what is decided is what moto does
            self._count(environ, call)
            keys = _keys(environ, region, request)
            if call is not None:
                self._check_noted(actor, call, keys)
                refuse_unanswered(call, self._account)
                refuse_unserved(call)
                if self._judge.strangers and not caller_of(environ).known:
                    self._judge.strangers.note(call)
                if call.service == "s3" and call.operation in _OBJECT_READ:
                    bucket = f"arn:aws:s3:::{call.parameters['Bucket']!s}"
                    see = partial(self._decide, actor, call, "s3:ListBucket", bucket, keys)
                    return self._read_object(environ, start, see)
        except DeniedError as error:
            raise _refused(error, service) from error
        if call is not None and (call.service, call.operation) == ("cloudtrail", "LookupEvents"):
            status, told = self._trail.answer(call)
            start(f"{status.value} {status.phrase}", [("Content-Type", "application/x-amz-json-1.1")])
            return [told]
        if call is not None and self._trail.takes(call):
            return self._pass_noted(environ, start, actor, call)
        if call is not None and (call.service, call.operation) == ("lambda", "GetAccountSettings"):
            return self._pass_on(environ, _with_header(start, CHANGES, self._trail.changes), call)
        return self._pass_on(environ, start, call)

    def _check_noted(self, actor: Actor, call: Call, keys: Keys) -> None:
        """Check as :meth:`_check`. A refusal is in the trail, too."""
        try:
            self._check(actor, call, keys)
        except DeniedError:
            if self._trail.takes(call):
                self._trail.note(call, actor.principal.arn, self._about(call), "AccessDenied", "")
            raise

    def _pass_noted(self, environ: WSGIEnvironment, start: StartResponse, actor: Actor, call: Call) -> Iterable[bytes]:
        """Pass on a *call* that writes, and note who made it and how it ended. Its answer is small."""
        held = Held()
        try:
            body = b"".join(self._pass_on(environ, held, call))
        except BaseException:
            self._trail.note_unread()  # it may have changed something before it broke
            raise
        failed = held.status[:1] not in {"2", "3"}
        code = error_code(held.headers, body) if failed else ""
        self._trail.note(call, actor.principal.arn, self._about(call), code, held.one("x-amzn-requestid"))
        held.tell(start)
        return [body]

    def _about(self, call: Call) -> Iterator[str]:
        """Yield the ARNs that *call* is about, those that can be told."""
        with contextlib.suppress(CallNotReadError):
            yield from (need.resource for need in needs(call, self._account, self._facts) if need.resource)

    def _count(self, environ: WSGIEnvironment, call: Call | None) -> None:
        """Count *call* if a function makes it."""
        session = caller_of(environ).session
        if self._requests and call is not None and session is not None and session.environment:
            self._requests.note(session.environment, call)

    def _pass_on(self, environ: WSGIEnvironment, start: StartResponse, call: Call | None) -> Iterable[bytes]:
        changes = call is None or may_change(call.service, call.operation)
        try:
            return self._cloud(environ, start)
        finally:
            if call is None:
                self._trail.note_unread()
            if changes:
                self._judge.changed()

    def _read(self, actor: Actor, service: str, region: str, request: Request) -> Call | None:
        """Return the call; None if it cannot be read and the account's root makes it."""
        try:
            return read_call(service, region, request)
        except CallNotReadError as error:
            if actor.principal.is_root:
                return None
            raise unknown(actor, f"{request.method} {request.path}", error) from error

    def _check(self, actor: Actor, call: Call, keys: Keys) -> None:
        for need in self._needs(actor, call):
            if need.resource is None:
                error = CallNotReadError(f"nobody can tell which resource {need.action} is about", fix="name it")
                raise unknown(actor, str(call), error)
            self._decide(actor, call, need.action, need.resource, (*keys, *sorted(need.context.items())))

    def _decide(self, actor: Actor, call: Call, action: str, resource: str, keys: Keys) -> None:
        decision = self._judge.decide(actor, action, resource, keys)
        if not decision.allowed:
            raise denied(actor, action, resource, decision, quoted=call.service == "s3")

    def _needs(self, actor: Actor, call: Call) -> tuple[Need, ...]:
        try:
            found = needs(call, self._account, self._facts)
        except CallNotReadError as error:
            if actor.principal.is_root:
                return ()
            raise unknown(actor, str(call), error) from error
        return tuple(need for need in found if need.resource) if actor.principal.is_root else found

    def _read_object(self, environ: WSGIEnvironment, start: StartResponse, see: Callable[[], None]) -> Iterable[bytes]:
        """Answer a call that reads an object; *see* raises unless the caller may hear that the object does not exist.

        A caller who may not list the bucket is refused instead (Amazon S3 API Reference, GetObject, "Permissions"; read
        2026-11-29). That the bucket does not exist is told to anybody who may read an object of that name.
        """
        held = Held()
        body = self._cloud(environ, held)
        if held.status.startswith("404"):
            body = list(body)
            if b"NoSuchBucket" not in b"".join(body):
                see()
        held.tell(start)
        return body


def _with_header(start: StartResponse, name: str, value: str) -> StartResponse:
    """Return *start* for an answer that has a header more."""

    def begin(status: str, headers: list[tuple[str, str]], *error: OptExcInfo | None) -> Callable[[bytes], object]:
        return start(status, [*headers, (name, value)], *error)

    return begin


def _refused(error: DeniedError, service: str) -> RefusedError:
    """Return *error* with the code and the status of the *service* that the request was signed for."""
    wrong = _OWN_WORDS.get(service, Wrong.FORBIDDEN)
    models = models_signed_as(service)
    speaks_json = bool(models) and models[0].metadata["protocol"] == "json"
    status = HTTPStatus.BAD_REQUEST if speaks_json else HTTPStatus.FORBIDDEN
    return RefusedError(wrong, error.what, str(error.fix), status)


def _request(environ: WSGIEnvironment) -> Request:
    """Return the request of *environ*, without its body."""
    came = arrived(environ)
    path, _, query = came.target.partition("?")
    return Request(came.method, path, query, dict(came.headers), b"")


def _with_body(request: Request, environ: WSGIEnvironment) -> Request:
    """Return *request* with its body, which is put back, so that moto can read it again."""
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return replace(request, body=body)


def _keys(environ: WSGIEnvironment, region: str, request: Request) -> Keys:
    """Return the condition keys that every request has. The loopback counts as TLS."""
    keys = request_keys(region, datetime.now(UTC), environ.get("REMOTE_ADDR", ""), request.headers, secure=True)
    return tuple(sorted((key, values) for key, values in keys.items() if key not in _JUDGED_ANEW))


def _scope(authorization: str) -> tuple[str, str]:
    """Return the region and service that a request is signed for."""
    scope = authorization.partition("Credential=")[2].partition(",")[0].split("/")
    return scope[-3], scope[-2].lower()
