"""The door in front of the cloud, as two WSGI applications.

:class:`Threshold` looks at where a request comes from, :class:`Door` at who signed it.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, cast

from shared.local.door import signature, version_2
from shared.local.door.answers import forbidden, refusal
from shared.local.door.arrived import TRAILERS, arrived
from shared.local.door.browser import why_foreign
from shared.local.door.callers import CALLER, Caller, root
from shared.local.door.chunks import CheckedBody, checker
from shared.local.door.refused import RefusedError, Wrong
from shared.local.door.signature import SIGNED_CHUNKS, UNSIGNED, UNSIGNED_CHUNKS
from shared.local.door.version_2 import SignedUrl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from _typeshed import OptExcInfo

    from shared.local.door.answers import Answer
    from shared.local.door.arrived import Arrived
    from shared.local.door.callers import Keyring
    from shared.local.door.chunks import Checker
    from shared.local.door.signature import Signed

_AT_ONCE = 1 << 20  # bytes: a body up to this size is read and checked before the cloud sees any of it
_NO_KEYS = frozenset({Wrong.UNKNOWN_KEY, Wrong.WRONG_TOKEN})


class Threshold:
    """Lets no web page in, and takes all of CORS out of answers. *inside* answers every other request."""

    def __init__(self, inside: WSGIApplication) -> None:
        self._inside = inside

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = arrived(environ)
        why = why_foreign(request, int(environ["SERVER_PORT"]))
        if why:
            return _say(start, forbidden(request, why))

        def without_cors(
            status: str, headers: list[tuple[str, str]], *error: OptExcInfo | None
        ) -> Callable[[bytes], object]:
            kept = [pair for pair in headers if not pair[0].lower().startswith("access-control-")]
            return start(status, kept, *error)

        return self._inside(environ, without_cors)


class Door:
    """Lets in requests that are signed with a known key, and tells the *cloud* whose key it is.

    The cloud reads that with :func:`shared.local.door.callers.caller_of`.

    Args:
        cloud: Answers the requests that are let in.
        keyring: Finds the owner of a key.
        clock: Seconds since the epoch.
        account: The account.
        any_key: Take unknown keys for the account owner's.
    """

    def __init__(
        self,
        cloud: WSGIApplication,
        keyring: Keyring,
        clock: Callable[[], float],
        account: str,
        *,
        any_key: bool = False,
    ) -> None:
        self._cloud = cloud
        self._keyring = keyring
        self._clock = clock
        self._account = account
        self._any_key = any_key

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request, service = arrived(environ), ""
        try:
            signed = version_2.read(request) or signature.read(request)
            service = signed.service.lower()
            caller, secret = self._who(signed)
            if secret is None:
                _take_body(environ, request, checker(_payload(request)))
            else:
                self._check(environ, request, signed, secret)
            environ[CALLER] = caller
            environ["HTTP_AUTHORIZATION"] = signed.authorization  # moto reads this, also for a presigned request
            return self._cloud(environ, start)
        except RefusedError as refused:
            return _say(start, refusal(refused, request, service))

    def _who(self, signed: Signed | SignedUrl) -> tuple[Caller, str | None]:
        """Return who has the key, and the secret that checks the signature; None if it is not checked."""
        try:
            return self._keyring.find(signed.key_id, signed.token)
        except RefusedError as refused:
            if self._any_key and refused.wrong in _NO_KEYS:
                return root(self._account, signed.key_id, known=False), None
            raise

    def _check(self, environ: WSGIEnvironment, request: Arrived, signed: Signed | SignedUrl, secret: str) -> None:
        """Raise unless *request* is signed with *secret*. A large body is checked while the cloud reads it."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        if isinstance(signed, SignedUrl):
            version_2.check(signed, request, secret, now)
            _take_body(environ, request, checker(_payload(request)))
            return
        signature.check_time(signed, now)
        stated = signature.body_digest(signed)
        if stated is None:
            body = environ["wsgi.input"].read(_length(request))
            signature.check(signed, request, secret, hashlib.sha256(body).hexdigest())
            environ["wsgi.input"] = BytesIO(body)
            return
        signature.check(signed, request, secret, stated)
        _take_body(environ, request, checker(signed.payload, signed, secret))


def _take_body(environ: WSGIEnvironment, request: Arrived, check: Checker) -> None:
    """Have *check* look at the body while the cloud reads it. The cloud gets the content alone, and its end.

    A small body that somebody has signed is looked at now.
    """
    length = _length(request)
    body = cast("BinaryIO", CheckedBody(environ["wsgi.input"], length, check))
    if length is not None and length <= _AT_ONCE:
        body = BytesIO(body.read())
    environ["wsgi.input"] = body
    environ[TRAILERS] = check.trailers
    if _payload(request) in {UNSIGNED_CHUNKS, *SIGNED_CHUNKS}:
        environ["HTTP_X_AMZ_CONTENT_SHA256"] = UNSIGNED  # so that nobody takes it apart once more


def _payload(request: Arrived) -> str:
    return request.one("x-amz-content-sha256")


def _length(request: Arrived) -> int | None:
    """Return the length of the body; None if it ends by itself.

    Raises:
        RefusedError: It ends by itself, and nothing says how long its content is.
    """
    if not request.one("transfer-encoding"):
        return int(request.one("content-length") or 0)
    if not request.one("x-amz-decoded-content-length").isdigit():
        raise RefusedError(
            Wrong.MALFORMED,
            "a body of unknown length (Transfer-Encoding) is not taken; AWS does not take it either",
            "send its length",
        )
    return None


def _say(start: StartResponse, answer: Answer) -> Iterable[bytes]:
    status, headers, body = answer
    start(status, headers)
    return [body]
