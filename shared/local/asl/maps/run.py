"""One Map run: the child executions of a distributed Map, counted as AWS counts them.

All of it happens under the lock of the execution that the run belongs to; the children share that lock. The strand of
the Map state feeds the run and waits for it; the ends of children drive it::

    take(item) --> waiting --_fill_slots--> running --child_ended--> ended: output in ``results``, or in ``failed``
                                                       |
         wait_for_room: the strand is parked <--_wake--'  when the backlog has fallen, or too many items failed

- ``_fill_slots`` starts a child in each free slot. It is called whenever there may be one: an item came, a child ended,
  the limits were changed, a redrive began. Where an account paces (``shared.local.pacing``), each child takes a token
  of the run's, and a timer calls again when there are some.
- Once too many items failed no child starts any more. The strand is woken, finds that out by ``check``, and fails the
  run; that stops the children that still run, which are counted as aborted.
- ``items`` counts items and ``executions`` counts children: a batch is one child and many items. Both are counted when
  a child ends, and a redrive counts back those that it runs again.
- A child that has ended goes to disk (:mod:`shared.local.asl.runs`), which is where results are exported from, and
  where a redrive finds the children that did not succeed. Results that are to be the state's output are held here as
  well, as long as they are few.
- A run that has ended changes no more. A redrive makes a new one of what was written of it (``go_on_from``).
"""

from __future__ import annotations

import json
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from shared.config.aws_facts import MAP_CHILDREN
from shared.local.asl.delivery import deliver_at_the_end
from shared.local.asl.effects import Park
from shared.local.asl.errors import DATA_LIMIT, EXCEED_TOLERATED, ITEM_READER, StateFailure, dumps
from shared.local.asl.execution import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT, Execution
from shared.local.asl.identity import Identity
from shared.local.asl.maps.batches import Batches
from shared.local.asl.runs.record import Limits, MapRunRecord, record_of
from shared.local.asl.size import MAX_BYTES
from shared.local.asl.stopped import StoppedRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.asl.effects import Steps
    from shared.local.asl.maps.fields import MapFields
    from shared.local.asl.runs.record import RunRecord
    from shared.local.asl.scheduler import Timer
    from shared.local.asl.strand import Strand
    from shared.values import Json

    # Makes what the results hold of a child that succeeded.
    Entry = Callable[[RunRecord], Json]


def output_of(child: RunRecord) -> Json:
    """Return the output of *child*, which succeeded."""
    output: Json = json.loads(child.output_text or "null")
    return output


# The most children at a time (AWS allows MAP_CHILDREN), and how much text of results is held in memory.
MOST = 1000
MOST_RESULTS = 4 * MAX_BYTES
TOO_MANY = "The specified tolerated failure threshold was exceeded"
_COUNTS = {SUCCEEDED: "succeeded", FAILED: "failed", TIMED_OUT: "timedOut", ABORTED: "aborted"}


class MapRun:
    """A run.

    Args:
        fields: The Map state's fields.
        strand: The strand that waits for it.
        limits: What it keeps to.
        entry: Makes what the results hold of a child that succeeded.
        holds_results: Whether its results may be held in memory; otherwise they are only on disk.
    """

    def __init__(self, fields: MapFields, strand: Strand, limits: Limits, entry: Entry, *, holds_results: bool) -> None:
        parent = strand.execution
        self.fields = fields
        self.entry = entry
        # What fails an item that no child can be started with.
        self.unfit = ITEM_READER if "ItemReader" in fields.spec else DATA_LIMIT
        self.parent = parent
        self.beginning: list[Execution] | None = None
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
        # The number of the execution that all is below, and those children that run or are remembered, by their ARNs.
        self.root = parent.root
        self.children: dict[str, Execution] = {}
        self._ended: deque[str] = deque()
        self._results: dict[int, Json] | None = {} if holds_results else None
        self._held = 0
        self.offered = self.offered_items = 0
        self._waiting: deque[tuple[int, Json, str, int]] = deque()
        self._running: dict[Execution, tuple[int, int]] = {}
        self._running_items = 0
        # How far reading has come, the batch in the making, and whether all was read.
        self.read = 0
        self.batches: Batches | None = None
        self.complete = False
        self.redrives = 0
        self.redriven_at: float | None = None
        # Each child that a redrive has yet to run again: index, number of items, ARN, how it had ended, and an express
        # one's input.
        self._again: deque[tuple[int, int, str, str, str | None]] = deque()
        # The strand is woken when so many children have not ended, and so many of those have not begun.
        self._awaited = 0, 0
        # Where an account paces: the tokens of children, how many run at once, and what looks again for the next token.
        account = self.engine.account
        self._tokens = None if account is None else account.dispatch(express=fields.express)
        self.most = MOST if account is None else MAP_CHILDREN.value
        # Where the events of express children go: nothing else tells of these.
        machine = parent.started_machine
        self._logging = machine.logging if fields.express and machine is not None else None
        self._later: Timer | None = None

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

    def wait_for_room(self, items: int) -> Steps[None]:
        """Wait until so many more *items* are to be read, or too many failed: no more of them wait for their turn."""
        return self._wait_for(self.most - items, items)

    def wait_for_end(self) -> Steps[None]:
        """Wait until all children have ended, or too many items failed."""
        return self._wait_for(0, 0)

    def _wait_for(self, backlog: int, waiting: int) -> Steps[None]:
        self._awaited = backlog, waiting
        while not self._come_down():
            yield Park()

    def _come_down(self) -> bool:
        backlog, waiting = self._awaited
        begun_later = len(self._waiting) + len(self._again)
        return (begun_later <= waiting and begun_later + len(self._running) <= backlog) or self.exceeded()

    def _wake(self) -> None:
        """Let the strand go on if what it waits for is true."""
        if self.status == RUNNING and self.strand.parked and self._come_down():
            self.strand.wake()
            self.parent.submit(self.parent.advance)

    def change_limits(self, limits: Limits) -> None:
        """Keep to other *limits* from now on."""
        self.limits = limits
        self._fill_slots()
        self._wake()

    def _fill_slots(self) -> None:
        most = min(self.limits.concurrency or self.most, self.most)
        while len(self._running) < most and self.status == RUNNING and not self.exceeded():
            if not (self._again or self._waiting) or not self._may_start():
                return
            if self._again:
                index, size, arn, _, given = self._again.popleft()
                self._begin_again(index, size, arn, given)
            else:
                self._begin(*self._waiting.popleft())

    def _may_start(self) -> bool:
        """Tell whether a child may start now; where an account would start it later, look again then."""
        account, tokens = self.engine.account, self._tokens
        if account is None or tokens is None:
            return True
        now = account.now()
        if tokens.take(now) is not None:
            return True
        if self._later is None:
            # Some at a time: a timer for each of a thousand a second would cost more than the children.
            due = tokens.wait(now, account.children_at_a_time(express=self.fields.express))
            self._later = self.parent.call_later(due, partial(self._start_more, now + due))
        return False

    def _start_more(self, due: float) -> None:
        """Start the children that an account would have started by now; it was to happen when it was *due*."""
        with self.parent.lock:
            self._later = None
            if self.engine.account is not None:
                self.engine.account.started_late(self.engine.account.now() - due)
            self._fill_slots()
            self._wake()

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
        child.number, child.place = self.engine.runs.new_number(), (index, size)
        self._runs_now(child, index, size)
        child.start(given)
        if self._logging is not None:
            deliver_at_the_end(child, self._logging)

    def _runs_now(self, child: Execution, index: int, size: int) -> None:
        self._running[child] = (index, size)
        self._running_items += size
        self.children[child.arn] = child
        self.engine.add_child(child)

    def _begin_again(self, index: int, size: int, arn: str, text: str | None) -> None:
        """Redrive the child of *arn*; in the place of an express one, which keeps no state, begin one like it."""
        if text is not None:
            self._begin(index, json.loads(text), text, size)
            return
        runs = self.engine.runs
        record = runs.written(arn)
        if record is None:
            raise LookupError(f"{arn} is no longer kept")
        child = Execution(self.engine, self.fields.processor, record.identity, record.input_text, self)
        child.recall(record, runs.stopped(record.number))
        self._runs_now(child, index, size)
        child.redrive()

    # What a redrive goes on from.

    @property
    def stopped(self) -> StoppedRun:
        """Where it is found when a redrive goes on with it."""
        return StoppedRun(self.arn)

    @property
    def record(self) -> MapRunRecord:
        """What is known of it now; of one that has ended, also what a redrive needs. Needs the lock."""
        batch, batches = None, self.batches
        waiting = []
        if self.status != RUNNING:
            waiting = [(index, text, size) for index, _, text, size in self._waiting]
            if batches is not None:
                batch = (batches.most_items, batches.most_bytes, batches.shared, batches.items)
        return MapRunRecord(
            arn=self.arn,
            parent_arn=self.parent.arn,
            machine_label=self.machine_label,
            status=self.status,
            started_at=self.started_at,
            stopped_at=self.stopped_at,
            limits=self.limits,
            items=dict(self.items),
            executions=dict(self.executions),
            running=(len(self._running), self._running_items),
            again=(len(self._again), sum(size for _, size, *_ in self._again)),
            offered=(self.offered, self.offered_items),
            redrives=self.redrives,
            redriven_at=self.redriven_at,
            read=self.read,
            complete=self.complete,
            waiting=tuple(waiting),
            batch=batch,
            root=self.root,
        )

    def go_on_from(self, record: MapRunRecord) -> None:
        """Be the run of *record* again: children that did not succeed run again, then those never started run."""
        self.arn, self.machine_label, self.name = record.arn, record.machine_label, record.arn.rpartition(":")[2]
        self.started_at, self.redrives = record.started_at, record.redrives + 1
        self.redriven_at = self.engine.scheduler.now()
        self.items, self.executions = dict(record.items), dict(record.executions)
        (self.offered, self.offered_items), self.read, self.complete = record.offered, record.read, record.complete
        self._waiting.extend((index, json.loads(text), text, size) for index, text, size in record.waiting)
        if record.batch is not None:
            most_items, most_bytes, shared, items = record.batch
            self.batches = Batches(most_items, most_bytes, shared)
            self.batches.hold(items)
        for index, size, arn, status, text in self.engine.runs.take_unsuccessful(self.arn):
            self.items[_COUNTS[status]] -= size
            self.executions[_COUNTS[status]] -= 1
            self._again.append((index, size, arn, status, text))
        self._results = None  # those of the children that had succeeded are on disk
        self.engine.runs.keep_map_run(self.record)
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
        self._running_items -= size
        key = _COUNTS[child.status]
        self.items[key] += size
        self.executions[key] += 1
        if child.status == SUCCEEDED and self._results is not None:
            self._hold(index, child, self._results)
        self.engine.drop_child(child)
        self._remember(child)
        if self.status != RUNNING:
            return
        self._fill_slots()
        self._wake()

    def _remember(self, child: Execution) -> None:
        """Remember as many children as the engine is to; the others are on disk."""
        self._ended.append(child.arn)
        while len(self._ended) > self.engine.remembers:
            self.children.pop(self._ended.popleft(), None)

    def _hold(self, index: int, child: Execution, results: dict[int, Json]) -> None:
        """Hold the result of *child* among *results* for the state's output, or none if they are too many by now."""
        results[index] = child.output if self.entry is output_of else self.entry(record_of(child, SUCCEEDED))
        self._held += len(child.written_output) + len(child.input_text)
        if self._held > MOST_RESULTS:
            self._results = None

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

    def results(self) -> Iterator[Json]:
        """Yield what the results hold of the children that succeeded, in the order of their items."""
        if self._results is not None:
            yield from (self._results[index] for index in sorted(self._results))
            return
        self.engine.runs.flush()
        yield from map(self.entry, self.engine.runs.children(self.arn, succeeded=True))

    def unsuccessful(self) -> Iterator[RunRecord]:
        """Yield the children that ended otherwise, in the order of their items."""
        self.engine.runs.flush()
        yield from self.engine.runs.children(self.arn, succeeded=False)

    def pending(self) -> Iterator[Json]:
        """Yield the inputs that no child was started for."""
        yield from (given for _, given, _, _ in list(self._waiting))

    def succeed(self) -> None:
        """End well; the results are in the state's own."""
        self._end(SUCCEEDED)
        self._results = None

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
        if self._later is not None:
            self._later.cancel()
        self.stopped_at = self.engine.scheduler.now()
        for child in list(self._running):
            child.stop(None, None)
        self._leave_again()
        self.engine.runs.keep_map_run(self.record)
        self.engine.drop_map_run(self)

    def _leave_again(self) -> None:
        """Count each child that was not run again as it had ended; an express one, which is forgotten, never began."""
        for index, size, _, status, text in reversed(self._again):
            if text is None:
                self.items[_COUNTS[status]] += size
                self.executions[_COUNTS[status]] += 1
            else:
                self._waiting.appendleft((index, json.loads(text), text, size))
        self._again.clear()
