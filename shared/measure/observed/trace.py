"""Reads an execution's history as visits: which state, when, for which rank, how it ended, which requests it made.

A history is a linked list; each event names the one before it, so an event belongs to the state that was entered
last on the way back. A distributed map keeps its items' histories in child executions, which are read as well, unless
they are express ones, which have none: a bounded number of them, spread over the run, for AWS gives an account 20
histories a second.
"""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.config.aws_facts import EXPRESS_STARTS, HISTORY_CALLS, STANDARD_STARTS
from shared.run.failure import MOST_A_PAGE, Nameless, find_nameless, find_request, history

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

MOST_READ = HISTORY_CALLS.bucket // 2
"""Children of a run whose histories are read: half of what AWS gives at once, so that two readers fit into it."""
_READERS = 8
_CALLS = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
_FAILED = ("Failed", "TimedOut", "Aborted")


@dataclass(slots=True)
class Visit:
    """One visit of a state.

    Attributes:
        state: Its name.
        kind: Task, Map, Choice, ... as in the template.
        rank: The rank or map item it was for, None outside a map.
        entered: When.
        left: When it was left; None when it failed or still runs.
        calls: How many service calls it made, retries included.
        services: What it called: a service (``lambda``, ``s3``, ``aws-sdk:dynamodb``) and an action for each call.
        requests: The ids of the Lambda invocations that answered.
        failures: The errors of its calls, retried and caught ones included.
        nameless: Those of them that a function raised before it knew its request: it could not be loaded.
    """

    state: str
    kind: str
    rank: int | None
    entered: datetime
    left: datetime | None = None
    calls: int = 0
    services: list[tuple[str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    nameless: list[Nameless] = field(default_factory=list)

    @property
    def transitions(self) -> int:
        """What Step Functions bills of it: one, and one for each retry."""
        return max(1, self.calls)


@dataclass(frozen=True, slots=True)
class MapChildren:
    """The children of one run of a distributed Map: how many, and whether they are express executions."""

    count: int
    express: bool = False

    @property
    def least_seconds(self) -> float:
        """What AWS needs to start them all, at the least: it starts so many a second and no more."""
        return self.count / (EXPRESS_STARTS if self.express else STANDARD_STARTS).value


@dataclass(frozen=True, slots=True)
class Trace:
    """The visits of an execution and its children, in order of time.

    ``transitions`` is what Step Functions bills: each state entered, and each retry. Of ``children`` child executions
    ``unread`` were not read; the transitions take them for average ones. ``maps`` are its runs of distributed Maps.
    """

    visits: tuple[Visit, ...]
    transitions: int
    children: int = 0
    unread: int = 0
    maps: tuple[MapChildren, ...] = ()

    @property
    def largest_map(self) -> MapChildren:
        """The run of a distributed Map whose children take AWS longest to start; of none where there is no such Map."""
        return max(self.maps, key=lambda each: each.least_seconds, default=MapChildren(0))


def read_trace(states: SFNClient, arn: str, most: int = MOST_READ) -> Trace:
    """Return the visits of the execution *arn* and of at most so many of its children."""
    visits = visits_of(history(states, arn))
    maps, children = _children(states, arn)
    read = _spread(children, most)
    below: list[Visit] = []
    with ThreadPoolExecutor(_READERS) as pool:
        for part in pool.map(lambda child: visits_of(history(states, child)), read):
            below += part
    inside = sum(visit.transitions for visit in below)
    count = sum(each.count for each in maps if not each.express)
    return Trace(
        tuple(sorted(visits + below, key=lambda visit: visit.entered)),
        sum(visit.transitions for visit in visits) + (round(inside * count / len(read)) if read else 0),
        count,
        count - len(read),
        maps,
    )


def _children(states: SFNClient, arn: str) -> tuple[tuple[MapChildren, ...], list[str]]:
    """Return the runs of distributed Maps, and of the standard children of each a page that may be read."""
    maps: list[MapChildren] = []
    found: list[str] = []
    for runs in states.get_paginator("list_map_runs").paginate(executionArn=arn, PaginationConfig=MOST_A_PAGE):
        for run in runs["mapRuns"]:
            pages = states.get_paginator("list_executions").paginate(
                mapRunArn=run["mapRunArn"], PaginationConfig=MOST_A_PAGE
            )
            page = next(iter(pages))
            listed = [each["executionArn"] for each in page["executions"]]
            express = not listed or any(":express:" in child for child in listed)  # AWS lists none of these
            whole = not express and "nextToken" not in page and len(listed) < MOST_A_PAGE["PageSize"]
            # Of a larger run the embedded cloud remembers a part; asking costs one call, where pages would cost many.
            count = len(listed) if whole else _told(states, run["mapRunArn"])
            maps.append(MapChildren(count, express))
            found += [] if express else listed
    return tuple(maps), found


def _told(states: SFNClient, map_run: str) -> int:
    total: int = states.describe_map_run(mapRunArn=map_run)["executionCounts"]["total"]
    return total


def _spread(children: Sequence[str], most: int) -> list[str]:
    """Return at most so many of *children*, evenly spread over them: the first and the last run under other loads."""
    step = max(1, math.ceil(len(children) / most))
    return list(children[::step])


def visits_of(events: Iterable[Mapping[str, Any]]) -> list[Visit]:
    """Return the visits in the *events* of one execution, oldest first."""
    visits: list[Visit] = []
    owners: dict[int, Visit] = {}
    ranks: dict[int, int | None] = {0: None}
    for event in events:
        number, before, kind = event["id"], event.get("previousEventId", 0), event["type"]
        told = (value for name, value in event.items() if name.endswith("EventDetails"))
        details: Mapping[str, Any] = next(told, event)  # an event without any says of itself what it lacks
        rank, owner = ranks.get(before), owners.get(before)
        if kind == "ExecutionStarted":
            ranks[0] = rank = _rank(details.get("input"))
        elif kind == "MapIterationStarted":
            rank = details.get("index")
        elif kind.endswith("StateEntered"):
            own = _rank(details.get("input"))
            rank = rank if own is None else own
            owner = Visit(details["name"], kind.removesuffix("StateEntered"), rank, event["timestamp"])
            visits.append(owner)
        elif kind.endswith("StateExited"):
            owner = _open(visits, details["name"], owner)
            owner.left = event["timestamp"]
            rank = owner.rank
        elif owner is not None:
            _note(owner, kind, details, event["timestamp"])
        ranks[number] = rank
        if owner is not None:
            owners[number] = owner
    return visits


def _open(visits: list[Visit], name: str, owner: Visit | None) -> Visit:
    """Return the visit that is left: the *owner*, or, at the end of a map, the one around it."""
    if owner is not None and owner.state == name and owner.left is None:
        return owner
    return next(visit for visit in reversed(visits) if visit.state == name and visit.left is None)


def _note(visit: Visit, kind: str, details: Mapping[str, Any], at: datetime) -> None:
    """Take down what the event tells about a visit's service calls."""
    if kind in _CALLS:
        visit.calls += 1
        visit.services.append((details.get("resourceType", "lambda"), details.get("resource", "")))
    elif kind == "TaskSucceeded" and details.get("resourceType") == "lambda":
        answer = _parsed(details.get("output"))
        request = answer.get("SdkResponseMetadata", {}).get("RequestId")
        visit.requests += [request] if request else []
    elif kind.endswith(_FAILED):
        visit.failures.append(details.get("error", kind))
        cause = details.get("cause", "")
        request, nameless = find_request(cause), find_nameless(cause, visit.entered, at)
        visit.requests += [request] if request else []
        visit.nameless += [nameless] if nameless else []


def _rank(text: str | None) -> int | None:
    value = _parsed(text).get("rank")
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else None


def _parsed(text: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(text or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
