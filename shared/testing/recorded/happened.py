"""Reads all that an execution did: its own attempts, and those of the children of its distributed Maps.

The children are executions with histories of their own, and may have distributed Maps again. Nothing tells which item
of its Map a child had: :mod:`shared.testing.recorded.matched` finds that out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.run.attempts import attempts_in
from shared.run.history import MOST_A_PAGE, details, history
from shared.run.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.run.attempts import Attempt
    from shared.run.places import Item, Where


@dataclass(frozen=True, slots=True)
class Children:
    """The children of one run of a distributed Map, oldest first.

    Attributes:
        map: The Map state's name.
        items: The iterations of inline Maps that it ran in, within its own execution.
        executions: What each child did.
    """

    map: str
    items: tuple[Item, ...]
    executions: tuple[Happened, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """What one execution did.

    Attributes:
        events: Its history.
        attempts: Its own, oldest first.
        maps: The runs of its distributed Maps, oldest first.
    """

    events: tuple[HistoryEventTypeDef, ...]
    attempts: tuple[Attempt, ...]
    maps: tuple[Children, ...]

    @property
    def path(self) -> list[str]:
        """The names of the states that it entered itself, not those within its Maps and Parallels."""
        entered = ((event, where) for event, where in _placed(self.events) if event["type"].endswith("StateEntered"))
        return [where.name for _, where in entered if where is not None and where.outer is None]


def what_happened(states: SFNClient, arn: str) -> Happened:
    """Return what the execution *arn* did, which has ended.

    Raises:
        LanesError: Its history does not tell all of it.
    """
    events = tuple(history(states, arn))
    _check_whole(events, arn)
    return Happened(events, attempts_in(events), tuple(_maps(states, events)))


def in_one_history(events: Sequence[HistoryEventTypeDef], where: str) -> Happened:
    """Return what an execution did that has no children, by its *events*: an express one, by its log.

    Raises:
        LanesError: They do not tell all of it.
    """
    _check_whole(events, where)
    return Happened(tuple(events), attempts_in(events), ())


def _check_whole(events: Sequence[HistoryEventTypeDef], where: str) -> None:
    for event in events:
        told = details(event)
        for key in ("inputDetails", "outputDetails"):
            about = told.get(key)
            if isinstance(about, dict) and about.get("truncated"):
                what = f"event {event['id']} ({event['type']}) is too long for AWS's history, which cut it"
                raise LanesError(what, where=where, fix="record a run with less data")
        if event["type"] == "ExecutionRedriven":
            what = "it was redriven, so it is two runs in one: a test would have to fail in its midst and go on"
            raise LanesError(what, where=where, fix="record a run that went through at once")


def _placed(events: Iterable[HistoryEventTypeDef]) -> Iterator[tuple[HistoryEventTypeDef, Where | None]]:
    """Yield each of *events* with where it belongs."""
    places = Places()
    for event in events:
        told, before = details(event), event.get("previousEventId", 0)
        name, index = str(told.get("name", "")), told.get("index")
        yield event, places.follow(event["id"], before, event["type"], name, index if isinstance(index, int) else 0)


def _maps(states: SFNClient, events: Sequence[HistoryEventTypeDef]) -> Iterator[Children]:
    for event, where in _placed(events):
        if event["type"] == "MapRunStarted" and where is not None:
            map_run = str(details(event)["mapRunArn"])
            yield Children(where.name, where.items, tuple(_children(states, where.name, map_run)))


def _children(states: SFNClient, name: str, map_run: str) -> Iterator[Happened]:
    pages = states.get_paginator("list_executions").paginate(mapRunArn=map_run, PaginationConfig=MOST_A_PAGE)
    listed = [each for page in pages for each in page["executions"]]
    total = states.describe_map_run(mapRunArn=map_run)["executionCounts"]["total"]
    if len(listed) < total:
        known = f"{len(listed)} of its {total} children are still known"
        what = f"of the Map {name!r} {known}: express ones are never kept, and of many the last ones only"
        raise LanesError(what, fix="record a run with fewer items, and with children of ExecutionType STANDARD")
    for each in sorted(listed, key=lambda each: (each["startDate"], each["name"])):
        yield what_happened(states, each["executionArn"])
