"""How long to wait before the next look, and how long CloudWatch is given to show the last lines of a log.

All waits go through a ``sleep`` that is handed in, so that tests need none.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.aws.settling.waiting import Sleep

LONGEST_WAIT = 2.0
"""Seconds between two looks at an execution, at most: the account's throttles are for all teams together."""
LATE = timedelta(seconds=60)
"""The time stamp of a REPORT line may be so much later than the end of the invocation's state."""
_LOOKS = 20


def growing_waits(first: float = 0.1, longest: float = LONGEST_WAIT, growth: float = 1.3) -> Iterator[float]:
    """Yield waits in seconds without end: *first*, then each *growth* times the one before, up to *longest*."""
    wait = first
    while True:
        yield wait
        wait = min(wait * growth, longest)


def looks(sleep: Sleep) -> Iterator[int]:
    """Yield the numbers 0 to 19, a second apart, for a loop that looks for what CloudWatch shows late.

    The caller leaves the loop as soon as it sees what it waits for.
    """
    yield 0
    for look in range(1, _LOOKS):
        sleep(1.0)
        yield look
