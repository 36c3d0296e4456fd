"""How long a function may still run, for ranks that wait for each other: less a margin, to say what went wrong."""

from __future__ import annotations

from typing import Protocol

MARGIN_SECONDS = 5.0  # of the function's time, kept to report what went wrong: our choice


class Context(Protocol):
    """Lambda's context, as far as it is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run."""
        ...


def seconds_left(context: Context) -> float:
    """Return how many seconds a rank may wait for others; never less than the margin itself."""
    return max(context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS, MARGIN_SECONDS)
