"""Decides which requests come in. Web pages and other users of this machine are attackers.

The address that the console prints holds a token that works once; it is exchanged for a cookie. The host's name in it
is a label that nobody can guess (``LABEL.localhost``, which browsers take for this machine): cookies know no ports, so
the server of another user on this machine would get a cookie of ``localhost``. Whoever has no such browser uses
127.0.0.1, and must trust what listens on other ports of it.

A browser says by itself where a request comes from, and no page can have it say otherwise: ``Origin`` with each POST,
and ``Sec-Fetch-*`` with every request (Fetch Standard; Fetch Metadata Request Headers, W3C; read 2026-11-30). A page of
127.0.0.1 at another port is of the same *site* as ours, so that its requests come with our cookie: they are refused for
not being of the same *origin*.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKEN = "token"  # noqa: S105  the name of the parameter
FORM_KEY = "form_key"
"""The field of each form that proves that a page of ours has made it."""
_LABEL_BYTES = 10
_NAVIGATES = ("navigate", "document")
"""``Sec-Fetch-Mode`` and ``-Dest`` where a browser goes to a page, and shows it in no frame of another."""
_OWN = frozenset({"none", "same-origin"})
"""Values of ``Sec-Fetch-Site``: what somebody typed, or clicked outside of a page; and our own pages."""
_METHODS = frozenset({"GET", "HEAD", "POST"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with no-referrer, a browser sends our own forms with the Origin null
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
    """It came with the token: it gets a cookie, and goes on to the first page.

    ``from_elsewhere``: a page that is not ours has led here. A browser would follow a redirect without the new cookie,
    since that page would still be the one that asks (SameSite, RFC 6265bis, 5.2.1): so a page of ours must lead on.
    """

    cookie: str
    from_elsewhere: bool


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
    def cookie_name(self) -> str:
        """The cookie's name: another console on 127.0.0.1 has one of its own."""
        return f"lanes-console-{self.port}"

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
        if asked.method not in _METHODS:
            return Refusal(405, "the console knows GET, HEAD and POST")
        if asked.method == "POST" and asked.headers.get("origin") != f"http://{host}":
            return Refusal(403, "this form was sent by another page", "open the page again, and send its form")
        known = self._is_known(asked.headers.get("cookie", ""))
        given = parse_qs(asked.query).get(TOKEN, [])
        ours = asked.headers.get("sec-fetch-site", "none") in _OWN
        if asked.method == "GET" and given and (known or self._spend(given[0])):
            return Entry(self._cookie(), from_elsewhere=not ours)
        if not known:
            return Refusal(
                403,
                "you have not come in yet, or by an address that was used before",
                "open the newest address that lanes console has printed",
            )
        goes = (asked.headers.get("sec-fetch-mode"), asked.headers.get("sec-fetch-dest")) == _NAVIGATES
        return None if ours or goes else Refusal(403, "another page has asked for this")

    def may_write(self, form_key: str) -> bool:
        """Say whether a form with this *form_key* was made by a page of this console."""
        return hmac.compare_digest(form_key.encode(), self.form_key.encode())

    def _is_known(self, cookies: str) -> bool:
        """Say whether one of *cookies* is ours. Others may be of any form, or called as ours is: ports share them."""
        given = (each.strip().partition("=") for each in cookies.split(";"))
        values = [value for name, _, value in given if name == self.cookie_name]
        return any(hmac.compare_digest(value.encode(), self._session.encode()) for value in values)

    def _spend(self, token: str) -> bool:
        with self._lock:
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                return False
            self._token = secrets.token_urlsafe(32)
        self.renewed(self.address)
        return True

    def _cookie(self) -> str:
        return f"{self.cookie_name}={self._session}; HttpOnly; SameSite=Strict; Path=/"
