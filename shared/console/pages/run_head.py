"""The head of a run's page: its state in a word, when, how long, how far, what it cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from shared.hidden import hide_text
from shared.measure.billing.cost import dollars, read_prices
from shared.run.history import parse_object
from shared.run.started_by import by_input, by_name

if TYPE_CHECKING:
    from datetime import datetime

    from shared.console.followed import SeenRun
    from shared.console.pages.run_why import Why
    from shared.console.readings import Late
    from shared.measure.billing.measured_run import MeasuredRun
    from shared.run.graph import Graph, Node

_SIGNS = {"SUCCEEDED": "✓", "RUNNING": "▸", "FAILED": "✗", "TIMED_OUT": "◷", "ABORTED": "■", "PENDING_REDRIVE": "↻"}
_ENDED = {"TIMED_OUT": "took too long", "ABORTED": "was stopped", "PENDING_REDRIVE": "waits for its redrive"}
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class CostShown:
    """What a run cost, estimated: the total, each item as (label, quantity, dollars), and what the estimate is.

    ``uncounted`` is how many invocations it lacks, ``unread`` how many child executions count as average ones.
    """

    total: str
    items: tuple[tuple[str, str, str], ...]
    told: str
    uncounted: int
    unread: int


@dataclass(frozen=True, slots=True)
class RanksShown:
    """The items of a run's largest Map, as of :class:`~shared.run.graph.Items`: ``wrong`` says what ended badly."""

    state: str
    total: int | None
    running: int
    done: int
    failed: int
    timed_out: int
    stopped: int
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What the head shows.

    ``by`` is what started the run, ``by_run`` the id of the run that did, where one did. ``cost`` is None while the run
    goes on and until it is read; ``no_cost`` says why there is none.
    """

    run_id: str
    arn: str
    team: str
    workflow: str
    status: str
    started: datetime
    stopped: datetime | None
    took: str
    redrives: int
    by: str
    by_run: str
    express: bool
    ranks: RanksShown | None
    cost: CostShown | None
    no_cost: str


def read_head(run: SeenRun, graph: Graph, measured: Late[MeasuredRun] | None, *, express: bool) -> Head:
    """Return the head of *run*; *measured* is None where there is nothing to measure."""
    found = run.found
    start = by_name(found.run.id, _schedules(run))
    start = by_input(start, parse_object(found.input), found.run.lane)
    return Head(
        run_id=found.run.id,
        arn=found.run.arn,
        team=found.run.lane.team,
        workflow=found.run.workflow,
        status=found.status,
        started=found.started,
        stopped=found.stopped,
        took=duration(found.seconds),
        redrives=run.redrives,
        by=hide_text(str(start)),
        by_run=start.what.rpartition("/")[2] if start.by == "workflow" else "",
        express=express,
        ranks=_ranks(graph),
        cost=_cost(measured.value) if measured and measured.value else None,
        no_cost=hide_text(_no_cost(run, measured, express=express)),
    )


def _schedules(run: SeenRun) -> tuple[str, ...]:
    told = run.found.run.lane.workflows[run.found.run.workflow].schedules
    return tuple(told.by_key) if told else ()


def duration(seconds: float | None) -> str:
    """Return *seconds* for people: ``4.7 s``, ``3 min 20 s``; empty for None."""
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def title_of(run: SeenRun, graph: Graph, why: Why | None) -> str:
    """Return what a tab is called: ``▸ cosmic Predict 12/40``, ``✓ cosmic 4.7 s``, ``✗ cosmic failed at Fit``."""
    found = run.found
    name, status = found.run.workflow, found.status
    sign = _SIGNS.get(status, "·")
    if status == "SUCCEEDED":
        return f"{sign} {name} {duration(found.seconds)}"
    if status == "RUNNING":
        return f"{sign} {name} {_now(graph)}".rstrip()
    ended = _ENDED.get(status, "failed")
    place = ""
    if why and why.state:
        place = f" at {why.state}" + ("" if why.rank is None else f" rank {why.rank}")
    return f"{sign} {name} {ended}{place}"


def _now(graph: Graph) -> str:
    """Return where a run is: its state that goes on, and how far a Map is."""
    node = next((node for node in graph.nodes if node.running), None)
    if node is None:
        return ""
    if node.items is None:
        return node.name
    return f"{node.name} {node.items.done}/{'?' if node.items.total is None else node.items.total}"


def _ranks(graph: Graph) -> RanksShown | None:
    def size(node: Node) -> int:
        items = node.items
        return (items.total or items.begun) if items else 0

    node = max((node for _, node in graph.walk() if node.items), key=size, default=None)
    if node is None or node.items is None:
        return None
    items = node.items
    return RanksShown(node.name, **asdict(items), wrong=items.wrong)


def _cost(measured: MeasuredRun) -> CostShown:
    cost = measured.cost
    items = tuple((item.label, item.quantity, dollars(item.usd)) for item in cost.items)
    return CostShown(dollars(cost.usd), items, read_prices().told, measured.uncounted, measured.trace.unread)


def _no_cost(run: SeenRun, measured: Late[MeasuredRun] | None, *, express: bool) -> str:
    if express:
        return "AWS tells what an express run is billed for only to who called it: lanes run prints its cost"
    if not run.over:
        return "known when the run is over"
    if measured and measured.error:
        return f"not known: {measured.error}"
    return "" if measured and measured.value else "being read"
