"""Express children of a distributed Map, by the log of the run's machine: nothing else tells of one.

AWS keeps no history of them and lists none. Their events go where the machine's own go, if its logging says ALL, which
that of every lane's machines does. That children log as their machine does is known from use, not from a page that was
found. A child names no Map run. So it counts as this run's where its input names the run, as that of the shared
workflows does; where no input does, all count if they are no more than the Map began, else each is asked.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.run.express import as_in_a_history, is_whole
from shared.run.history import ENDINGS, STATUS_OF, details, rank_in
from shared.run.logged_bytes import size_of
from shared.run.patience import LATE, looks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mypy_boto3_stepfunctions.type_defs import DescribeMapRunOutputTypeDef, HistoryEventTypeDef

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.run.start import Run

MOST_EVENTS = 200_000
"""Events of a machine's log that are read for the children of one Map, at the most: some 20,000 children's."""
_MOST_ASKED = 100
_BEFORE = timedelta(seconds=10)  # by which the clocks of the log and of Step Functions may differ
_STEP_MS, _CHUNK_MB, _LEAST_MB, _BYTES_A_MB = 100, 64, 50, 1 << 20
_SPLITS = ("MapIterationStarted", "ParallelStateStarted")


@dataclass(frozen=True)
class LoggedChild:
    """A child as its log tells it.

    Attributes:
        arn: Its ARN.
        events: Its events in the form of a history's, oldest first.
        logged_bytes: What CloudWatch bills of them.
    """

    arn: str
    events: tuple[HistoryEventTypeDef, ...]
    logged_bytes: int

    @cached_property
    def input(self) -> str:
        """Its input; empty where the log holds no data."""
        return str(details(self.events[0]).get("input") or "")

    @property
    def rank(self) -> int | None:
        """The rank that its input has; None where that tells none."""
        return rank_in(self.input)

    @property
    def started(self) -> datetime:
        """When it began."""
        return self.events[0]["timestamp"]

    @property
    def ending(self) -> HistoryEventTypeDef | None:
        """The event that ended it; None before its end, or where the log lacks it."""
        return next((event for event in reversed(self.events) if event["type"] in ENDINGS), None)

    @property
    def status(self) -> str:
        """Its status."""
        return STATUS_OF[self.ending["type"]] if self.ending else "RUNNING"

    @property
    def gb_seconds(self) -> float:
        """What AWS bills it for, estimated: see :func:`billed_as_express`."""
        return billed_as_express(self.events)


def billed_as_express(events: Sequence[HistoryEventTypeDef]) -> float:
    """Return the GB-seconds that an express execution with these *events* is billed for, estimated.

    Its time counts in steps of 100 ms. Its memory counts in chunks of 64 MB: 50 MB, and its data for each of its
    parallel parts; its definition, at most 1 MB, is left out. Source: aws.amazon.com/step-functions/pricing, its
    examples 3 and 4 (read 2026-11-30).
    """
    seconds = (events[-1]["timestamp"] - events[0]["timestamp"]).total_seconds()
    steps = max(1, math.ceil(round(seconds * 1000, 3) / _STEP_MS))
    data = max(len(str(details(event).get("input") or "")) for event in events)
    parts = max(1, sum(event["type"] in _SPLITS for event in events))
    memory = _LEAST_MB + data * parts / _BYTES_A_MB
    return steps * _STEP_MS / 1000 * math.ceil(memory / _CHUNK_MB) * _CHUNK_MB / 1024


class ChildLog:
    """Reads the express children of the run's Maps.

    Args:
        aws: The cloud's clients.
        run: The run.
        patient: Whether to wait, up to 20 s, for what CloudWatch shows late of a Map that has just ended.
        sleep: Waits.

    Attributes:
        seen: The children that were read last, by their ARNs.
    """

    def __init__(self, aws: Aws, run: Run, *, patient: bool = True, sleep: Sleep = time.sleep) -> None:
        self._aws = aws
        self._run = run
        self._patient = patient
        self._sleep = sleep
        self.seen: dict[str, LoggedChild] = {}

    def of(self, map_run: DescribeMapRunOutputTypeDef) -> tuple[LoggedChild, ...]:
        """Return the children of a run of a distributed Map that the log shows, in the order of their start.

        Where nobody lets us read the log, or it is not there, there are none.
        """
        expected = map_run["executionCounts"]["total"]
        stopped = "stopDate" in map_run  # a run that goes on has none
        late = self._patient and stopped and datetime.now(UTC) - map_run["stopDate"] < LATE
        found: tuple[LoggedChild, ...] = ()
        for _ in looks(self._sleep) if late else (0,):
            try:
                found = tuple(self._mine(self._logged(map_run), map_run))
            except ClientError as error:
                if code_of(error) in {"ResourceNotFoundException", "AccessDeniedException"}:
                    return ()
                raise
            if sum(is_whole(child.events) for child in found) >= expected:
                break
        self.seen |= {child.arn: child for child in found}
        return found

    def _logged(self, map_run: DescribeMapRunOutputTypeDef) -> list[LoggedChild]:
        """Return the children of all runs of the Map at that time."""
        start, stop = map_run["startDate"], max(map_run.get("stopDate", datetime.now(UTC)), map_run["startDate"])
        begins = f"{map_run['mapRunArn'].rpartition(':')[0].replace(':mapRun:', ':express:')}:"
        pages = self._aws.logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._run.lane.workflows[self._run.workflow].log_group,
            startTime=int((start - _BEFORE).timestamp() * 1000),
            endTime=int((stop + LATE).timestamp() * 1000),
            filterPattern='":express:"',
            PaginationConfig={"MaxItems": MOST_EVENTS},
        )
        events: dict[str, dict[int, HistoryEventTypeDef]] = {}
        sizes: dict[str, int] = {}
        for line in (line for page in pages for line in page.get("events", ())):
            told = json.loads(line["message"])
            arn = str(told.get("execution_arn"))
            if arn.startswith(begins) and int(told["id"]) not in events.setdefault(arn, {}):
                events[arn][int(told["id"])] = as_in_a_history(told)
                sizes[arn] = sizes.get(arn, 0) + size_of(line["message"])
        children = [
            LoggedChild(arn, tuple(by_id[number] for number in sorted(by_id)), sizes[arn])
            for arn, by_id in events.items()
            if by_id
        ]
        return sorted(children, key=lambda child: (child.started, child.arn))

    def _mine(self, children: list[LoggedChild], map_run: DescribeMapRunOutputTypeDef) -> Iterable[LoggedChild]:
        named = [child for child in children if self._run.id in child.input]
        if named or len(children) <= map_run["executionCounts"]["total"]:
            return named or children
        return [child for child in children[:_MOST_ASKED] if self._asked(child) == map_run["mapRunArn"]]

    def _asked(self, child: LoggedChild) -> str | None:
        """Return the run of the Map that began *child*, which AWS tells of an express execution that one began."""
        try:
            return self._aws.states.describe_execution(executionArn=child.arn).get("mapRunArn")
        except ClientError as error:
            if code_of(error) == "ExecutionDoesNotExist":
                return None
            raise
