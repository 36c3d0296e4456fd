"""The verdict of a health check, and what several of them say together."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.fmi.errors import RendezvousUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Status(enum.StrEnum):
    """The verdict in one word."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    HUNG = "hung"
    REFUSED = "refused"
    UNRESOLVABLE = "unresolvable"


_FIXES = {
    Status.HEALTHY: "",
    Status.DEGRADED: "runs will work; watch it, and restart it when no run is pairing if it stays so",
    Status.HUNG: "restart the server: a client that connected and fell silent most likely blocks it",
    Status.REFUSED: "start the server (lanes rendezvous serve), or correct host, port or firewall",
    Status.UNRESOLVABLE: "correct the host name in shared/settings.yaml or the team's file, or its DNS record",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one check.

    Attributes:
        status: The verdict in one word.
        host: The name that was checked.
        port: The port that was checked.
        address: The IPv4 address that the name resolved to, or empty.
        stages: Seconds each stage took, in order: resolve, connect, register, pair, echo. The last may be the one that
            failed.
        reason: What was seen, a sentence without a full stop.
        advice: What to do about it, where more is known than the status says.
    """

    status: Status
    host: str
    port: int
    address: str
    stages: Mapping[str, float]
    reason: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        """Whether runs can start: the server is healthy, or slow but works."""
        return self.status in {Status.HEALTHY, Status.DEGRADED}

    @property
    def exit_code(self) -> int:
        """0 healthy, 1 degraded, 3 down (2 is a wrong command line)."""
        return {Status.HEALTHY: 0, Status.DEGRADED: 1}.get(self.status, 3)

    @property
    def seconds(self) -> float:
        """What all stages took together."""
        return sum(self.stages.values())

    @property
    def fix(self) -> str:
        """What to do about it; empty when healthy."""
        return self.advice or _FIXES[self.status]

    def as_json(self) -> dict[str, object]:
        """Return the verdict as plain values, times in milliseconds."""
        return {
            "status": self.status.value,
            "endpoint": f"{self.host}:{self.port}",
            "address": self.address,
            "milliseconds": round(1000 * self.seconds, 3),
            "stages": {name: round(1000 * seconds, 3) for name, seconds in self.stages.items()},
            "reason": self.reason,
            "fix": self.fix,
        }

    def raise_if_down(self) -> None:
        """Raise when no rank could be paired.

        Raises:
            RendezvousUnavailable: The server is hung, refuses, or its name does not resolve.
        """
        if not self.ok:
            where = f"rendezvous {self.host}:{self.port}"
            raise RendezvousUnavailable(f"{self.status.value}: {self.reason}", where=where, fix=self.fix)


class Trend:
    """Whether a server is up, judged by several checks, so that one lost packet raises no alarm.

    Args:
        failure_threshold: Failures in a row after which it is down.
        success_threshold: Successes in a row after which it is up again.
    """

    def __init__(self, failure_threshold: int, success_threshold: int) -> None:
        self._needed = {False: failure_threshold, True: success_threshold}
        self._up = True
        self._against = 0

    def add(self, verdict: Verdict) -> bool | None:
        """Count *verdict*. Return True when the server has come up, False when it has gone down, else None."""
        if verdict.ok == self._up:
            self._against = 0
            return None
        self._against += 1
        if self._against < self._needed[verdict.ok]:
            return None
        self._up, self._against = verdict.ok, 0
        return self._up
