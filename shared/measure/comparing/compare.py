"""Two runs beside each other: each figure with its difference and a word, never with a reason.

One run of each kind does not tell a difference that has a reason from one that is chance: :mod:`usual` says how far
runs of the workflow lie apart, and :mod:`groups` compares several runs with several.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.measure.comparing.difference import Difference
from shared.measure.comparing.groups import cold_unlike, unlike
from shared.measure.comparing.timed import Timed, remarks_on
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.measure.billing.cost import Cost
    from shared.measure.comparing.run_figures import RunFigures
    from shared.measure.comparing.timed import Side
    from shared.values import Json

Unit: TypeAlias = Literal["s", "$", ""]
_WORDS: Mapping[Unit, tuple[str, str]] = {"s": ("faster", "slower"), "$": ("cheaper", "dearer"), "": ("fewer", "more")}
_SAME = 0.005
"""Two figures are the same where they differ by less than this part of the larger: no more digits are shown."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of two runs. ``unit`` is s, $ or empty for a number of things; None is what a run does not have."""

    name: str
    unit: Unit
    before: float | None
    after: float | None

    @property
    def difference(self) -> float | None:
        """How much more the second has; None where one of them has none."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def ratio(self) -> float | None:
        """The second by the first; None where there is none."""
        return None if not self.before or self.after is None else self.after / self.before

    @property
    def word(self) -> str:
        """How the second compares with the first; empty where one of them has none."""
        if self.before is None or self.after is None:
            return ""
        if abs(self.after - self.before) <= _SAME * max(abs(self.before), abs(self.after)):
            return "the same"
        return _WORDS[self.unit][self.after > self.before]

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {**asdict(self), "difference": self.difference, "word": self.word}


@dataclass(frozen=True, slots=True)
class Definitions:
    """How the definitions of two machines differ: by the names of their states. ``rest``: in anything else."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    rest: bool = False

    @property
    def same(self) -> bool:
        """Whether they do not differ."""
        return not (self.added or self.removed or self.changed or self.rest)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"same": self.same, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs beside each other, the one that began first before the other.

    Attributes:
        whole: The time and the cost of each run.
        states: The longest visit of each state.
        ranks: How long ranks took.
        cost: Each item of the bill.
        definitions: Whether both ran the same machine.
        cautions: What to keep in mind before anything is concluded.
        verdict: How sure it is that ranks of one were faster; empty where a run has none.
    """

    whole: tuple[Figure, ...]
    states: tuple[Figure, ...]
    ranks: tuple[Figure, ...]
    cost: tuple[Figure, ...]
    definitions: Definitions
    cautions: tuple[str, ...]
    verdict: str = ""

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "whole": [figure.as_record() for figure in self.whole],
            "states": [figure.as_record() for figure in self.states],
            "ranks": [figure.as_record() for figure in self.ranks],
            "cost": [figure.as_record() for figure in self.cost],
            "definitions": self.definitions.as_record(),
            "cautions": self.cautions,
            "verdict": self.verdict,
        }


def compare(before: Side, after: Side) -> Comparison:
    """Return two runs beside each other."""
    first, second = before.figures, after.figures
    took = [each.rank_seconds if each else () for each in (first, second)]
    ranks = Difference("a rank", "s", took[0], took[1], "rank")
    return Comparison(
        (
            Figure("whole run", "s", before.found.seconds, after.found.seconds),
            Figure("cost, estimated", "$", *(each.cost.usd if each else None for each in (first, second))),
        ),
        tuple(_states(first, second)),
        tuple(_ranks(first, second)),
        tuple(_cost(first.cost if first else None, second.cost if second else None)),
        _definitions(before.definition, after.definition),
        tuple(_cautions(before, after)),
        ranks.verdict if ranks.before and ranks.after else "",
    )


def _states(first: RunFigures | None, second: RunFigures | None) -> Iterator[Figure]:
    times = [{state.state: state for state in each.states} if each else {} for each in (first, second)]
    for name in {**times[0], **times[1]}:
        visits = [time.get(name) for time in times]
        several = any(each and each.visits > 1 for each in visits)
        if several:
            yield Figure(f"{name}: visits", "", *(each.visits if each else None for each in visits))
            yield Figure(f"{name}: median visit", "s", *(each.median if each else None for each in visits))
        label = f"{name}: longest visit" if several else name
        yield Figure(label, "s", *(each.longest if each else None for each in visits))


def _ranks(first: RunFigures | None, second: RunFigures | None) -> Iterator[Figure]:
    times = [each.ranks if each else None for each in (first, second)]
    if any(times):
        yield Figure("ranks", "", *(each.ranks if each else None for each in times))
        yield Figure("a rank, p50", "s", *(each.p50 if each else None for each in times))
        yield Figure("a rank, p95", "s", *(each.p95 if each else None for each in times))
        yield Figure("slowest rank", "s", *(each.longest if each else None for each in times))


def _cost(first: Cost | None, second: Cost | None) -> Iterator[Figure]:
    bills = [{item.label: item.usd for item in each.items} if each else None for each in (first, second)]
    for label in {**(bills[0] or {}), **(bills[1] or {})}:
        yield Figure(label, "$", *(None if bill is None else bill.get(label, 0.0) for bill in bills))


def _definitions(before: Mapping[str, Json], after: Mapping[str, Json]) -> Definitions:
    first, second = (as_mapping(each.get("States", {})) for each in (before, after))
    rest = [{key: value for key, value in each.items() if key != "States"} for each in (before, after)]
    return Definitions(
        tuple(name for name in second if name not in first),
        tuple(name for name in first if name not in second),
        tuple(name for name in first if name in second and first[name] != second[name]),
        rest[0] != rest[1],
    )


def _cautions(before: Side, after: Side) -> Iterator[str]:
    yield "one run of each: what differs by chance is not told apart from what differs for a reason"
    if before.found.run.workflow != after.found.run.workflow:
        yield f"they are of two workflows, {before.found.run.workflow} and {after.found.run.workflow}"
    first, second = ([_made(side)] for side in (before, after))
    yield from unlike(first, second)
    yield from cold_unlike(first, second)
    for side in (before, after):
        yield from remarks_on(side)


def _made(side: Side) -> Timed:
    """Return what made a run's time, but for what stands beside it anyway: its input and its definition."""
    figures = side.figures
    if figures is None:
        return Timed(side.found.run.id, side.found.started, side.found.seconds)
    memory = {f"memory of {name}": f"{size} MB" for name, size in figures.memory.items()}
    run = side.found
    return Timed(
        run.run.id, run.started, run.seconds, invocations=figures.invocations, cold=figures.cold, setting=memory
    )
