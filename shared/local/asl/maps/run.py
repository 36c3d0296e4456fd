"""One Map run: the child executions of a distributed Map, counted as AWS counts them.

All of it happens under the lock of the execution that the run belongs to; the children share that lock. The strand of
the Map state feeds the run and waits for it; the ends of children drive it::

    take(item) --> waiting --_fill_slots--> running --child_ended--> ended: output in ``results``, or in ``failed``
                                                       |
    wait_for_backlog: the strand is parked <--wake-----'  when the backlog has fallen, or too many items failed

- ``_fill_slots`` starts a child in each free slot. It is called whenever there may be one: an item came, a child ended,
  the limits were changed, a redrive began.
- Once too many items failed no child starts any more. The strand is woken, finds that out by ``check``, and fails the
  run; that stops the children that still run, which are counted as aborted.
- ``items`` counts items and ``executions`` counts children: a batch is one child and many items. Both are counted when
  a child ends, and a redrive counts back those that it runs again.
- Results stay until the run has succeeded, by the place of their item, for the state's output. Of children that
  succeeded the last REMEMBERED are kept for the API; those that failed are all kept, for a redrive.
- A run that has ended changes only by ``redrive``.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from shared.local.asl.effects import Park
from shared.local.asl.errors import DATA_LIMIT, EXCEED_TOLERATED, ITEM_READER, StateFailure, dumps
from shared.local.asl.execution import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT, Execution
from shared.local.asl.identity import Identity
from shared.local.asl.size import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.effects import Steps
    from shared.local.asl.maps.batches import Batches
    from shared.local.asl.maps.fields import MapFields
    from shared.local.asl.strand import Strand
    from shared.values import Json

# The most children at a time (AWS allows 10,000), and how many that succeeded are remembered.
MOST = 1000
REMEMBERED = 1000
TOO_MANY = "The specified tolerated failure threshold was exceeded"
_COUNTS = {SUCCEEDED: "succeeded", FAILED: "failed", TIMED_OUT: "timedOut", ABORTED: "aborted"}


class Limits(NamedTuple):
    """What a run keeps to; UpdateMapRun changes them while it runs.

    Attributes:
        concurrency: The most children at a time, 0 for as many as there may be.
        failed_count: How many failed items are tolerated, None for no such limit.
        failed_percentage: How many per cent of failed items are tolerated, None for no such limit.
    """

    concurrency: int
    failed_count: int | None
    failed_percentage: float | None


class MapRun:
    """A run.

    Args:
        fields: The Map state's fields.
        strand: The strand that waits for it.
        limits: What it keeps to.
        entry: Makes what the results hold of a child that succeeded; None for its output.
    """

    def __init__(
        self,
        fields: MapFields,
        strand: Strand,
        limits: Limits,
        entry: Callable[[Execution, MapRun], Json] | None,
    ) -> None:
        parent = strand.execution
        self.fields = fields
        self.entry = entry
        # What fails an item that no child can be started with.
        self.unfit = ITEM_READER if "ItemReader" in fields.spec else DATA_LIMIT
        self.parent = parent
        self.strand = strand
        self.limits = limits
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
        self.results: dict[int, Json] = {}
        self.offered = self.offered_items = 0
        self._waiting: deque[tuple[int, Json, str, int]] = deque()
        self._running: dict[Execution, tuple[int, int]] = {}
        # How far reading has come, the batch in the making, and whether all was read.
        self.read = 0
        self.batches: Batches | None = None
        self.complete = False
        self.redrives = 0
        self.redriven_at: float | None = None
        self._again: deque[tuple[int, int, Execution]] = deque()
        self._remembered = 0
        # The strand is woken when the backlog has fallen to this.
        self._awaited = 0

    # What gives it work.

    def gather_in(self, batches: Batches) -> None:
        """Give each child a batch of *batches* from now on, instead of one item."""
        self.batches = batches

    def take(self, item: Json) -> None:
        """Take the next *item* that was read: for a child of its own, or into the batch in the making."""
        self.read += 1
        if self.batches is None:
            self._offer(item, 1)
            return
        for batch, size in self.batches.add(item):
            self._offer(batch, size)

    def _offer(self, given: Json, size: int) -> None:
        """Let a child with the input *given*, which stands for *size* items, start as soon as it may.

        Raises:
            StateFailure: The input is larger than that of an execution may be, or is no Unicode text.
        """
        text = dumps(given)
        self._check_input(text)
        self._waiting.append((self.offered, given, text, size))
        self.offered += 1
        self.offered_items += size
        self._fill_slots()

    def _check_input(self, text: str) -> None:
        try:
            size = len(text) if text.isascii() else len(text.encode())
        except UnicodeEncodeError:
            raise StateFailure(self.unfit, "An item holds half of a surrogate pair, which is no letter.") from None
        if size > MAX_BYTES:
            what = f"The input of a child workflow execution is {size} bytes, more than the limit of {MAX_BYTES}."
            raise StateFailure(self.unfit, what)

    def finish_reading(self) -> None:
        """Take what has gathered in a batch, and know from now on how many items there are."""
        if self.batches is not None:
            for batch, size in self.batches.rest():
                self._offer(batch, size)
        self.complete = True

    def backlog(self) -> int:
        """Return how many children have not ended."""
        return len(self._waiting) + len(self._running) + len(self._again)

    def running(self) -> tuple[int, int]:
        """Return how many children run, and how many items they stand for."""
        return len(self._running), sum(size for _, size in self._running.values())

    def pending_redrive(self) -> tuple[int, int]:
        """Return how many children a redrive has yet to run again, and how many items they stand for."""
        return len(self._again), sum(size for _, size, _ in self._again)

    def wait_for_backlog(self, backlog: int) -> Steps[None]:
        """Wait until at most *backlog* children have not ended, or too many items failed."""
        self._awaited = backlog
        while self.backlog() > backlog and not self.exceeded():
            yield Park()

    def change_limits(self, limits: Limits) -> None:
        """Keep to other *limits* from now on."""
        self.limits = limits
        self._fill_slots()

    def _fill_slots(self) -> None:
        most = min(self.limits.concurrency or MOST, MOST)
        while len(self._running) < most and self.status == RUNNING and not self.exceeded():
            if self._again:
                self._begin_again(*self._again.popleft())
            elif self._waiting:
                self._begin(*self._waiting.popleft())
            else:
                return

    def _begin(self, index: int, given: Json, text: str, size: int) -> None:
        name, express = self.engine.uuid(), self.fields.express
        prefix = self.parent.identity.machine_arn.rsplit(":stateMachine:", 1)[0]
        identity = Identity(
            arn=f"{prefix}:{'express' if express else 'execution'}:{self.machine_label}:{name}",
            name=name,
            machine_arn=f"{prefix}:stateMachine:{self.machine_label}",
            machine_name=self.machine_label,
            role_arn=self.parent.identity.role_arn,
            express=express,
        )
        child = Execution(self.engine, self.fields.processor, identity, text, self)
        self._running[child] = (index, size)
        self.children[child.arn] = child
        child.start(given)

    def _begin_again(self, index: int, size: int, child: Execution) -> None:
        """Redrive *child*; an express one, which keeps no state, is replaced by a new one."""
        if self.fields.express:
            del self.children[child.arn]
            self._begin(index, json.loads(child.input_text), child.input_text, size)
            return
        self._running[child] = (index, size)
        child.redrive()

    def redrive(self, strand: Strand) -> None:
        """Go on, for *strand*: children that did not succeed run again, then those that never started run."""
        self.strand = strand
        self.status, self.stopped_at = RUNNING, None
        self.redrives += 1
        self.redriven_at = self.engine.scheduler.now()
        for index, size, child in sorted(self.failed, key=itemgetter(0)):
            self.items[_COUNTS[child.status]] -= size
            self.executions[_COUNTS[child.status]] -= 1
            self._again.append((index, size, child))
        self.failed = []
        self._fill_slots()

    def index_of(self, child: Execution) -> int:
        """Return the index of the item or the batch that *child*, which has not ended, is for."""
        return self._running[child][0]

    # What becomes of it.

    def child_ended(self, child: Execution) -> None:
        """Count *child*, start the next, and wake the strand if what it waits for is true."""
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
        self._fill_slots()
        if self.strand.parked and (self.backlog() <= self._awaited or self.exceeded()):
            self.strand.wake()
            self.parent.submit(self.parent.advance)

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
        count, percentage = self.limits.failed_count, self.limits.failed_percentage
        if count is not None and failed > count:
            return True
        if percentage is not None:
            return self.complete and failed * 100 > percentage * self.offered_items
        return count is None and failed > 0

    def check(self) -> None:
        """Raise if more items failed than are tolerated."""
        if self.exceeded():
            raise StateFailure(EXCEED_TOLERATED, TOO_MANY)

    def outputs(self) -> list[Json]:
        """Return the outputs of the children that succeeded, in the order of their items."""
        return [self.results[index] for index in sorted(self.results)]

    def pending(self) -> list[Json]:
        """Return the inputs that no child was started for."""
        return [given for _, given, _, _ in self._waiting]

    def succeed(self) -> None:
        """End well; the children's outputs are in the state's result now, and are forgotten here."""
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
