"""One figure of two groups of runs: what it is in each, and whether chance alone may tell them apart.

With three values of each or more there is an interval (:mod:`shared.measure.intervals`), and a difference is one where
1 is not in it. Else it says how many runs would show one. A single run of each tells nothing of whole runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.measure.intervals import ENOUGH, FEWEST, needed, ratio_of_medians

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.measure.intervals import Interval
    from shared.values import Json

Unit: TypeAlias = Literal["s", "$"]
_WORDS = {"s": ("faster", "slower"), "$": ("cheaper", "dearer")}
_LEAST = 0.01
"""A difference of less than this part is none that somebody would look for."""
_USUAL = 0.05
"""The difference whose price in runs is told where hardly any was seen."""


@dataclass(frozen=True)
class Difference:
    """A figure of two groups.

    Attributes:
        name: What it is.
        unit: ``s`` for seconds, ``$`` for US dollars.
        before: Its values in the first group.
        after: Its values in the second.
        of: What has such a value: ``run`` or ``rank``.
    """

    name: str
    unit: Unit
    before: tuple[float, ...]
    after: tuple[float, ...]
    of: Literal["run", "rank"] = "run"

    @property
    def ratio(self) -> float | None:
        """The second median by the first; None where a side has none."""
        if not self.before or not self.after or not median(self.before):
            return None
        return median(self.after) / median(self.before)

    @cached_property
    def interval(self) -> Interval | None:
        """The interval of the ratio; None where there are too few values."""
        return ratio_of_medians(self.before, self.after)

    @property
    def counts(self) -> str:
        """How many were compared: ``5 runs against 4``."""
        first, second = len(self.before), len(self.after)
        return f"{first} {self.of}{'' if first == 1 else 's'} against {second}"

    @property
    def needed(self) -> tuple[float, int] | None:
        """A difference, as a part of the first, and how many of each would show it; None where no spread is known."""
        seen = abs(self.ratio - 1) if self.ratio else 0
        part = seen if seen >= _LEAST else _USUAL
        faster = self.ratio is not None and self.ratio < 1 and part < 1
        count = needed(self.before, self.after, 1 - part if faster else 1 + part)
        return None if count is None else (part, max(count, min(len(self.before), len(self.after)) + 1))

    @property
    def verdict(self) -> str:
        """Say in a line how the second compares with the first, and how sure that is."""
        if self.ratio is None:
            return f"not compared: {self.counts} {'has' if len(self.after) == 1 else 'have'} it"
        if self.interval is None:
            few = f"{self.counts} cannot be told from chance ({change(self.ratio)} here)"
            return f"{few}; {FEWEST} of each are the least, {ENOUGH} are better" if self._few else few
        low, high = self.interval.low, self.interval.high
        if not self.interval.shows:
            told = f"no difference that {self.counts} can show ({change(self.ratio)}, {self.interval.level}: "
            told += f"{change(low)} to {change(high)})"
            return f"{told}; {self._price()}" if self.needed else told
        faster = self.ratio < 1
        parts = sorted(abs(each - 1) for each in (low, high))
        word = _WORDS[self.unit][not faster]
        between = f"{self.interval.level}: {_percent(parts[0])}..{_percent(parts[1])} %"
        return f"{word} by {_percent(abs(self.ratio - 1))} % ({between}, {self.counts})"

    @property
    def _few(self) -> bool:
        return min(len(self.before), len(self.after)) < FEWEST

    def _price(self) -> str:
        part, count = self.needed or (0.0, 0)
        return f"{_percent(part)} % would take {count:,} {self.of}s of each"

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "of": self.of,
            "before": spread(self.before),
            "after": spread(self.after),
            "ratio": self.ratio,
            "interval": self.interval.as_record() if self.interval else None,
            "needed": {"difference": self.needed[0], "of_each": self.needed[1]} if self.needed else None,
            "verdict": self.verdict,
        }


def spread(values: Sequence[float]) -> dict[str, Json]:
    """Return how many *values* there are, their median, the least and the greatest, for JSON."""
    if not values:
        return {"count": 0, "median": None, "least": None, "greatest": None}
    return {"count": len(values), "median": median(values), "least": min(values), "greatest": max(values)}


def change(ratio: float) -> str:
    """Return a *ratio* as the change that it is: ``+12 %``."""
    return f"{'-' if ratio < 1 else '+'}{_percent(abs(ratio - 1))} %"


def _percent(part: float) -> str:
    percent = 100 * part
    return f"{percent:.0f}" if percent >= 9.95 or percent == 0 else f"{percent:.1f}"  # noqa: PLR2004  two digits
