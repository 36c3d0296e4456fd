"""Decides which requests come in. Web pages and other users of this machine are attackers.

The address that the console prints holds a token that works once; it is exchanged for a cookie. The host's name in it
is a label that nobody can guess (``LABEL.localhost``, which browsers take for this machine): cookies know no ports, so
the server of another user on this machine would get a cookie of ``localhost``. Whoever has no such browser uses
127.0.0.1.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COOKIE = "lanes-console"
TOKEN = "token"  # noqa: S105  the name of the parameter
FORM_KEY = "form_key"
"""The field of each form that proves that a page of ours has made it."""
_LABEL_BYTES = 10
_NAVIGATES = ("navigate", "document")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What every answer says to the browser."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as far as it decides whether it comes in. Names of *headers* are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """It does not come in: the status, and what to tell."""

    status: int
    what: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """It came with the token: it is sent to *location* with a cookie."""

    location: str
    cookie: str


@dataclass(slots=True)
class Guard:
    """Knows who has come in.

    Args:
        port: Where the console listens.
        renewed: Is told the next address to open, whenever one was used up.
    """

    port: int
    renewed: Callable[[str], None] = lambda _: None
    label: str = field(default_factory=lambda: secrets.token_hex(_LABEL_BYTES))
    _token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _lock: Lock = field(default_factory=Lock)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The values of ``Host`` that are taken."""
        return f"{self.label}.localhost:{self.port}", f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """The address to open, which works once."""
        return f"http://{self.hosts[0]}/?{TOKEN}={self._token}"

    @property
    def plain_address(self) -> str:
        """The same for a browser that does not know ``LABEL.localhost``."""
        return f"http://{self.hosts[1]}/?{TOKEN}={self._token}"

    @property
    def form_key(self) -> str:
        """The value of :data:`FORM_KEY` in forms of this session."""
        return hmac.digest(self._session.encode(), b"forms", "sha256").hex()

    def decide(self, asked: Asked) -> Refusal | Entry | None:
        """Return why *asked* does not come in, or where it enters; None where it is let through."""
        host = asked.headers.get("host", "")
        if host not in self.hosts:
            return Refusal(421, "this console answers at the address that lanes console has printed, and at no other")
        if asked.method not in {"GET", "HEAD", "POST"}:
            return Refusal(405, "the console knows GET and POST")
        if asked.method == "POST" and asked.headers.get("origin") != f"http://{host}":
            return Refusal(403, "this form was sent by another page", "open the page again, and send its form")
        known = self._is_known(asked.headers.get("cookie", ""))
        given = parse_qs(asked.query).get(TOKEN, [])
        if asked.method == "GET" and given and (known or self._spend(given[0])):
            return Entry(asked.path, self._cookie())
        if not known:
            return Refusal(
                403,
                "you have not come in yet, or by an address that was used before",
                "open the newest address that lanes console has printed",
            )
        return self._foreign(asked.headers)

    def may_write(self, form_key: str) -> bool:
        """Say whether a form with this *form_key* was made by a page of this console."""
        return hmac.compare_digest(form_key.encode(), self.form_key.encode())

    def _foreign(self, headers: Mapping[str, str]) -> Refusal | None:
        """Refuse what another site's page asks for. Going from it to a page of ours is no asking."""
        site = headers.get("sec-fetch-site", "none")
        goes = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == _NAVIGATES
        if site in {"none", "same-origin"} or goes:
            return None
        return Refusal(403, "another page has asked for this")

    def _is_known(self, cookies: str) -> bool:
        try:
            morsel = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return False
        return morsel is not None and hmac.compare_digest(morsel.value.encode(), self._session.encode())

    def _spend(self, token: str) -> bool:
        with self._lock:
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                return False
            self._token = secrets.token_urlsafe(32)
        self.renewed(self.address)
        return True

    def _cookie(self) -> str:
        return f"{COOKIE}={self._session}; HttpOnly; SameSite=Strict; Path=/"
