"""Where ranks meet: the lane's own rendezvous, as deployment wrote it, or the one that a payload names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.handlers.env import require

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PORT = 65535  # of TCP


class BadEndpoint(UsageError):
    """A payload's rendezvous_endpoint is not host:port."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A rendezvous server, and the times, in seconds, by which it is judged."""

    host: str
    port: int
    timeout: float
    degraded_after: float

    @property
    def endpoint(self) -> str:
        """``host:port``."""
        return f"{self.host}:{self.port}"


def protocol(environ: Mapping[str, str] = os.environ) -> str:
    """Return the protocol that ranks speak at the rendezvous, ``v1`` or ``v2``.

    Raises:
        MissingEnvironment: The function's card does not say ``rendezvous: true``.
    """
    ((_, told),) = require(environ, "RENDEZVOUS_PROTOCOL")
    return told


def meeting(named: object = None, environ: Mapping[str, str] = os.environ) -> Meeting:
    """Return where the run's ranks meet.

    Args:
        named: The payload's ``rendezvous_endpoint``, host:port; None or empty for the lane's own.
        environ: The function's environment.

    Raises:
        BadEndpoint: *named* is something else.
        MissingEnvironment: The function's card does not say ``rendezvous: true``.
    """
    names = "RENDEZVOUS_ENDPOINT RENDEZVOUS_TIMEOUT RENDEZVOUS_DEGRADED_AFTER"
    (_, own), (_, timeout), (_, degraded_after) = require(environ, names)
    text = str(named or own)
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= MAX_PORT:
        raise BadEndpoint(f"rendezvous_endpoint is {text!r}, not host:port", fix="leave it out for the lane's own")
    return Meeting(host, int(port), float(timeout), float(degraded_after))
