"""Reads an execution's history as visits of states: which state, when, for which rank, how it ended, its requests.

An event belongs to the state that was entered last on the way back through the events (:mod:`shared.run.history`). A
distributed Map keeps the histories of its items in child executions. They are read as well. AWS gives an account 20
histories a second, so only a limited number of children is read, evenly spread over the run. Express children have no
history: what the log of their machine shows of them is read instead.
"""

from __future__ import annotations

import math
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shared.config.aws_facts import EXPRESS_STARTS, HISTORY_CALLS, STANDARD_STARTS
from shared.config.naming import PLATFORM
from shared.run.cause import ErrorWithoutRequest, find_error_without_request, find_request, request_in
from shared.run.history import FAILURES, MOST_A_PAGE, details, history, parse_object, rank_in
from shared.run.logged_bytes import bytes_of_log
from shared.run.logged_children import billed_as_express

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.run.logged_children import ChildLog, LoggedChild

MOST_READ = HISTORY_CALLS.bucket // 2
"""How many children of a run are read, at most: half of the histories that AWS gives at once, so that two can read."""
_READERS = 8
_REDRIVEN = "ExecutionRedriven"
_BEGINNINGS = {"MapStateStarted": "Map", "ParallelStateStarted": "Parallel"}
_INSIDE = (*_BEGINNINGS, "MapIterationStarted")
_CALLS = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")


@dataclass(slots=True)
class Visit:
    """One visit of a state.

    Attributes:
        state: Its name.
        kind: Task, Map, Choice, ... as in the template.
        rank: The rank or map item it was for, None outside a map.
        entered: When.
        left: When it was left; None when it failed or still runs.
        calls: How many service calls it made, with its retries; of a Map or Parallel how often it began, if again.
        services: What it called: a service (``lambda``, ``s3``, ``aws-sdk:dynamodb``) and an action for each call.
        requests: The ids of the Lambda invocations that answered, of the team's own functions.
        failures: The errors of its calls, also those that were retried or caught.
        without_request: Those of the errors that name no request, because the function could not be loaded.
        unnamed: How many invocations answered whose id the history does not tell: those of a function's own ARN.
        redriven: How many of the calls were made after a redrive of the execution.
        around: That of the Map or Parallel that it lies in; None outside of them.
        of_platform: Whether the last call was of a function of the platform's, as a prepaid lane's first state calls
            the ledger's. Its log, and its cost, are the platform's.
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
    without_request: list[ErrorWithoutRequest] = field(default_factory=list)
    unnamed: int = 0
    redriven: int = 0
    around: Visit | None = field(default=None, repr=False, compare=False)
    of_platform: bool = False

    @property
    def transitions(self) -> int:
        """What Step Functions bills for it: one transition, and one more for each retry."""
        return max(1, self.calls)

    @property
    def unended(self) -> int:
        """How many calls of functions have no end: these go on when a run has failed, was stopped or timed out."""
        if self.left is not None or not self.services or self.services[-1][0] != "lambda":
            return 0
        ended = sum(not (each.endswith("Aborted") or each == "States.Timeout") for each in self.failures)
        return max(0, self.calls - ended)

    def begin_again(self) -> None:
        """Take down that the state, a Map or Parallel, is tried again."""
        self.calls = max(1, self.calls) + 1

    def leave(self, at: datetime) -> None:
        """Take down when the state was left."""
        self.left = at

    def note(self, event: HistoryEventTypeDef, redrives: int) -> None:
        """Take down what an *event*, after so many *redrives*, tells about the state's service calls."""
        kind, told = event["type"], details(event)
        if kind in _CALLS:
            self.calls += 1
            self.redriven += redrives > 0
            self.services.append((str(told.get("resourceType", "lambda")), str(told.get("resource", ""))))
            self.of_platform = _is_of_platform(told)
        elif kind == "TaskSucceeded" and told.get("resourceType") == "lambda":
            self._answered_by(request_in(str(told.get("output"))))
        elif kind == "LambdaFunctionSucceeded":
            self.unnamed += 1
        elif kind.endswith(FAILURES):
            cause = str(told.get("cause", ""))
            self.failures.append(str(told.get("error", kind)))
            self._answered_by(find_request(cause))
            if error := find_error_without_request(cause, self.entered, event["timestamp"]):
                self.without_request.append(error)

    def _answered_by(self, request: str | None) -> None:
        if request and not self.of_platform:
            self.requests.append(request)


def _is_of_platform(call: Mapping[str, object]) -> bool:
    """Whether a *call* of ``lambda:invoke`` is of a function of the platform's: no team's name begins like that."""
    called = parse_object(str(call.get("parameters", ""))).get("FunctionName")
    return isinstance(called, str) and re.match(rf"(?:arn:.*:function:)?{PLATFORM}-", called) is not None


@dataclass(frozen=True, slots=True)
class MapChildren:
    """The children of one run of a distributed Map.

    Attributes:
        count: How many there are.
        express: Whether they are express executions.
        logged: How many of the express ones the machine's log shows.
        gb_seconds: What AWS bills those for.
    """

    count: int
    express: bool = False
    logged: int = 0
    gb_seconds: float = 0.0

    @property
    def least_seconds(self) -> float:
        """The least time that AWS needs to start them all, as it starts only so many a second."""
        return self.count / (EXPRESS_STARTS if self.express else STANDARD_STARTS).value


@dataclass(frozen=True, slots=True)
class Tried:
    """How often a state called for a rank until it was left, or failed for good, and how often of that by redrives."""

    state: str
    rank: int | None
    attempts: int
    redriven: int

    def __str__(self) -> str:
        """Return it as it is told: ``Count rank 3: 4 attempts, 1 of them by a redrive``."""
        place = self.state if self.rank is None else f"{self.state} rank {self.rank}"
        redriven = f", {self.redriven} of them by a redrive" if self.redriven else ""
        return f"{place}: {self.attempts} attempts{redriven}"


class _Child(NamedTuple):
    """A child execution of a distributed Map, and whether it was redriven."""

    arn: str
    redriven: bool


class Below(NamedTuple):
    """What standard children took: their transitions, and the GB-seconds that AWS would bill if they were express."""

    transitions: int
    gb_seconds: float


@dataclass(frozen=True, slots=True)
class Trace:
    """The visits of an execution and its children, in order of time.

    ``transitions`` is what Step Functions bills: each state entered, each retry, and each redrive. ``unread`` of the
    ``children`` child executions were not read; they count as average ones in the transitions. Those that were redriven
    are read first. ``maps`` are its runs of distributed Maps. ``redrives`` is how often the execution was redriven.
    ``logged_bytes`` is what CloudWatch bills of the machine's log, where that holds all events with their data.
    ``below`` is what the standard children took.
    """

    visits: tuple[Visit, ...]
    transitions: int
    children: int = 0
    unread: int = 0
    maps: tuple[MapChildren, ...] = ()
    redrives: int = 0
    logged_bytes: int = 0
    below: Below = field(default_factory=lambda: Below(0, 0.0))

    @property
    def invoked(self) -> int:
        """How many invocations the histories tell of that were read, those with no end among them."""
        named = {request for visit in self.visits for request in visit.requests}
        return len(named) + sum(visit.unnamed + visit.unended for visit in self.visits)

    @property
    def unseen(self) -> int:
        """How many express children the log does not show, so that only their number is known."""
        return sum(each.count - each.logged for each in self.maps if each.express)

    @property
    def tried_again(self) -> list[Tried]:
        """Each state that called more than once before it was left, for each rank; of children, those that were read.

        A state that was left and entered again, as in a loop, begins anew.
        """
        ended: list[Tried] = []
        going_on: dict[tuple[str, int | None], Tried] = {}
        for visit in self.visits:
            key = visit.state, visit.rank
            before = going_on.pop(key, Tried(*key, 0, 0))
            tried = Tried(*key, before.attempts + visit.calls, before.redriven + visit.redriven)
            if visit.left is None:
                going_on[key] = tried
            else:
                ended.append(tried)
        again = (each for each in (*ended, *going_on.values()) if each.attempts > 1)
        return sorted(again, key=lambda each: (each.state, -1 if each.rank is None else each.rank))

    @property
    def largest_map(self) -> MapChildren:
        """The run of a distributed Map that takes AWS longest to start; one of no children if there is none."""
        return max(self.maps, key=lambda each: each.least_seconds, default=MapChildren(0))


def read_trace(states: SFNClient, arn: str, most: int = MOST_READ, log: ChildLog | None = None) -> Trace:
    """Return the visits of the execution *arn*, and of its children, *most* of the standard ones at most.

    Express children are read from the *log*, if there is one.
    """
    events = list(history(states, arn))
    visits = visits_of(events)
    maps, children, logged = _children(states, arn, log)
    redriven = [child.arn for child in children if child.redriven][:most]
    others = spread([child.arn for child in children if not child.redriven], most - len(redriven))
    read = [*redriven, *others]
    below = [visit for child in logged for visit in visits_of(child.events)]
    inside: list[_Part] = []
    with ThreadPoolExecutor(_READERS) as pool:
        for child, part in zip(read, pool.map(lambda child: list(history(states, child)), read), strict=True):
            found = visits_of(part)
            below += found
            inside.append(_Part(_transitions(found, part), bytes_of_log(part, child), billed_as_express(part)))
    count = sum(each.count for each in maps if not each.express)
    of_children = _in_all(inside[: len(redriven)], inside[len(redriven) :], count)
    unseen = sum(each.count for each in maps if each.express) - len(logged)
    bytes_of_logged = sum(child.logged_bytes for child in logged)
    return Trace(
        tuple(sorted(visits + below, key=lambda visit: visit.entered)),
        _transitions(visits, events) + round(of_children.transitions),
        count,
        count - len(read),
        maps,
        _redrives(events),
        bytes_of_log(events, arn)
        + round(of_children.logged_bytes)
        + bytes_of_logged
        + (round(unseen * bytes_of_logged / len(logged)) if logged else 0),
        Below(round(of_children.transitions), of_children.gb_seconds),
    )


class _Part(NamedTuple):
    """What a standard child took, or all of them together."""

    transitions: float
    logged_bytes: float
    gb_seconds: float


def _in_all(again: Sequence[_Part], once: Sequence[_Part], count: int) -> _Part:
    """Return what *count* children took: those that were redriven, and the others as the average of what was read."""
    usual = once or again
    average = [sum(column) / len(usual) for column in zip(*usual, strict=True)] if usual else [0.0, 0.0, 0.0]
    known = [sum(column) for column in zip(*again, strict=True)] if again else [0.0, 0.0, 0.0]
    return _Part(*(mine + each * (count - len(again)) for mine, each in zip(known, average, strict=True)))


def _transitions(visits: Iterable[Visit], events: Iterable[HistoryEventTypeDef]) -> int:
    """Return what AWS bills of one execution. A redrive is a transition, too.

    That is from memory of Step Functions' page about redriving, not looked up.
    """
    return sum(visit.transitions for visit in visits) + _redrives(events)


def _redrives(events: Iterable[HistoryEventTypeDef]) -> int:
    return sum(event["type"] == _REDRIVEN for event in events)


def trace_of(events: Sequence[HistoryEventTypeDef], arn: str) -> Trace:
    """Return the trace of the express execution *arn* by the *events* of its log. AWS bills none of its transitions."""
    return Trace(
        tuple(sorted(visits_of(events), key=lambda visit: visit.entered)), 0, logged_bytes=bytes_of_log(events, arn)
    )


def _children(
    states: SFNClient, arn: str, log: ChildLog | None
) -> tuple[tuple[MapChildren, ...], list[_Child], list[LoggedChild]]:
    """Return the runs of distributed Maps, one page of the standard children of each, and its express ones."""
    maps: list[MapChildren] = []
    found: list[_Child] = []
    logged: list[LoggedChild] = []
    for runs in states.get_paginator("list_map_runs").paginate(executionArn=arn, PaginationConfig=MOST_A_PAGE):
        for run in runs["mapRuns"]:
            pages = states.get_paginator("list_executions").paginate(
                mapRunArn=run["mapRunArn"], PaginationConfig=MOST_A_PAGE
            )
            page = next(iter(pages))
            listed = [_Child(each["executionArn"], each.get("redriveCount", 0) > 0) for each in page["executions"]]
            if not listed or any(":express:" in child.arn for child in listed):  # AWS does not list these
                told = states.describe_map_run(mapRunArn=run["mapRunArn"])
                mine = log.of(told) if log else ()
                total = max(told["executionCounts"]["total"], len(mine))  # a redrive begins express ones anew
                maps.append(MapChildren(total, True, len(mine), sum(child.gb_seconds for child in mine)))  # noqa: FBT003  a field
                logged += mine
                continue
            whole = "nextToken" not in page and len(listed) < MOST_A_PAGE["PageSize"]
            # One call tells the number, where more pages would cost many. The embedded cloud forgets some of many.
            maps.append(MapChildren(len(listed) if whole else _count(states, run["mapRunArn"])))
            found += listed
    return tuple(maps), found, logged


def _count(states: SFNClient, map_run: str) -> int:
    return states.describe_map_run(mapRunArn=map_run)["executionCounts"]["total"]


def spread(children: Sequence[str], most: int) -> list[str]:
    """Return *most* of the *children* at most, evenly spread: the first and the last ones run under different loads."""
    step = max(1, math.ceil(len(children) / max(1, most)))
    return list(children[::step][:most])


def visits_of(events: Iterable[HistoryEventTypeDef]) -> list[Visit]:
    """Return the visits in the *events* of one execution, oldest first."""
    visits: list[Visit] = []
    owners: dict[int, Visit] = {}
    ranks: dict[int, int | None] = {0: None}
    kinds: dict[int, str] = {}
    redrives = 0
    for event in events:
        number, before, kind = event["id"], event.get("previousEventId", 0), event["type"]
        kinds[number], last = kind, kinds.get(before, "")
        rank, owner = ranks.get(before), owners.get(before)
        if kind == "ExecutionStarted":
            ranks[0] = rank = rank_in(event.get("executionStartedEventDetails", {}).get("input"))
        elif kind == "MapIterationStarted":
            rank = event["mapIterationStartedEventDetails"].get("index")
        elif kind == _REDRIVEN:
            redrives += 1
        elif kind.endswith("StateEntered"):
            if last == _REDRIVEN:  # the outermost state that had not ended, whatever rank had failed in it
                rank = ranks[0]
            owner = _enter(event, rank, owner if last in _INSIDE else owner and owner.around)
            visits.append(owner)
            rank = owner.rank
        elif kind.endswith("StateExited"):
            owner = _open(visits, event["stateExitedEventDetails"]["name"], owner)
            owner.leave(event["timestamp"])
            rank = owner.rank
        elif owner is not None:
            owner = _note(owner, event, redrives, after=last)
            rank = owner.rank
        ranks[number] = rank
        if owner is not None:
            owners[number] = owner
    return visits


def _enter(event: HistoryEventTypeDef, rank: int | None, around: Visit | None) -> Visit:
    """Return the visit of the state that is entered, whose input tells a rank, or which is for that one."""
    entry = event["stateEnteredEventDetails"]
    own = rank_in(entry.get("input"))
    kind = event["type"].removesuffix("StateEntered")
    return Visit(entry["name"], kind, rank if own is None else own, event["timestamp"], around=around)


def _note(owner: Visit, event: HistoryEventTypeDef, redrives: int, *, after: str) -> Visit:
    """Let a visit take down *event*, which came after an event of *owner* of the type *after*, and return that visit.

    A Map or Parallel that is tried again begins after a state within it.
    """
    kind = _BEGINNINGS.get(event["type"])
    if kind is None:
        owner.note(event, redrives)
    if kind is None or after == f"{kind}StateEntered":
        return owner
    begun: Visit | None = owner
    while begun and begun.kind != kind:
        begun = begun.around
    if begun is None:
        return owner
    begun.begin_again()
    return begun


def _open(visits: list[Visit], name: str, owner: Visit | None) -> Visit:
    """Return the visit that is left: the *owner*, or, at the end of a map, the one around it."""
    if owner is not None and owner.state == name and owner.left is None:
        return owner
    return next(visit for visit in reversed(visits) if visit.state == name and visit.left is None)
