"""An execution as the picture of its machine: each state, and how far it is, by the events of a history.

Whoever shows a run while it goes on draws these values: a terminal, a page. A state inside a Map or a loop is entered
many times, so its counts are kept, and one mark follows from them.

A history is a tree: each event names the one before it. So each event knows the states that it lies in, the outermost
first. Where a Map or a Parallel state goes on after its items or branches, the states below it are behind it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.run.history import ENDINGS, FAILURES, details, history
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.values import Json

Mark: TypeAlias = Literal["waiting", "running", "done", "failed", "stopped"]

_BEGINS = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled", "MapStateStarted", "ParallelStateStarted")
_ITEM = "MapIteration"
_AROUND = {"MapState": "Map", "MapRun": "Map", "ParallelState": "Parallel"}
"""By how the types of events begin that are about a whole state with states in it: that state's type."""


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a Map: how many there are, as far as is known, and how many of them run, are done, and failed."""

    total: int | None
    running: int = 0
    done: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One state of a machine.

    Attributes:
        name: Its name, which no other state of the machine has.
        kind: Its type: Task, Map, Choice...
        targets: The states that may come after it, by Next, Choices, Default and Catch. Empty where it ends.
        inner: The states in it: those of a Map's processor, or of all branches. Those of a distributed Map are left
            out, since the histories of its items lie in executions of their own.
        running: How many of its visits go on.
        done: How many ended well, also by a Catch.
        failed: How many failed what lies around them.
        stopped: How many ended because something else did.
        retries: How often it was tried again.
        error: The error that was met last; empty where there was none. A state that is done has caught it.
        items: Those of a Map's latest visit; None for other states, and before it is entered.
        distributed: Whether the items are executions of their own.
    """

    name: str
    kind: str
    targets: tuple[str, ...] = ()
    inner: tuple[Node, ...] = ()
    running: int = 0
    done: int = 0
    failed: int = 0
    stopped: int = 0
    retries: int = 0
    error: str = ""
    items: Items | None = None
    distributed: bool = False

    @property
    def mark(self) -> Mark:
        """Its condition in a word: what goes on comes first, then what went wrong."""
        if self.running:
            return "running"
        if self.failed:
            return "failed"
        if self.stopped:
            return "stopped"
        return "done" if self.done else "waiting"

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON, with the states in it."""
        return {**asdict(self), "mark": self.mark, "inner": [node.as_record() for node in self.inner]}

    def all_below(self) -> Iterator[tuple[int, Node]]:
        """Yield itself and all states in it, each with its depth, in the order of a picture."""
        yield 0, self
        for node in self.inner:
            yield from ((depth + 1, below) for depth, below in node.all_below())


@dataclass(frozen=True, slots=True)
class Graph:
    """The states of a machine, in the order in which they are reached first."""

    nodes: tuple[Node, ...]

    def walk(self) -> Iterator[tuple[int, Node]]:
        """Yield every state with its depth: 0 for those of the machine itself."""
        for node in self.nodes:
            yield from node.all_below()


def read_graph(states: SFNClient, arn: str, definition: Mapping[str, Json]) -> Graph:
    """Return the graph of the execution *arn*, whose machine has this *definition*.

    The history is read whole, and each run of a distributed Map is asked for its counts.
    """
    events = list(history(states, arn))
    runs = [str(details(event).get("mapRunArn")) for event in events if event["type"] == "MapRunStarted"]
    return graph_of(definition, events, {run: _items(states, run) for run in runs})


def graph_of(
    definition: Mapping[str, Json],
    events: Iterable[HistoryEventTypeDef] = (),
    map_runs: Mapping[str, Items] | None = None,
) -> Graph:
    """Return the graph of a machine with this *definition*, by the *events* of an execution, oldest first.

    Args:
        definition: The machine's, as it runs. One that Step Functions takes.
        events: Those that there are so far; without any, every state waits.
        map_runs: The items of each run of a distributed Map, by its ARN. No event tells them.
    """
    seen = _Seen()
    for event in events:
        seen.take(event)
    return Graph(tuple(_nodes(definition, seen.visits, map_runs or {})))


@dataclass(slots=True)
class _Visit:
    """One visit of a state, with what its events have told so far. ``inside`` are visits of the states in it."""

    state: str
    kind: str
    begins: int = 0
    error: str = ""
    ended: Mark | None = None
    total: int | None = None
    items: dict[int, str] = field(default_factory=dict)  # each item's latest condition, as its event calls it
    map_run: str = ""
    inside: list[_Visit] = field(default_factory=list)

    def begin(self, length: object) -> None:
        """Note that its work begins, or begins again; a Map has *length* items, 0 if it must read them first."""
        self._end_inside()
        self.begins += 1
        self.error, self.items = "", {}
        self.total = length if isinstance(length, int) and length else None

    def end(self, how: Mark | None = None) -> None:
        """End it *how* it is said; or by what is known: an error has ended it, or it was stopped."""
        self._end_inside()
        self.ended = self.ended or how or ("failed" if self.error else "stopped")
        self.items = {index: "Aborted" if what == "Started" else what for index, what in self.items.items()}

    def _end_inside(self) -> None:
        for visit in self.inside:
            visit.end()


_Path: TypeAlias = tuple[_Visit, ...]


class _Seen:
    """Takes in events one by one. ``visits`` are those of all states, in order of time."""

    def __init__(self) -> None:
        self.visits: list[_Visit] = []
        self._paths: dict[int, _Path] = {}

    def take(self, event: HistoryEventTypeDef) -> None:
        """Take in the next event."""
        kind = event["type"]
        path = self._paths.get(event.get("previousEventId", 0), ())
        if kind in ENDINGS:
            for visit in self.visits:
                visit.end()
        elif kind.endswith("StateEntered"):
            path = self._enter(path, event["stateEnteredEventDetails"]["name"], kind.removesuffix("StateEntered"))
        elif kind.endswith("StateExited"):
            path = _back_to(path, event["stateExitedEventDetails"]["name"])
            if path:
                path[-1].end("done")
            path = path[:-1]
        elif kind.startswith(_ITEM):
            path = _count(path, kind.removeprefix(_ITEM), details(event))
        else:
            _note(path, kind, details(event))
        self._paths[event["id"]] = path

    def _enter(self, path: _Path, name: str, kind: str) -> _Path:
        visit = _Visit(name, kind)
        self.visits.append(visit)
        if path:
            path[-1].inside.append(visit)
        return (*path, visit)


def _back_to(path: _Path, name: object) -> _Path:
    """Return *path* up to the state *name*. The visits behind it have ended, as what happens now is outside of them."""
    while path and path[-1].state != name:
        path[-1].end()
        path = path[:-1]
    return path


def _count(path: _Path, what: str, told: Mapping[str, object]) -> _Path:
    """Note what became of a Map's item."""
    path = _back_to(path, told.get("name"))
    index = told.get("index")
    if path and isinstance(index, int):
        path[-1].items[index] = what
    return path


def _note(path: _Path, kind: str, told: Mapping[str, object]) -> None:
    """Note what an event of any other *kind* tells of the state that it is about."""
    around = next((state for begin, state in _AROUND.items() if kind.startswith(begin)), None)
    visit = next((each for each in reversed(path) if around in {None, each.kind}), None)
    if visit is None:
        return
    if kind in _BEGINS:
        visit.begin(told.get("length"))
    elif kind == "MapRunStarted":
        visit.map_run = str(told.get("mapRunArn"))
    elif kind.endswith("StateAborted"):
        visit.end("stopped")
    elif kind.endswith(FAILURES):
        below = next((each.error for each in reversed(visit.inside) if each.error), "")
        visit.error = _error(told) or visit.error or below or kind


def _error(told: Mapping[str, object]) -> str:
    return str(told.get("error") or "")


def _nodes(machine: Mapping[str, Json], visits: list[_Visit], map_runs: Mapping[str, Items]) -> Iterator[Node]:
    """Yield the states of *machine*, those that are reached first before the others."""
    states = as_mapping(machine.get("States", {}))
    waiting, done = [str(machine.get("StartAt"))], set()
    while waiting:
        name = waiting.pop()
        if name in done or name not in states:
            continue
        done.add(name)
        state = as_mapping(states[name])
        targets = tuple(dict.fromkeys(_targets(state)))
        waiting += reversed(targets)
        yield _node(name, state, targets, visits, map_runs)


def _node(
    name: str,
    state: Mapping[str, Json],
    targets: tuple[str, ...],
    visits: list[_Visit],
    map_runs: Mapping[str, Items],
) -> Node:
    mine = [visit for visit in visits if visit.state == name]
    ends = [visit.ended for visit in mine]
    last = mine[-1] if mine else None
    parts, distributed = _parts(state)
    return Node(
        name,
        str(state.get("Type")),
        targets,
        tuple(node for part in parts for node in _nodes(part, visits, map_runs)),
        running=ends.count(None),
        done=ends.count("done"),
        failed=ends.count("failed"),
        stopped=ends.count("stopped"),
        retries=sum(max(0, visit.begins - 1) for visit in mine),
        error=next((visit.error for visit in reversed(mine) if visit.error), ""),
        items=_items_of(last, map_runs) if last and last.kind == "Map" else None,
        distributed=distributed,
    )


def _parts(state: Mapping[str, Json]) -> tuple[list[Mapping[str, Json]], bool]:
    """Return the machines inside *state* whose events its own history has, and whether it is a distributed Map."""
    if branches := _objects(state.get("Branches")):
        return branches, False
    inner = state.get("ItemProcessor") or state.get("Iterator")
    if not isinstance(inner, dict):
        return [], False
    distributed = as_mapping(inner.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED"
    return ([] if distributed else [inner]), distributed


def _targets(state: Mapping[str, Json]) -> Iterator[str]:
    """Yield the names of the states that *state* may go to, the usual one first."""
    rules = (state, *_objects(state.get("Choices")), {"Next": state.get("Default")}, *_objects(state.get("Catch")))
    yield from (name for rule in rules if isinstance(name := rule.get("Next"), str))


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _items_of(visit: _Visit, map_runs: Mapping[str, Items]) -> Items:
    if visit.map_run in map_runs:
        return map_runs[visit.map_run]
    ends = list(visit.items.values())
    return Items(visit.total, ends.count("Started"), ends.count("Succeeded"), ends.count("Failed"))


def _items(states: SFNClient, map_run: str) -> Items:
    counts = states.describe_map_run(mapRunArn=map_run)["itemCounts"]
    failed = counts["failed"] + counts["timedOut"] + counts["aborted"]
    return Items(counts["total"], counts["running"], counts["succeeded"], failed)
