"""An execution as the picture of its machine: each state, and how far it is, by the events of a history.

Whoever shows a run while it goes on draws these values: a terminal, a page, a report. A state inside a Map or a loop is
entered many times, so its counts are kept as the events come, and one mark follows from them: a graph after some new
events costs those events and the states of the machine, however long the history is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from shared.run.graph_visits import Seen
from shared.run.history import details, history
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeMapRunOutputTypeDef, HistoryEventTypeDef

    from shared.run.graph_visits import Mark, Tally, Visit
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a Map: how many there are, as far as is known, and what became of how many of them.

    Those that were stopped had not failed: something else ended the Map, or their own executions.
    """

    total: int | None
    running: int = 0
    done: int = 0
    failed: int = 0
    timed_out: int = 0
    stopped: int = 0

    @property
    def begun(self) -> int:
        """How many have begun."""
        return self.running + self.done + self.failed + self.timed_out + self.stopped

    @property
    def wrong(self) -> tuple[str, ...]:
        """How many did not end well, in words: ``2 failed``, ``1 timed out``, ``3 stopped``."""
        found = ((self.failed, "failed"), (self.timed_out, "timed out"), (self.stopped, "stopped"))
        return tuple(f"{count:,} {word}" for count, word in found if count)


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
        seconds: How long its longest visit took; None before one has ended.
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
    seconds: float | None = None

    @property
    def visits(self) -> int:
        """How often it was entered."""
        return self.running + self.done + self.failed + self.stopped

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
    return graph_of(definition, events, {run: states.describe_map_run(mapRunArn=run) for run in runs})


def graph_of(
    definition: Mapping[str, Json],
    events: Iterable[HistoryEventTypeDef] = (),
    map_runs: Mapping[str, DescribeMapRunOutputTypeDef] | None = None,
) -> Graph:
    """Return the graph of a machine with this *definition*, by the *events* of an execution, oldest first.

    Args:
        definition: The machine's, as it runs. One that Step Functions takes.
        events: Those that there are so far; without any, every state waits.
        map_runs: What DescribeMapRun says of each run of a distributed Map, by its ARN. No event tells it.
    """
    reader = GraphReader(definition)
    reader.take(events)
    return reader.graph(map_runs)


class GraphReader:
    """Takes in an execution's events as they come, and gives the graph of its machine at any time.

    Args:
        definition: The machine's, as it runs. One that Step Functions takes.
    """

    def __init__(self, definition: Mapping[str, Json]) -> None:
        self._definition = definition
        self._seen = Seen()

    def take(self, events: Iterable[HistoryEventTypeDef]) -> None:
        """Take in the next *events*, oldest first."""
        for event in events:
            self._seen.take(event)

    def graph(self, map_runs: Mapping[str, DescribeMapRunOutputTypeDef] | None = None) -> Graph:
        """Return the graph so far. *map_runs* is what DescribeMapRun says of each run of a distributed Map, by ARN."""
        return Graph(tuple(_nodes(self._definition, self._seen.tallies, map_runs or {})))


def _nodes(
    machine: Mapping[str, Json], tallies: Mapping[str, Tally], map_runs: Mapping[str, DescribeMapRunOutputTypeDef]
) -> Iterator[Node]:
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
        parts, distributed = _parts(state)
        inner = tuple(node for part in parts for node in _nodes(part, tallies, map_runs))
        yield _node(Node(name, str(state.get("Type")), targets, inner, distributed=distributed), tallies, map_runs)


def _node(waiting: Node, tallies: Mapping[str, Tally], map_runs: Mapping[str, DescribeMapRunOutputTypeDef]) -> Node:
    """Return the node of a state that was *waiting*, by its visits so far."""
    tally = tallies.get(waiting.name)
    if tally is None or tally.last is None:
        return waiting
    return replace(
        waiting,
        running=tally.ends[None],
        done=tally.ends["done"],
        failed=tally.ends["failed"],
        stopped=tally.ends["stopped"],
        retries=tally.retries,
        error=tally.error,
        items=_items_of(tally.last, map_runs) if tally.last.kind == "Map" else None,
        seconds=tally.seconds,
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


def _items_of(visit: Visit, map_runs: Mapping[str, DescribeMapRunOutputTypeDef]) -> Items:
    if told := map_runs.get(visit.map_run):
        counts = told["itemCounts"]
        ended = counts["failed"], counts["timedOut"], counts["aborted"]
        return Items(counts["total"], counts["running"], counts["succeeded"], *ended)
    counted = visit.items.counts
    return Items(visit.total, counted["Started"], counted["Succeeded"], counted["Failed"], stopped=counted["Aborted"])
