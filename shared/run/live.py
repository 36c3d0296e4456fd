"""One execution that is looked at again and again: each look reads what is new, and no event twice."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING

from shared.run.find import Found
from shared.run.history import details
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions.type_defs import (
        DescribeMapRunOutputTypeDef,
        GetExecutionHistoryInputTypeDef,
        HistoryEventTypeDef,
    )

    from shared.aws.client import Aws
    from shared.values import Json

_FEW, _MANY = 100, 1000  # events a page, at the least and at the most that AWS allows


class LiveRun:
    """An execution as the last look saw it. It may be used by several threads.

    Attributes:
        found: What Step Functions says of it.
        redrives: How often it was redriven.
        definition: The machine that it runs.
        events: All events so far, oldest first.
        map_runs: What DescribeMapRun said of each run of a distributed Map, by its ARN.
    """

    def __init__(self, aws: Aws, found: Found) -> None:
        self._aws = aws
        self._lock = Lock()
        self._page = _MANY
        self._read_over = False  # whether it had ended before its events were read
        self.found = found
        self.redrives = -1
        told = aws.states.describe_state_machine_for_execution(executionArn=found.run.arn)
        self.definition: Mapping[str, Json] = json.loads(told["definition"])
        self.events: list[HistoryEventTypeDef] = []
        self.map_runs: dict[str, DescribeMapRunOutputTypeDef] = {}

    @property
    def over(self) -> bool:
        """Whether it has ended, and all of it was read."""
        return self._read_over

    def look(self) -> None:
        """Read what is new. Of one that has ended, one call finds out whether it was redriven since."""
        with self._lock:
            told = self._aws.states.describe_execution(executionArn=self.found.run.arn)
            redrives = told.get("redriveCount", 0)
            if self._read_over and redrives == self.redrives:
                return
            self.redrives = redrives
            run = self.found.run
            self.found = Found(
                run,
                told["status"],
                told["startDate"],
                told.get("stopDate"),
                told.get("input", "{}"),
                told.get("output"),
            )
            self.events += self._new_events()
            for event in self.events:
                if event["type"] == "MapRunStarted":
                    self._ask(str(details(event).get("mapRunArn")))
            self._read_over = is_over(told["status"])

    def _ask(self, map_run: str) -> None:
        """Read the counts of a run of a distributed Map that has not ended, as far as we know."""
        known = self.map_runs.get(map_run)
        if known is None or known["status"] == "RUNNING" or not self._read_over:
            self.map_runs[map_run] = self._aws.states.describe_map_run(mapRunArn=map_run)

    def _new_events(self) -> list[HistoryEventTypeDef]:
        """Return the events after the last one that is known, oldest first: read from the newest backwards."""
        last = self.events[-1]["id"] if self.events else 0
        asked: GetExecutionHistoryInputTypeDef = {
            "executionArn": self.found.run.arn,
            "reverseOrder": True,
            "maxResults": self._page,  # the same for all pages of a token
        }
        found: list[HistoryEventTypeDef] = []
        while True:
            page = self._aws.states.get_execution_history(**asked)
            found += [event for event in page["events"] if event["id"] > last]
            if "nextToken" not in page or page["events"][-1]["id"] <= last + 1:
                self._page = min(_MANY, max(_FEW, len(found)))
                return found[::-1]
            asked["nextToken"] = page["nextToken"]
