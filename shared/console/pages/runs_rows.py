"""The rows of a list of runs: each with what was read of it so far, and how it compares with what is usual."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from shared.console.known_runs import key_of
from shared.console.spans import span, times
from shared.hidden import hide_text
from shared.measure.billing.cost import dollars
from shared.measure.comparing.usual import BEFORE, Unusual, Usual, usual_for
from shared.run.started_by import start_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.console.known_runs import KnownRuns
    from shared.run.listing import Execution
    from shared.values import Json

_MOST_TOLD = 300  # inputs that one page asks for


@dataclass(frozen=True, slots=True)
class Row:
    """One run in the list.

    Attributes:
        run: The execution.
        start: What started it; empty where that is not known.
        error: The name of the error that ended it.
        usual: What is usual for it, or why that is not known; None where it is not compared.
        word: How it compares: slower, faster, as usual; empty where it is not compared.
        ratio: How many times the usual it took; None likewise.
        usd: What it cost; None where that was not read.
        lacks: What the cost lacks.
        unread: Why something of it could not be read.
    """

    run: Execution
    start: str
    error: str
    usual: Usual | Unusual | None
    word: str
    ratio: float | None
    usd: float | None
    lacks: str
    unread: str

    @property
    def took(self) -> str:
        """How long it took."""
        return "" if self.run.seconds is None else span(self.run.seconds)

    @property
    def against(self) -> str:
        """How it compares, in words."""
        if self.word == "slower":
            return f"{times(self.ratio)} slower than usual" if self.ratio else "already slower than usual"
        if self.word == "faster" and self.ratio:
            return f"{times(1 / self.ratio)} faster than usual"
        return self.word

    @property
    def why(self) -> str:
        """By what it is compared, or why it is not."""
        match self.usual:
            case Usual(median, _, count, least, greatest, ranks):
                of = f" on {ranks} ranks" if ranks is not None else ""
                return f"median {span(median)} of {count} earlier runs{of}, {span(least)} to {span(greatest)}"
            case Unusual(why):
                return why
        return ""

    @property
    def cost(self) -> str:
        """What it cost, estimated."""
        return "" if self.usd is None else dollars(self.usd)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "run_id": self.run.run_id,
            "workflow": self.run.workflow,
            "status": self.run.status,
            "started": self.run.started.isoformat(),
            "seconds": self.run.seconds,
            "against_usual": self.word,
            "ratio": self.ratio,
            "usual": self.usual.as_record() if isinstance(self.usual, Usual) else None,
            "why": self.why,
            "started_by": self.start,
            "error": self.error,
            "usd": self.usd,
            "lacks": self.lacks,
            "unread": self.unread,
        }


class Rows:
    """Makes rows of what is known of runs. *last* are the newest ones, for what is usual."""

    def __init__(self, aws: Aws, lane: Lane, known: KnownRuns, last: Sequence[Execution]) -> None:
        self._aws, self._lane, self._known, self._last = aws, lane, known, last
        self._starts = [-run.started.timestamp() for run in last]
        self._sizes: Mapping[str, int | None] = {}
        self._now = datetime.now(UTC)

    def want(self, runs: Sequence[Execution], priced: Sequence[Execution], *, beyond: bool) -> None:
        """Have read what rows of *runs* show, and what those that are *priced* cost.

        Args:
            runs: The runs.
            priced: Some of them.
            beyond: Whether those that each is compared with may lie elsewhere than between them.
        """
        others = [each for run in runs for each in self._before(run)] if beyond else self._last[: len(runs)]
        wanted = {run.run_id: run for run in (*runs, *others)}
        self._known.want_told(self._aws, self._lane, islice(wanted.values(), _MOST_TOLD))
        self._known.want_figures(self._aws, self._lane, priced)
        self._sizes = self._known.sizes(self._aws, self._lane, self._last)

    def awaited(self, runs: Sequence[Execution]) -> int:
        """Return how many readings of *runs* are still to come."""
        keys = {key_of(self._aws, self._lane, run) for run in (*runs, *self._last)}
        return self._known.told.awaits(keys) + self._known.figures.awaits(keys)

    def row(self, run: Execution) -> Row:
        """Return the row of *run*."""
        key = key_of(self._aws, self._lane, run)
        told, figures = self._known.told.get(key), self._known.figures.get(key)
        seconds, usual = run.seconds, None
        if run.status in {"SUCCEEDED", "RUNNING"}:
            sizes = {**self._sizes, run.run_id: told.ranks} if told else self._sizes
            usual = usual_for(run, self._earlier(run), sizes)
        word, ratio = "", None
        if isinstance(usual, Usual):
            lasts = (self._now - run.started).total_seconds() if seconds is None else seconds
            word = usual.word(lasts)
            if seconds is None and word != "slower":
                word = ""  # it goes on
            ratio = seconds / usual.median if seconds and usual.median else None
        unread = self._known.told.why_not(key) or self._known.figures.why_not(key)
        return Row(
            run,
            str(told.start if told else start_by_name(self._lane, run)),
            hide_text(told.error) if told else "",
            usual,
            word,
            ratio,
            figures.cost.usd if figures else None,
            figures.lacks if figures else "",
            hide_text(str(unread or "")),
        )

    def _earlier(self, run: Execution) -> Sequence[Execution]:
        return self._last[bisect_right(self._starts, -run.started.timestamp()) :]

    def _before(self, run: Execution) -> list[Execution]:
        """Return those whose input tells whether *run* is compared with them."""
        alike = (each for each in self._earlier(run) if each.status == "SUCCEEDED" and each.workflow == run.workflow)
        return list(islice(alike, BEFORE))
