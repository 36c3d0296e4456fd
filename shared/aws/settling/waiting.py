"""Waiting for AWS to come to a state: asked again and again, with a sleep between that is handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Sleep: TypeAlias = "Callable[[float], None]"
"""Waits so many seconds. Tests hand in one that waits for nothing."""
Found = TypeVar("Found")


def wait_until(look: Callable[[], Found | None], sleep: Sleep, *, every: float, longest: float) -> Found | None:
    """Call *look* until it finds something, and return that; None when it found nothing in *longest* seconds.

    Args:
        look: Returns what it found. Whatever counts as false means that it found nothing yet.
        sleep: Waits, in seconds.
        every: Seconds between two looks.
        longest: Seconds in all.
    """
    for _ in range(round(longest / every)):
        found = look()
        if found:
            return found
        sleep(every)
    return None
