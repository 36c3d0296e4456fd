"""One Map run: the child executions of a distributed Map, counted as AWS counts them.

All of it happens under the lock of the execution that the run belongs to; the children share that lock.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import OrderedDict, deque
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from shared.local.asl.errors import EXCEED_TOLERATED, StateFailure, dumps
from shared.local.asl.execution import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT, Execution
from shared.local.asl.identity import Identity
from shared.local.asl.strand import Park

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from shared.local.asl.maps.batches import Batches
    from shared.local.asl.maps.fields import MapFields
    from shared.local.asl.strand import Effect, Strand

# The most children at a time (AWS allows 10,000), and how many that succeeded are remembered.
MOST = 1000
REMEMBERED = 1000
_COUNTS = {SUCCEEDED: "succeeded", FAILED: "failed", TIMED_OUT: "timedOut", ABORTED: "aborted"}


class MapRun:
    """A run.

    Args:
        fields: The Map state's fields.
        strand: The strand that waits for it.
        concurrency: The most children at a time, 0 for as many as there may be.
        count: How many failed items are tolerated, None for no such limit.
        percentage: How many per cent of failed items are tolerated, None for no such limit.
        entry: What a file of results says of a child that succeeded; None where none is written.
    """

    def __init__(  # noqa: PLR0913  what one is made of
        self,
        fields: MapFields,
        strand: Strand,
        *,
        concurrency: int,
        count: int | None,
        percentage: float | None,
        entry: Callable[[Execution, MapRun], Any] | None,
    ) -> None:
        parent = strand.execution
        self.fields = fields
        self.entry = entry
        self.parent = parent
        self.strand = strand
        self.concurrency = concurrency
        self.tolerated_count = count
        self.tolerated_percentage = percentage
        self.engine = parent.engine
        self.machine_label = f"{parent.identity.machine_name}/{fields.label or self.engine.uuid()}"
        self.name = self.engine.uuid()
        self.arn = (
            f"{parent.identity.machine_arn.rsplit(':stateMachine:', 1)[0]}:mapRun:{self.machine_label}:{self.name}"
        )
        self.status = RUNNING
        self.started_at = self.engine.scheduler.now()
        self.stopped_at: float | None = None
        self.items = dict.fromkeys(("succeeded", "failed", "timedOut", "aborted"), 0)
        self.executions = dict(self.items)
        self.children: OrderedDict[str, Execution] = OrderedDict()
        self.failed: list[tuple[int, int, Execution]] = []
        self.results: dict[int, Any] = {}
        self.offered = self.offered_items = 0
        self._waiting: deque[tuple[int, Any, int]] = deque()
        self._running: dict[Execution, tuple[int, int]] = {}
        # How far reading has come, the batch in the making, and whether all was read.
        self.read = 0
        self.batches: Batches | None = None
        self.complete = False
        self.redrives = 0
        self.redriven_at: float | None = None
        self._again: deque[tuple[int, int, Execution]] = deque()
        self._remembered = 0
        # The backlog that the strand waits for: it is not woken before.
        self._awaited = 0

    # Giving it work.

    def offer(self, given: Any, size: int) -> None:
        """Take a child's input *given*, which stands for *size* items."""
        self._waiting.append((self.offered, given, size))
        self.offered += 1
        self.offered_items += size
        self._start()

    def all_read(self) -> None:
        """Take what has gathered in a batch, and know from now on how many items there are."""
        if self.batches is not None:
            for batch in self.batches.rest():
                self.offer(batch, len(batch["Items"]))
        self.complete = True

    def backlog(self) -> int:
        """Return how many children have not ended."""
        return len(self._waiting) + len(self._running) + len(self._again)

    def fall_to(self, backlog: int) -> Generator[Effect, Any, None]:
        """Wait until no more than *backlog* children are to end, or too many items failed."""
        self._awaited = backlog
        while self.backlog() > backlog and not self.exceeded():
            yield Park()

    def set_concurrency(self, concurrency: int) -> None:
        """Change the most children at a time while it runs."""
        self.concurrency = concurrency
        self._start()

    def _start(self) -> None:
        most = min(self.concurrency or MOST, MOST)
        while len(self._running) < most and self.status == RUNNING and not self.exceeded():
            if self._again:
                self._begin_again(*self._again.popleft())
            elif self._waiting:
                self._begin(*self._waiting.popleft())
            else:
                return

    def _begin(self, index: int, given: Any, size: int) -> None:
        parent, name = self.parent, self.engine.uuid()
        prefix = parent.identity.machine_arn.rsplit(":stateMachine:", 1)[0]
        kind = "express" if self.fields.express else "execution"
        child = Execution(
            self.engine,
            self.fields.processor,
            f"{prefix}:{kind}:{self.machine_label}:{name}",
            dumps(given),
            Identity(name, f"{prefix}:stateMachine:{self.machine_label}", self.machine_label, parent.identity.role_arn),
            on_end=self._ended,
            express=self.fields.express,
        )
        child.lock = parent.lock
        child.map_run = self
        self._running[child] = (index, size)
        self.children[child.arn] = child
        child.start(given)

    def _begin_again(self, index: int, size: int, child: Execution) -> None:
        """Redrive *child*; an express one, which keeps no state, starts anew."""
        if self.fields.express:
            del self.children[child.arn]
            self._begin(index, json.loads(child.input_text), size)
            return
        self._running[child] = (index, size)
        child.redrive()

    def redrive(self, strand: Strand) -> None:
        """Go on, for *strand*: children that did not succeed run again, then those that never started."""
        self.strand = strand
        self.status, self.stopped_at = RUNNING, None
        self.redrives += 1
        self.redriven_at = self.engine.scheduler.now()
        for index, size, child in sorted(self.failed, key=itemgetter(0)):
            self.items[_COUNTS[child.status]] -= size
            self.executions[_COUNTS[child.status]] -= 1
            self._again.append((index, size, child))
        self.failed = []
        self._start()

    # What becomes of it.

    def _ended(self, child: Execution) -> None:
        if child not in self._running:
            return
        index, size = self._running.pop(child)
        key = _COUNTS[child.status]
        self.items[key] += size
        self.executions[key] += 1
        if child.status == SUCCEEDED:
            self._remember(index, child)
        else:
            self.failed.append((index, size, child))
        if self.status != RUNNING:
            return
        self._start()
        if self.strand.parked and (self.backlog() <= self._awaited or self.exceeded()):
            self.strand.wake()
            self.engine.scheduler.submit(self.parent.advance)

    def _remember(self, index: int, child: Execution) -> None:
        self.results[index] = child.output if self.entry is None else self.entry(child, self)
        self._remembered += 1
        if self._remembered > REMEMBERED:
            oldest = next(arn for arn, each in self.children.items() if each.status == SUCCEEDED)
            del self.children[oldest]
            self._remembered -= 1

    def exceeded(self) -> bool:
        """Tell whether more items failed than are tolerated."""
        failed = self.items["failed"] + self.items["timedOut"]
        if self.tolerated_count is not None and failed > self.tolerated_count:
            return True
        if self.tolerated_percentage is not None:
            return self.complete and failed * 100 > self.tolerated_percentage * self.offered_items
        return self.tolerated_count is None and failed > 0

    def check(self) -> None:
        """Raise if more items failed than are tolerated."""
        if self.exceeded():
            raise StateFailure(EXCEED_TOLERATED, "The specified tolerated failure threshold was exceeded")

    def outputs(self) -> list[Any]:
        """Return the outputs of the children that succeeded, in the order of their items."""
        return [self.results[index] for index in sorted(self.results)]

    def pending(self) -> list[Any]:
        """Return the inputs that no child was started for."""
        return [given for _, given, _ in self._waiting]

    def succeed(self) -> None:
        """End well; what the children returned is in the state's result now."""
        self._end(SUCCEEDED)
        self.results.clear()

    def fail(self) -> None:
        """End as failed; children that still run are stopped."""
        self._end(FAILED)

    def abort(self) -> None:
        """End because the execution it belongs to did."""
        self._end(ABORTED)

    def _end(self, status: str) -> None:
        if self.status != RUNNING:
            return
        self.status = status
        self.stopped_at = self.engine.scheduler.now()
        for child in list(self._running):
            child.stop(None, None)

    # What the API shows.

    def describe(self) -> dict[str, Any]:
        """Return what DescribeMapRun answers."""
        shown: dict[str, Any] = {
            "mapRunArn": self.arn,
            "executionArn": self.parent.arn,
            "status": self.status,
            "startDate": _date(self.started_at),
            "maxConcurrency": self.concurrency,
            "toleratedFailurePercentage": float(self.tolerated_percentage or 0),
            "toleratedFailureCount": self.tolerated_count or 0,
            "itemCounts": self._counts(self.items, sum(size for _, size in self._running.values()), self.offered_items),
            "executionCounts": self._counts(self.executions, len(self._running), self.offered),
            "redriveCount": self.redrives,
        }
        if self.redriven_at is not None:
            shown["redriveDate"] = _date(self.redriven_at)
        if self.stopped_at is not None:
            shown["stopDate"] = _date(self.stopped_at)
        return shown

    def _counts(self, ended: dict[str, int], running: int, total: int) -> dict[str, int]:
        pending = total - running - sum(ended.values())
        written = ended["succeeded"] if self.entry is not None and self.status == SUCCEEDED else 0
        return {
            "pending": pending, "running": running, **ended, "total": total, "resultsWritten": written,
            "failuresNotRedrivable": 0, "pendingRedrive": 0,
        }  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """Return its entry in ListMapRuns."""
        shown = {
            "executionArn": self.parent.arn,
            "mapRunArn": self.arn,
            "stateMachineArn": self.parent.identity.machine_arn,
            "startDate": _date(self.started_at),
        }
        if self.stopped_at is not None:
            shown["stopDate"] = _date(self.stopped_at)
        return shown


def _date(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
