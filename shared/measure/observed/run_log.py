"""The log of one run: the lines of the invocations that are its own, in order of time.

A log says which run a line belongs to where the handler said so (``progress``). Of the other invocations the
execution's history tells, once their state has ended: their lines are held back until then. The histories of a
distributed map's children are asked only once, at the end, and only when some line is still nobody's: a bounded number
of them, so that of a large map a line can stay nobody's; ``unread`` says of how many children.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.measure.observed.trace import read_trace, visits_of
from shared.run.failure import history
from shared.run.logs import LogReader
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.aws.client import Aws
    from shared.measure.observed.trace import Visit
    from shared.run.failure import Nameless
    from shared.run.find import Found
    from shared.run.logs import Invocation, Line

_A_SECOND = (
    1000  # events of a history that goes on, looked at anew: a page, of the 20 that AWS gives all teams together
)
_FIRST_WAIT = 0.2
_LONGEST_WAIT = 2.0
_GROWTH = 1.3
_PATIENCE = 20  # looks, a second apart, for CloudWatch to show the last REPORT lines
_LATE = timedelta(seconds=60)  # a REPORT line is stamped after the state has ended


@dataclass(frozen=True, slots=True)
class RunLine:
    """A line: when, the workflow's step that wrote it, and the rank of that invocation, None where it has none."""

    at: datetime
    step: str
    rank: int | None
    request_id: str
    text: str


class RunLog:
    """Reads the log of the run in *found*, of one *step* or of all; *clock* is the time in seconds, from any start.

    Attributes:
        unread: The child executions that were not asked which invocations are theirs.
    """

    def __init__(
        self, aws: Aws, found: Found, step: str | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._next_look = 0.0
        self._states = aws.states
        self._run = found.run
        self._whole = step is None
        lane, functions = found.run.lane, found.run.lane.workflows[found.run.workflow].functions
        groups = {name: lane.functions[key].log_group for name, key in functions.items() if step in {None, name}}
        since, until = found.started.timestamp(), found.stopped and (found.stopped + _LATE).timestamp()
        self._reader = LogReader(aws, groups, int(1000 * since), int(1000 * until) if until else None)
        self._held: list[Line] = []
        self._ranks: dict[str, int | None] = {}  # of each request that the history names
        self._asked = False  # a history that has ended tells nothing new
        self.unread = 0
        self._nameless: dict[Nameless, int | None] = {}  # errors whose request it does not, and their ranks

    def read(self, *, ended: bool = True) -> list[RunLine]:
        """Return the lines that are new, in order of time; unless the run has *ended*, its children are not asked."""
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
        """Ask the history, and at the end those of children where it does not tell all."""
        if not ended and self._clock() < self._next_look:
            return
        events = list(history(self._states, self._run.arn))
        self._note(visits_of(events))
        self._next_look = self._clock() + len(events) // _A_SECOND
        self._recognize()
        if ended and self._undecided():
            trace = read_trace(self._states, self._run.arn)
            self._note(trace.visits)
            self.unread = trace.unread
        self._asked = ended

    def _note(self, visits: Sequence[Visit]) -> None:
        self._ranks |= {request: visit.rank for visit in visits for request in visit.requests}

        self._nameless |= {error: visit.rank for visit in visits for error in visit.nameless}

    def _recognize(self) -> None:
        """Take the invocations of functions that could not be loaded for the run's own, by what their logs show."""
        for request, invocation in self._reader.invocations.items():
            if not self._is_mine(invocation):
                ranks = [rank for error, rank in self._nameless.items() if error.is_of(invocation)]
                if ranks:
                    self._ranks[request] = ranks[0]

    def _is_mine(self, invocation: Invocation) -> bool:
        return self._run.id in invocation.runs or invocation.request_id in self._ranks

    def _undecided(self) -> list[Line]:
        """Return the held lines of invocations that neither the log nor the history gives to any run."""
        return [line for line in self._held if not line.invocation.runs and not self._is_mine(line.invocation)]

    def _told(self, line: Line) -> RunLine:
        by = line.invocation
        rank = by.progress.rank if by.progress else self._ranks.get(by.request_id)
        return RunLine(datetime.fromtimestamp(line.at_ms / 1000, UTC), by.function, rank, by.request_id, line.text)


def follow_log(
    aws: Aws, found: Found, log: RunLog, *, sleep: Callable[[float], object] = time.sleep
) -> Iterator[RunLine]:
    """Yield the lines of *log* as they come, until the run has ended and CloudWatch has shown the last of them."""
    wait, patience = _FIRST_WAIT, _PATIENCE
    while True:
        ended = is_over(aws.states.describe_execution(executionArn=found.run.arn)["status"])
        yield from log.read(ended=ended)
        if ended:
            patience -= 1
            if patience == 0 or log.complete:
                return
        sleep(1.0 if ended else wait)
        wait = min(wait * _GROWTH, _LONGEST_WAIT)
