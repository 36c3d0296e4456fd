"""The bucket of tokens by which AWS throttles: so many calls at once, and so many more a second. Pure.

In any span of *t* seconds it gives at most ``burst + rate * t`` turns. It knows nobody: whoever comes takes the next
token, so one caller may take them all, as on AWS.
"""

from __future__ import annotations


class TokenBucket:
    """A bucket that is full at first. Not thread-safe.

    Args:
        burst: How many tokens it holds.
        rate: How many it gains a second.
        now: The time, in seconds from any start, of which all later ones are.
    """

    __slots__ = ("_burst", "_free", "_rate", "_since")

    def __init__(self, burst: float, rate: float, now: float) -> None:
        self._burst, self._rate = burst, rate
        self._free, self._since = burst, now

    def take(self, now: float, patience: float = 0.0) -> float | None:
        """Take a token, which may be one that comes later.

        Args:
            now: The time.
            patience: How many seconds it may come later.

        Returns:
            The seconds until the token is there; None, and none is taken, if that is more than *patience*.
        """
        wait = self.wait(now)
        if wait > patience:
            return None
        self._free -= 1
        return wait

    def wait(self, now: float, tokens: float = 1) -> float:
        """Return the seconds until so many *tokens* are there for who asks *now*."""
        passed = max(0.0, now - self._since)  # a machine's clock may be set back
        self._free = min(self._burst, self._free + passed * self._rate)
        self._since = now
        return max(0.0, (tokens - self._free) / self._rate)
