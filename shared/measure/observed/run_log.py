"""The log of one run: the lines of its own invocations, in order of time.

An invocation whose handler prints its progress says which run it belongs to. For the other invocations the execution's
history says it, once their state has ended, so their lines are held back until then. The histories of a distributed
Map's children are read only once, at the end, and only if the run of some line is still unknown. At most so many are
read, so lines of a large Map can stay unknown; ``unread`` says how many children were not read.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.measure.observed.trace import read_trace, visits_of
from shared.run.history import history
from shared.run.logged_children import ChildLog
from shared.run.logs import LogReader
from shared.run.patience import LATE, growing_waits, looks
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.measure.observed.trace import Visit
    from shared.run.cause import ErrorWithoutRequest
    from shared.run.find import Found
    from shared.run.logs import Invocation, Line
    from shared.values import Json

_EVENTS_A_SECOND = 1000  # read of a history that goes on: one page of the 20 that AWS gives all teams together


@dataclass(frozen=True, slots=True)
class RunLine:
    """A line: when it was written, the workflow's step that wrote it, and the rank of that invocation if it has one."""

    at: datetime
    step: str
    rank: int | None
    request_id: str
    text: str

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return asdict(self) | {"at": self.at.isoformat(timespec="milliseconds")}


class RunLog:
    """Reads the log of the run in *found*, of one *step* or of all. *clock* is the time in seconds, from any start.

    Attributes:
        unread: How many child executions were not asked which invocations are theirs.
    """

    def __init__(
        self, aws: Aws, found: Found, step: str | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._next_look = 0.0
        self._aws, self._states = aws, aws.states
        self._run = found.run
        self._whole = step is None
        lane, functions = found.run.lane, found.run.lane.workflows[found.run.workflow].functions
        groups = {name: lane.functions[key].log_group for name, key in functions.items() if step in {None, name}}
        since, until = found.started.timestamp(), found.stopped and (found.stopped + LATE).timestamp()
        self._reader = LogReader(aws, groups, int(1000 * since), int(1000 * until) if until else None)
        self._held: list[Line] = []
        self._ranks: dict[str, int | None] = {}  # of each request that the history names
        self._without_request: dict[ErrorWithoutRequest, int | None] = {}  # the ranks of errors that name no request
        self._asked = False  # a history that has ended tells nothing new
        self.unread = 0

    def read(self, *, ended: bool = True) -> list[RunLine]:
        """Return the lines that are new, in order of time. The run's children are asked only when it has *ended*."""
        self._held += self._reader.read()
        if self._undecided() and not self._asked:
            self._ask(ended=ended)
        self._recognize()
        mine = [line for line in self._held if self._is_mine(line.invocation)]
        self._held = self._undecided()
        return [self._told(line) for line in sorted(mine, key=lambda line: line.at_ms)]

    @property
    def complete(self) -> bool:
        """Whether every invocation known so far has its REPORT line."""
        seen = self._reader.invocations
        waited = {name for name, invocation in seen.items() if self._is_mine(invocation)}
        waited |= self._ranks.keys() if self._whole else set()
        return all(name in seen and seen[name].report for name in waited)

    def _ask(self, *, ended: bool) -> None:
        """Read the history, and at the end those of the children where the run of some line is still unknown."""
        if not ended and self._clock() < self._next_look:
            return
        events = list(history(self._states, self._run.arn))
        self._note(visits_of(events))
        self._next_look = self._clock() + len(events) // _EVENTS_A_SECOND
        self._recognize()
        if ended and self._undecided():
            trace = read_trace(self._states, self._run.arn, log=ChildLog(self._aws, self._run))
            self._note(trace.visits)
            self.unread = trace.unread + trace.unseen
        self._asked = ended

    def _note(self, visits: Sequence[Visit]) -> None:
        self._ranks |= {request: visit.rank for visit in visits for request in visit.requests}
        self._without_request |= {error: visit.rank for visit in visits for error in visit.without_request}

    def _recognize(self) -> None:
        """Add the invocations of functions that could not be loaded to the run's own, by what their logs show."""
        for request, invocation in self._reader.invocations.items():
            if not self._is_mine(invocation):
                ranks = [rank for error, rank in self._without_request.items() if error.is_of(invocation)]
                if ranks:
                    self._ranks[request] = ranks[0]

    def _is_mine(self, invocation: Invocation) -> bool:
        return self._run.id in invocation.runs or invocation.request_id in self._ranks

    def _undecided(self) -> list[Line]:
        """Return the held lines of invocations whose run neither the log nor the history tells."""
        return [line for line in self._held if not line.invocation.runs and not self._is_mine(line.invocation)]

    def _told(self, line: Line) -> RunLine:
        by = line.invocation
        rank = by.progress.rank if by.progress else self._ranks.get(by.request_id)
        return RunLine(datetime.fromtimestamp(line.at_ms / 1000, UTC), by.function, rank, by.request_id, line.text)


def follow_log(aws: Aws, found: Found, log: RunLog, *, sleep: Sleep = time.sleep) -> Iterator[RunLine]:
    """Yield the lines of *log* as they come, until the run has ended and CloudWatch has shown the last of them."""
    for wait in growing_waits():
        if is_over(aws.states.describe_execution(executionArn=found.run.arn)["status"]):
            break
        yield from log.read(ended=False)
        sleep(wait)
    for _ in looks(sleep):
        yield from log.read()
        if log.complete:
            return
