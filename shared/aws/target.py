"""Where calls go: to AWS, to the embedded cloud, or to what stands in AWS's place at a URL.

One line tells it before anything is changed, so that nobody says yes to another account than they mean.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.config.lane import Place
    from shared.values import Json

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class TargetKind(enum.StrEnum):
    """What answers the calls."""

    AWS = "aws"
    EMBEDDED = "embedded"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class Target:
    """What answers the calls, and for which account and region. ``endpoint`` is its URL, None for AWS's own."""

    kind: TargetKind
    place: Place
    endpoint: str | None = None

    @property
    def embedded(self) -> bool:
        """Whether it is the embedded cloud, where sample data and deploys come by themselves."""
        return self.kind is TargetKind.EMBEDDED

    @property
    def on_loopback(self) -> bool:
        """Whether it is on this machine, where no proxy leads."""
        return self.endpoint is not None and urlsplit(self.endpoint).hostname in _LOOPBACK

    def __str__(self) -> str:
        account = f"account {self.place.account} in {self.place.region}"
        match self.kind:
            case TargetKind.AWS:
                return f"AWS {account}"
            case TargetKind.EMBEDDED:
                return f"the embedded cloud ({account})"
            case _:
                return f"{self.endpoint} in AWS's place ({account})"

    def as_data(self) -> dict[str, Json]:
        """Return it for ``--json``."""
        return {
            "kind": self.kind.value,
            "account": self.place.account,
            "region": self.place.region,
            "endpoint": self.endpoint,
        }


def aws_target(place: Place) -> Target:
    """Return AWS itself."""
    return Target(TargetKind.AWS, place)


def embedded_target(place: Place, endpoint: str) -> Target:
    """Return the embedded cloud that listens at *endpoint*."""
    return Target(TargetKind.EMBEDDED, place, endpoint)


def endpoint_target(place: Place, endpoint: str) -> Target:
    """Return what stands in AWS's place at *endpoint*.

    Raises:
        UsageError: That is no URL of a server.
    """
    try:
        parts = urlsplit(endpoint)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        fits = False
    if not fits or parts.query or parts.fragment or parts.username:
        raise UsageError(
            f"{endpoint!r} is no URL of a server", where="--endpoint", fix="give one like http://127.0.0.1:4566"
        )
    return Target(TargetKind.ENDPOINT, place, endpoint.rstrip("/"))
