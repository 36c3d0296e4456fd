"""Requests that a web page may have made and no client of AWS sends: they are refused before anything is done.

A browser names its page in Origin, and says in Sec-Fetch-Site whether page and address have the same origin (Fetch
Metadata Request Headers, W3C; fetch.spec.whatwg.org, "Origin header"; read 2026-11-29). A page cannot make it leave
either out. With DNS rebinding, a page under a stranger's name has the same origin as a loopback port: so Host must be
one of the loopback's own names. A request that names its Host or the length of its body twice is refused too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from shared.local.door.arrived import Arrived

_LOOPBACK = re.compile(r"(127\.0\.0\.1|\[::1\]|(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.)?localhost)(?::([0-9]{1,5}))?")
_LENGTH = re.compile(r"[0-9]{1,15}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})
_HTTP_PORT = 80  # where a Host need not name it
_OWN = frozenset({"none", "same-origin"})  # an address that the user typed, and a page of this very address
_CONSOLES = ("/moto-api", "/favicon.ico")  # moto's own pages, which anybody may open


def why_foreign(arrived: Arrived, port: int) -> str | None:
    """Return why *arrived*, a request to the loopback *port*, must not be answered; None if it may be."""
    return _odd(arrived) or _other_host(arrived, port) or _other_page(arrived) or _closed(arrived)


def _odd(arrived: Arrived) -> str | None:
    if arrived.method not in _METHODS:
        return f"AWS has no method {arrived.method}; browsers send it to ask for CORS, which this cloud does not have"
    if not arrived.target.startswith("/"):
        return "its target is not a path"
    lengths, codings = arrived.all("content-length"), arrived.all("transfer-encoding")
    if len(lengths) + len(codings) > 1 or not all(_LENGTH.fullmatch(each) for each in lengths):
        return "the length of its body is missing or stated twice"
    if codings and codings != ["chunked"]:
        return "its body has a Transfer-Encoding that this cloud does not know"
    return None


def _other_host(arrived: Arrived, port: int) -> str | None:
    hosts = arrived.all("host")
    found = _LOOPBACK.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
    if found is None or int(found[2] or _HTTP_PORT) != port:
        return f"its Host is {', '.join(hosts)[:128]!r}, not 127.0.0.1:{port} or a name below localhost with that port"
    return None


def _other_page(arrived: Arrived) -> str | None:
    own = f"http://{arrived.one('host').lower()}"
    if any(origin.lower() != own for origin in arrived.all("origin")):
        return f"it comes from a web page of {arrived.one('origin')[:128]!r}"
    if any(site not in _OWN for site in arrived.all("sec-fetch-site")):
        return f"a browser says that it comes from a page of another origin ({arrived.one('sec-fetch-site')[:32]!r})"
    if any(page.lower() != own and not page.lower().startswith(f"{own}/") for page in arrived.all("referer")):
        return f"it comes from the web page {arrived.one('referer')[:128]!r}"
    return None


def _closed(arrived: Arrived) -> str | None:
    path = unquote(arrived.path).lower()
    return f"{path[:32]} belongs to moto's console, which is closed" if path.startswith(_CONSOLES) else None
