"""One execution that is looked at again and again: each look reads what is new, and no event twice.

What a look has read, it keeps, also where its next call fails: so a look that AWS throttles is finished by the next
one. AWS tells events a moment late (GetExecutionHistory is eventually consistent; read 2026-11-30), so an execution has
ended when its last event says so.
"""

from __future__ import annotations

import json
import time
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.deploy.caller import is_denial
from shared.errors import UsageError, code_of
from shared.run.find import Found
from shared.run.history import ENDINGS, details
from shared.run.map_total import is_throttled
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionOutputTypeDef,
        DescribeMapRunOutputTypeDef,
        GetExecutionHistoryInputTypeDef,
        HistoryEventTypeDef,
    )

    from shared.aws.client import Aws
    from shared.values import Json

_FEW, _MANY = 100, 1000  # events a page, at the least and at the most that AWS allows
_BETWEEN = 2.0  # seconds between two calls of DescribeMapRun, of which AWS answers one a second for the whole account


class LiveRun:
    """An execution as the last look saw it. It may be used by several threads: no value is changed once it is there.

    Args:
        aws: The cloud's clients.
        found: The execution.
        clock: Gives seconds from any start.

    Attributes:
        aws: The cloud's clients.
        found: What Step Functions says of it.
        redrives: How often it was redriven; -1 before the first look.
        definition: The machine that it runs.
        events: All events so far, oldest first. Those of a later look begin with these.
        map_runs: What DescribeMapRun said of each run of a distributed Map, by its ARN, as far as it was asked.
        unread: Why something of it is not known, or is as it was before; None where nothing is.
    """

    def __init__(self, aws: Aws, found: Found, clock: Callable[[], float] = time.monotonic) -> None:
        self.aws = aws
        self._clock = clock
        self._lock = Lock()
        self._page = _MANY
        self._read_over = False  # whether it had ended, and all of it was read
        self._due: dict[str, None] = {}  # runs of Maps that began, or were redriven, and were not asked since
        self._asked: dict[str, float] = {}  # when each of them was asked
        self._closed: ClientError | None = None  # why the counts of a Map are never told
        self.found = found
        self.redrives = -1
        self.unread: Exception | None = None
        told = aws.states.describe_state_machine_for_execution(executionArn=found.run.arn)
        self.definition: Mapping[str, Json] = json.loads(told["definition"])
        self.events: Sequence[HistoryEventTypeDef] = []
        self.map_runs: Mapping[str, DescribeMapRunOutputTypeDef] = {}

    @property
    def over(self) -> bool:
        """Whether it has ended, and all of it was read."""
        return self._read_over

    def look(self) -> None:
        """Read what is new. Of one that has ended, one call finds out whether it was redriven since.

        Raises:
            UsageError: Step Functions does not have it any more.
            ClientError: Another call was refused. What was read before stays, and the next look goes on.
            BotoCoreError: The cloud did not answer. Likewise.
        """
        with self._lock:
            try:
                self._look()
            except (ClientError, BotoCoreError) as error:
                self.unread = error
                raise
            self.unread = self._closed

    def _look(self) -> None:
        told = self._describe()
        redrives = told.get("redriveCount", 0)
        if self._read_over and redrives == self.redrives:
            return
        self._read_over = False
        try:
            new = self._new_events()
        except ClientError:
            self.found = _found(self.found, told)
            raise
        self.events = [*self.events, *new]
        self._due |= dict.fromkeys(_map_runs(new))
        self.redrives = redrives
        self.found = _found(self.found, told)
        ended = is_over(told["status"])
        try:
            self._ask_map_runs(ended=ended)
        finally:
            ends = bool(self.events) and self.events[-1]["type"] in ENDINGS
            self._read_over = ended and ends and not self._changing()

    def _describe(self) -> DescribeExecutionOutputTypeDef:
        try:
            return self.aws.states.describe_execution(executionArn=self.found.run.arn)
        except ClientError as error:
            if code_of(error) != "ExecutionDoesNotExist":
                raise
            raise UsageError(
                f"the run {self.found.run.id} is not there any more",
                where=self.found.run.arn,
                fix="Step Functions keeps runs for 90 days, the embedded cloud as long as it goes on",
            ) from error

    def _changing(self) -> list[str]:
        """Return the runs of Maps whose counts are not their last, the one first that was asked longest ago."""
        running = (map_run for map_run, told in self.map_runs.items() if told["status"] == "RUNNING")
        return sorted({*self._due, *running}, key=lambda map_run: self._asked.get(map_run, 0.0))

    def _ask_map_runs(self, *, ended: bool) -> None:
        """Read the counts of runs of distributed Maps that may have changed. One that AWS throttles is asked later.

        While the execution goes on, none is asked within two seconds after another, but for those that are new.
        """
        for map_run in self._changing():
            now = self._clock()
            soon = now < max(self._asked.values(), default=now - _BETWEEN) + _BETWEEN
            if soon and not ended and map_run not in self._due:
                continue
            self._asked[map_run] = now
            try:
                told = self.aws.states.describe_map_run(mapRunArn=map_run)
            except ClientError as error:
                if is_throttled(error):
                    return
                if is_denial(error):  # it will not be allowed later, and nothing else waits for the counts
                    self._closed = error
                    self._due.pop(map_run, None)
                raise
            self.map_runs = {**self.map_runs, map_run: told}
            self._due.pop(map_run, None)

    def _new_events(self) -> Sequence[HistoryEventTypeDef]:
        """Return the events after the last one that is known, oldest first: read from the newest backwards."""
        last = self.events[-1]["id"] if self.events else 0
        asked: GetExecutionHistoryInputTypeDef = {
            "executionArn": self.found.run.arn,
            "reverseOrder": True,
            "maxResults": self._page,  # the same for all pages of a token
        }
        found: list[HistoryEventTypeDef] = []
        while True:
            page = self.aws.states.get_execution_history(**asked)
            found += [event for event in page["events"] if event["id"] > last]
            if "nextToken" not in page or (page["events"] and page["events"][-1]["id"] <= last + 1):
                self._page = min(_MANY, max(_FEW, len(found)))
                return found[::-1]
            asked["nextToken"] = page["nextToken"]


def _found(before: Found, told: DescribeExecutionOutputTypeDef) -> Found:
    ends = told.get("stopDate"), told.get("input", "{}"), told.get("output")
    return Found(before.run, told["status"], told["startDate"], *ends)


def _map_runs(events: Iterable[HistoryEventTypeDef]) -> list[str]:
    """Return the ARNs of the runs of distributed Maps that *events* tell the beginning of, or of a redrive."""
    kinds = {"MapRunStarted", "MapRunRedriven"}
    return [str(details(event).get("mapRunArn")) for event in events if event["type"] in kinds]
