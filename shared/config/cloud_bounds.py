"""What an embedded cloud keeps on disk, and for how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bound:
    """How much of one kind is kept. What is older goes, and of more than that the oldest.

    Attributes:
        days: For how many days.
        mb: How many MB (2**20 bytes) of disk.
    """

    days: int
    mb: int


@dataclass(frozen=True, slots=True)
class CloudBounds:
    """The bounds of one cloud.

    Attributes:
        runs: Executions that have ended, with their histories and the results of their Maps.
        logs: Log events, beside the retention of their group, and the figures of metrics.
        idle_minutes: How long an environment of a function stays that serves nothing.
    """

    runs: Bound = Bound(90, 2048)
    logs: Bound = Bound(30, 1024)
    idle_minutes: int = 10
