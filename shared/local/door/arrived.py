"""A request as it came over the wire: what is signed, and what the door looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from wsgiref.types import WSGIEnvironment

HEADERS = "lanes.headers"
"""The key of a WSGI environ under which the server puts the headers as they came: pairs, in their order."""

TRAILERS = "lanes.trailers"
"""The key of a WSGI environ under which the door puts the headers that came after the body, once all of it is read."""

SAFE = "-_.~"
"""What a signed path or query holds unencoded beside letters and digits."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request as it came over the wire.

    Attributes:
        method: Its verb.
        target: Path and query, still encoded.
        headers: Pairs, in their order; names in lower case.
    """

    method: str
    target: str
    headers: Sequence[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        """Return the values of the header *name*."""
        return [value for each, value in self.headers if each == name]

    def one(self, name: str) -> str:
        """Return the value of the header *name*: empty if there is none, joined by commas if there are several."""
        return ",".join(self.all(name))

    @property
    def path(self) -> str:
        """The path, still encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's names and values, encoded as they are signed."""
        _, _, query = self.target.partition("?")
        return [(encoded(name), encoded(value)) for name, _, value in (p.partition("=") for p in query.split("&") if p)]


def arrived(environ: WSGIEnvironment) -> Arrived:
    """Return the request of *environ* as it came."""
    headers = [(name.lower(), value) for name, value in environ[HEADERS]]
    return Arrived(environ["REQUEST_METHOD"], environ["REQUEST_URI"], headers)


def encoded(part: str) -> str:
    """Return *part* as it is signed, however it is encoded: percent signs for all but letters, digits and ``-_.~``."""
    return quote_from_bytes(unquote_to_bytes(part.encode("latin-1")), safe=SAFE)
