"""The part of a run's page that shows one state: what it got, called and gave, each time that it was entered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from shared.console.pretty import Shown, shown, unfolded
from shared.errors import unknown
from shared.hidden import hide, hide_text
from shared.run.history import parse_object
from shared.run.own_code import in_checkout
from shared.run.state_visits import visits_of_state
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import DescribeMapRunOutputTypeDef

    from shared.run.attempts import Attempt
    from shared.run.event_index import EventIndex
    from shared.run.graph import Graph, Items
    from shared.run.state_visits import StateVisit
    from shared.values import Json

_MOST_VISITS = 10
_MOST_ATTEMPTS = 20
_MOST_MESSAGE = 2_000
_COUNTS = {
    "total": "all",
    "succeeded": "succeeded",
    "running": "running",
    "pending": "pending",
    "failed": "failed",
    "timedOut": "timed out",
    "aborted": "stopped",
}


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """A call of a state: what it called with, and what came of it. ``seconds`` is None while it goes on."""

    number: int
    status: str
    what: str
    began: datetime
    seconds: float | None
    redrive: int
    error: str
    message: str
    arguments: Shown
    result: Shown | None


@dataclass(frozen=True, slots=True)
class VisitShown:
    """A visit of a state. ``entry`` and ``exit`` are the numbers of its first and its last event."""

    entry: int
    exit: int | None
    rank: int | None
    how: str
    entered: datetime
    seconds: float | None
    input: Shown
    output: Shown | None
    attempts: tuple[AttemptShown, ...]
    more_attempts: int
    error: str
    message: str


@dataclass(frozen=True, slots=True)
class MapRunShown:
    """A run of a distributed Map, as DescribeMapRun tells it.

    ``counts`` has how many items, and how many executions, for each word that counts any.
    """

    name: str
    status: str
    counts: tuple[tuple[str, int, int], ...]
    concurrency: int
    tolerated: str
    redrives: int


@dataclass(frozen=True, slots=True)
class StateShown:
    """A state: what it is and how far it is, its visits, and for a distributed Map its runs.

    ``inside`` is the distributed Map whose items' executions have its visits; then nothing is known of them here, and
    ``mark`` is empty.
    """

    name: str
    kind: str
    mark: str
    retries: int
    error: str
    items: Items | None
    definition: str
    total: int
    visits: tuple[VisitShown, ...]
    map_runs: tuple[MapRunShown, ...]
    inside: str


def read_state(
    name: str,
    definition: Mapping[str, Json],
    graph: Graph,
    index: EventIndex,
    map_runs: Mapping[str, DescribeMapRunOutputTypeDef],
) -> StateShown:
    """Return what is known of the state *name*.

    Raises:
        UsageError: The machine has no such state.
    """
    states = dict(_states(definition))
    if name not in states:
        raise unknown("state", name, list(states))
    state, inside = states[name]
    node = next((each for _, each in graph.walk() if each.name == name), None)
    found = visits_of_state(index, name, _MOST_VISITS)
    arns = [arn for visit in found.visits for arn in visit.map_runs]
    return StateShown(
        name,
        str(state.get("Type")),
        node.mark if node else "",
        node.retries if node else 0,
        hide_text(node.error) if node else "",
        node.items if node else None,
        json.dumps(hide(state), indent=2, ensure_ascii=False),
        found.total,
        tuple(_visit(visit) for visit in found.visits),
        tuple(_map_run(map_runs[arn]) for arn in arns if arn in map_runs),
        inside,
    )


def _states(machine: Mapping[str, Json], inside: str = "") -> Iterator[tuple[str, tuple[Mapping[str, Json], str]]]:
    """Yield each state of *machine* with its name and, if it is in a distributed Map's items, that Map's name."""
    for name, value in as_mapping(machine.get("States", {})).items():
        state = as_mapping(value)
        yield name, (state, inside)
        processor = state.get("ItemProcessor") or state.get("Iterator")
        branches = state.get("Branches")
        for part in [processor, *(branches if isinstance(branches, list) else [])]:
            if isinstance(part, dict):
                mode = as_mapping(part.get("ProcessorConfig") or {}).get("Mode")
                yield from _states(part, name if mode == "DISTRIBUTED" else inside)


def _visit(visit: StateVisit) -> VisitShown:
    return VisitShown(
        visit.entry,
        visit.exit,
        visit.rank,
        visit.how,
        visit.entered,
        visit.seconds,
        shown(visit.input),
        None if visit.output is None else shown(visit.output),
        tuple(_attempt(attempt) for attempt in visit.attempts[-_MOST_ATTEMPTS:]),
        max(0, len(visit.attempts) - _MOST_ATTEMPTS),
        hide_text(visit.error),
        message_of(visit.cause),
    )


def message_of(cause: str) -> str:
    """Return what a failure's *cause* says: the message of a function's error, else the cause itself."""
    message = str(parse_object(cause).get("errorMessage", cause))
    return in_checkout(hide_text(message[:_MOST_MESSAGE]))


def _attempt(attempt: Attempt) -> AttemptShown:
    ended = attempt.ended
    return AttemptShown(
        attempt.number,
        attempt.status,
        f"{attempt.kind} {attempt.action}"
        + (f" {attempt.function.rpartition(':function:')[2]}" if attempt.function else ""),
        attempt.began,
        (ended - attempt.began).total_seconds() if ended else None,
        attempt.redrive,
        hide_text(attempt.error or ""),
        message_of(attempt.cause or ""),
        shown(json.dumps(unfolded(attempt.arguments))),
        None if attempt.result is None else shown(json.dumps(unfolded(attempt.result))),
    )


def _map_run(told: DescribeMapRunOutputTypeDef) -> MapRunShown:
    items, executions = (
        cast("Mapping[str, int]", told["itemCounts"]),
        cast("Mapping[str, int]", told["executionCounts"]),
    )
    counts = ((word, items.get(name, 0), executions.get(name, 0)) for name, word in _COUNTS.items())
    count, share = told["toleratedFailureCount"], told["toleratedFailurePercentage"]
    tolerated = " or ".join([*([f"{count:,}"] if count else []), *([f"{share:g} %"] if share else [])]) or "none"
    return MapRunShown(
        told["mapRunArn"].rpartition(":")[2],
        told["status"],
        tuple(each for each in counts if each[1] or each[2]),
        told["maxConcurrency"],
        tolerated,
        told.get("redriveCount", 0),
    )
