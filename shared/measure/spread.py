"""Says of several times how many they are, their median, and how far they go."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def told_seconds(values: Sequence[float]) -> str:
    """Return what to say of *values* in seconds: ``9: median 2.60 s, 1.31..29.82 s``. There is at least one."""
    return f"{len(values)}: median {median(values):.2f} s, {min(values):.2f}..{max(values):.2f} s"
