"""The last runs as bars: how long each took, how it ended, and what it cost where that is known.

The newest stands on the right. A bar that is more than four times as long as the median of those shown is cut, so that
the others can be told apart, and is marked as cut.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING

from shared.console.spans import span
from shared.measure.billing.cost import dollars

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.values import Json

PITCH, WIDTH = 12, 8
HEIGHT, COST_HEIGHT = 96, 40
_LEAST = 2  # pixels of a bar
_CUT = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """One run of a strip. ``word`` is how it compares with what is usual; ``usd`` is None where it is not known."""

    run_id: str
    workflow: str
    status: str
    seconds: float | None
    word: str = ""
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in pixels. ``cost`` is the height of the second bar, None where the cost is not known."""

    run_id: str
    status: str
    x: int
    height: int
    cut: bool
    slower: bool
    cost: int | None
    label: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Bars of the last runs, the oldest first.

    Attributes:
        bars: A bar a run.
        width: Of the drawing, in pixels.
        longest: What the height of the drawing stands for.
        cut: How many bars are longer than that.
        dearest: What the height of the second drawing stands for; empty where no cost is known.
    """

    bars: tuple[Bar, ...]
    width: int
    longest: str
    cut: int
    dearest: str

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"longest": self.longest, "cut": self.cut, "bars": [asdict(bar) for bar in self.bars]}


def draw_strip(newest_first: Sequence[Shown]) -> Strip:
    """Return the bars of some runs."""
    runs = newest_first[::-1]
    took = [run.seconds for run in runs if run.seconds is not None]
    top = min(max(took), _CUT * median(took)) if took and median(took) else max(took, default=0.0)
    dearest = max((run.usd for run in runs if run.usd is not None), default=None)
    bars = tuple(
        Bar(
            run.run_id,
            run.status,
            place * PITCH,
            _height(run.seconds, top, HEIGHT),
            run.seconds is not None and run.seconds > top,
            run.word == "slower",
            None if run.usd is None else _height(run.usd, dearest or 0.0, COST_HEIGHT),
            ", ".join(_told(run)),
        )
        for place, run in enumerate(runs)
    )
    return Strip(
        bars,
        max(1, len(bars)) * PITCH,
        span(top),
        sum(bar.cut for bar in bars),
        "" if dearest is None else dollars(dearest),
    )


def _height(value: float | None, top: float, pixels: int) -> int:
    if value is None or not top:
        return _LEAST
    return max(_LEAST, round(min(1.0, value / top) * pixels))


def _told(run: Shown) -> Iterable[str]:
    yield f"{run.workflow} {run.run_id}"
    yield run.status.lower().replace("_", " ")
    if run.seconds is not None:
        yield span(run.seconds)
    if run.word:
        yield run.word if run.word == "as usual" else f"{run.word} than usual"
    if run.usd is not None:
        yield dollars(run.usd)
