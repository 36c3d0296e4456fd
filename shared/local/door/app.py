"""The door in front of the cloud, as two WSGI applications: one looks at where a request comes from, one at its key."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from shared.local.door import signature, version_2
from shared.local.door.answers import forbidden, refusal
from shared.local.door.browser import why_foreign
from shared.local.door.callers import CALLER, Caller, root
from shared.local.door.chunks import CheckedBody, checker
from shared.local.door.refused import RefusedError, Wrong
from shared.local.door.signature import Arrived, Signed
from shared.local.door.version_2 import SignedUrl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.local.door.answers import Answer
    from shared.local.door.callers import Keyring

    WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

HEADERS = "lanes.headers"
"""Where the server puts a request's headers as they came: pairs, in their order."""

_AT_ONCE = 1 << 20  # bytes: what is read and checked before the cloud sees any of it
_NO_KEYS = frozenset({Wrong.UNKNOWN_KEY, Wrong.WRONG_TOKEN})


def arrived(environ: dict[str, Any]) -> Arrived:
    """Return the request of *environ* as it came."""
    headers = [(name.lower(), value) for name, value in environ[HEADERS]]
    return Arrived(environ["REQUEST_METHOD"], environ["REQUEST_URI"], headers)


class Threshold:
    """Lets no web page in, and tells browsers nothing of CORS. *inside* answers the rest."""

    def __init__(self, inside: WsgiApp) -> None:
        self._inside = inside

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = arrived(environ)
        why = why_foreign(request, int(environ["SERVER_PORT"]))
        if why:
            return _say(start, forbidden(request, why))

        def without_cors(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            kept = [pair for pair in headers if not pair[0].lower().startswith("access-control-")]
            return start(status, kept, *error)

        return self._inside(environ, without_cors)


class Door:
    """Lets in who signs with a key that is known, and tells the *cloud* who that is (:func:`callers.caller_of`).

    Args:
        cloud: Answers who is let in.
        keyring: Whose keys are known.
        clock: Seconds since the epoch.
        account: The owner's.
        any_key: Keys that are not known are the owner's.
    """

    def __init__(
        self, cloud: WsgiApp, keyring: Keyring, clock: Callable[[], float], account: str, *, any_key: bool = False
    ) -> None:
        self._cloud = cloud
        self._keyring = keyring
        self._clock = clock
        self._account = account
        self._any_key = any_key

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Answer one request."""
        request, service = arrived(environ), ""
        try:
            signed = version_2.read(request) or signature.read(request)
            service = signed.service.lower()
            caller, secret = self._who(signed)
            if secret is not None:
                self._check(environ, request, signed, secret)
            environ[CALLER] = caller
            environ["HTTP_AUTHORIZATION"] = signed.authorization  # of a presigned request, too: moto goes by it
            return self._cloud(environ, start)
        except RefusedError as refused:
            return _say(start, refusal(refused, request, service))

    def _who(self, signed: Signed | SignedUrl) -> tuple[Caller, str | None]:
        """Return whose key it is, and its secret; None for a key that needs none."""
        try:
            return self._keyring.find(signed.key_id, signed.token)
        except RefusedError as refused:
            if self._any_key and refused.wrong in _NO_KEYS:
                return root(self._account, signed.key_id, known=False), None
            raise

    def _check(self, environ: dict[str, Any], request: Arrived, signed: Signed | SignedUrl, secret: str) -> None:
        """Let go on what is signed with *secret*; its body too, by the time that the cloud has read all of it."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        if isinstance(signed, SignedUrl):
            version_2.check(signed, request, secret, now)
            return
        signature.check_time(signed, now)
        if request.one("transfer-encoding"):
            raise RefusedError(
                Wrong.MALFORMED,
                "a body of unknown length (Transfer-Encoding) is not taken, nor is it by AWS",
                "tell it",
            )
        length, stream = int(request.one("content-length") or 0), environ["wsgi.input"]
        stated = signature.body_digest(signed)
        if stated is None:
            body = stream.read(length)
            signature.check(signed, request, secret, hashlib.sha256(body).hexdigest())
            environ["wsgi.input"] = BytesIO(body)
            return
        signature.check(signed, request, secret, stated)
        check = checker(signed, secret)
        if check is None:
            return
        if not length:
            check.finish()
            return
        checked = CheckedBody(stream, length, check)
        environ["wsgi.input"] = BytesIO(checked.read()) if length <= _AT_ONCE else checked


def _say(start: Any, answer: Answer) -> Iterable[bytes]:
    status, headers, body = answer
    start(status, headers)
    return [body]
