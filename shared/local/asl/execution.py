"""One execution: its strands, its history, and how it ends.

Who does what::

    thread          under the lock                                 without the lock
    --------------  ---------------------------------------------  -----------------------------------------
    ``asl-worker``  runs every strand that is ready, until none    hands the calls that strands ask for to
                    is (``advance``, ``_run``)                     those threads that may block
    ``asl-caller``  the same, once a call has ended                makes calls (``_Calls``, ``perform``)
    ``asl-timer``   nothing                                        hands due jobs to the workers
    API (moto's     starts, stops, redrives, changes a Map run,    reads the history and the status, and the
    server)         brings an answer to a token                    outcome once the status says there is one

One turn of a caller::

    make the call -> take the lock -> step each ready strand -> let go of the lock -> hand all calls but one on
         ^                                                                                   |
         +---- the one that is left, if nobody else waits for a thread <---------------------+

The thread that has made a call thus goes on with the strand that wanted it, and makes the next call itself: within
one slot of a Map nothing is handed from thread to thread. It ends its turn when no call came of it, or when others wait
for a thread: then its next call waits like theirs. A worker makes no call: what blocks keeps nothing waiting that only
computes.

The lock guards the strands, the ready queue, the history, the status and the Map runs. The children of a Map run share
the lock of the execution that the run belongs to, since each end of a child starts the next child and may wake the
strand that waits for the run; but each child has a ready queue of its own, so their calls run side by side.

Rules:

- An expression is evaluated under the lock, and may take seconds. Whoever wants the execution to end tells its budget
  first (``stop``), which needs no lock: the evaluation then gives up, and the lock is free. Those who only read need
  none.
- Nobody else blocks under the lock. Strands only compute, and ask whether a role may call; what waits for a function
  or a service is a Call. Watchers run under the lock when the execution ends, so they do nothing that could wait: they
  set an event, submit a job, or forget the execution.
- Locks are taken in this order: first the backend's for starting, then an execution's, then that of an execution that
  it has started, then at most one of these: that of its watchers, that of the turns, the scheduler's, the engine's,
  that of the tokens, that of the activities, that of what decides about roles. A thread that holds one of those seven
  takes no other lock. An execution
  never takes the lock of the one that started it: it submits a job that does.
- An execution starts under its lock: whoever finds it by its ARN and stops it waits until it has begun.
- Its status goes from RUNNING to SUCCEEDED, FAILED, TIMED_OUT or ABORTED once (``finish``), and back to RUNNING only by
  ``redrive``. At an end the status changes last, after output, error, cause and stop time. So a thread that does not
  hold the lock and sees that the status is an ended one also sees the others, until the execution is redriven: then
  the status changes first, and error, cause and stop time are cleared.
- Nothing runs after the end: the strands are cancelled, the ready queue is empty, Map runs have stopped their children.
  A call that has not begun is not made. One that is under way goes on, for a thread cannot be stopped; what it brings
  is dropped, by ticket and status.
- A long chain of states that never wait would keep the lock from the API and from other strands. So the machine yields
  None now and then; the turn ends there (``let_others_in``), and another job of the pool goes on. So does it after so
  many steps (``_STEPS``): the strands of a large Map may be ready without an end.
- The jobs of an execution and of the children of its Map runs are those of one lane, so they run one after the other,
  and wait for the lock only where a caller or a thread of the API has it. If that takes long, another job has their
  place (``_take_lock``). Its deadline is in a lane of its own: it comes in time though an evaluation goes on and on.
- An exception that is no failure of a state is a fault of the engine. It ends the execution, never the thread.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from shared.local.asl.budget import Budget, Stopped
from shared.local.asl.errors import INTERNAL, RUNTIME, StateFailure, dumps
from shared.local.asl.history import MAX_EVENTS, History, HistoryFullError, Text
from shared.local.asl.strand import NOT_RETRIED, Strand
from shared.local.asl.variables import Scope
from shared.local.owners import owner_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.local.asl.effects import Call, Steps
    from shared.local.asl.engine import Engine
    from shared.local.asl.identity import Identity, StartedMachine
    from shared.local.asl.runs.record import RunRecord
    from shared.local.asl.scheduler import Job, Timer
    from shared.local.asl.stopped import StoppedStrand
    from shared.local.asl.strand import Host, StartedMapRun
    from shared.local.asl.tokens import Answer
    from shared.values import Json

    # An execution, a strand of it, the ticket that this one waits under, and the call that it waits for.
    _Pending = tuple["Execution", Strand, int, Call[object]]

# A turn ends after so many steps of strands.
_STEPS = 1024
# Seconds that a job waits for the lock before another has its place.
_PATIENCE = 0.005
EXPRESS_SECONDS, EXPRESS_EVENTS = 300.0, 10**9
RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED = "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"


def timestamp(seconds: float) -> str:
    """Return *seconds* since the epoch as AWS writes a time in the context object."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Runnable(Protocol):
    """What an execution runs: a machine."""

    @property
    def timeout(self) -> float | None:
        """The seconds that an execution of it may take, None for as long as it likes."""

    def run(self, strand: Strand, value: Json, start: str | None = None, /) -> Steps[Json]:
        """Go from the state *start*, by default the first, to an end; return the output."""


class ParentMapRun(Protocol):
    """The Map run that an execution is a child of, as the execution knows it."""

    arn: str
    # While a child ends on a thread that goes on with those that begin then: these. Guarded by the lock.
    beginning: list[Execution] | None

    @property
    def parent(self) -> Host:
        """The execution that the run belongs to."""

    def child_ended(self, child: Execution, /) -> None:
        """Count *child*, one of the run's own, which has ended."""


class Execution:
    """One run of a state machine.

    Args:
        engine: What runs it.
        machine: The compiled definition.
        identity: What the context object and the API tell about it.
        input_text: The input as given, JSON.
        map_run: The Map run that it is a child of, or None. Such a child uses the lock of the execution that the run
            belongs to, and tells the run when it has ended.
    """

    def __init__(
        self,
        engine: Engine,
        machine: Runnable,
        identity: Identity,
        input_text: str,
        map_run: ParentMapRun | None = None,
    ) -> None:
        self.engine = engine
        self.machine = machine
        self.identity = identity
        self.arn = identity.arn
        self.input_text = input_text
        self.map_run = map_run
        express = identity.express
        self.history = History(engine.scheduler.now, EXPRESS_EVENTS if express else MAX_EVENTS)
        limits = [limit for limit in (machine.timeout, EXPRESS_SECONDS if express else None) if limit is not None]
        self.timeout = min(limits, default=None)
        self.status = RUNNING
        self.error: str | None = None
        self.cause: str | None = None
        self.output: Json = None
        self.started_at = engine.scheduler.now()
        self.stopped_at: float | None = None
        self.redrives = 0
        self.redriven_at: float | None = None
        # The client tokens of its redrives and when each came, the newest last.
        self.redrive_tokens: dict[str, float] = {}
        self.map_runs: list[StartedMapRun] = []
        # Its number among those that are kept once they have ended, 0 for one that is not; and what it is for in its
        # Map run: the index of the item or batch, and how many items that are.
        self.number = 0
        self.place: tuple[int | None, int] = (None, 1)
        self.lock = threading.RLock() if map_run is None else map_run.parent.lock
        # Whose turn it is when evaluations take long, and whose when jobs wait for threads.
        if map_run is None:
            self.budget, self.lane = Budget(engine.budget, owner=owner_of(identity.arn)), identity.arn
        else:
            self.budget, self.lane = map_run.parent.budget, map_run.parent.lane
        self._halted = False
        self._told = False  # whether its end may be seen by others
        self._watchers: list[Callable[[], None]] = []
        self._watching = threading.Lock()
        self._ready: deque[tuple[Strand, Answer | None, BaseException | None]] = deque()
        self._lets_others_in = False
        self._input: Json = None
        self._root: Strand | None = None
        self._stopped: StoppedStrand | None = None
        self._deadline: Timer | None = None

    def start(self, value: Json) -> None:
        """Begin with the input *value*."""
        details = {
            "input": Text(self.input_text),
            "roleArn": self.identity.role_arn,
            "stateMachineAliasArn": self.identity.alias,
        }
        with self.lock:
            self._input = value
            self.history.add("ExecutionStarted", 0, details)
            self.engine.announce(self)
            self._begin(lambda strand: self.machine.run(strand, value), 0)

    def _begin(self, body: Callable[[Strand], Steps[Json]], previous: int) -> None:
        root = self._root = Strand(self, Scope(), previous, self._root_ended)
        if self.timeout is not None:
            attempt = self.redrives
            own = f"{self.arn}:deadline"
            self._deadline = self.engine.scheduler.call_later(self.timeout, lambda: self._timed_out(attempt), own)
        root.begin(body(root))
        beginning = None if self.map_run is None else self.map_run.beginning
        if beginning is None:
            self.submit(self.advance)
        else:
            beginning.append(self)

    def context(self, state: str, entered_at: float, retries: int) -> dict[str, Json]:
        """Return a fresh context object for *state*, which was retried so often, or NOT_RETRIED."""
        identity = self.identity
        execution: dict[str, Json] = {
            "Id": identity.arn,
            "Input": self._input,
            "StartTime": timestamp(self.started_at),
            "Name": identity.name,
            "RoleArn": identity.role_arn,
            "RedriveCount": self.redrives,
        }
        if self.redriven_at is not None:
            execution["RedriveTime"] = timestamp(self.redriven_at)
        where: dict[str, Json] = {"Name": state, "EnteredTime": timestamp(entered_at)}
        if retries != NOT_RETRIED:
            where["RetryCount"] = retries
        return {
            "Execution": execution,
            "StateMachine": {"Id": identity.machine_arn, "Name": identity.machine_name},
            "State": where,
        }

    def add_map_run(self, run: StartedMapRun) -> None:
        """Register *run*, which one of its strands has started, or goes on with."""
        self.map_runs = [each for each in self.map_runs if each.arn != run.arn]
        self.map_runs.append(run)

    # What moves it on.

    def submit(self, job: Job) -> None:
        """Run *job*, which only computes, soon, and beside no other of this execution."""
        self.engine.scheduler.submit(job, self.lane)

    def call_later(self, seconds: float, job: Job) -> Timer:
        """Submit *job* after *seconds*."""
        return self.engine.scheduler.call_later(seconds, job, self.lane)

    def post(self, strand: Strand, answer: Answer | None, error: BaseException | None) -> None:
        """Put *strand* among those that are ready, with *answer* or *error*; needs the lock."""
        strand.stop_waiting()
        self._ready.append((strand, answer, error))

    def resume(self, strand: Strand, ticket: int, error: BaseException | None) -> None:
        """Resume *strand* from outside if it still waits under *ticket*, and go on from there."""
        self._take_lock()
        try:
            if strand.ticket != ticket or self.status != RUNNING:
                return
            self.post(strand, None, error)
        finally:
            self.lock.release()
        self.advance()

    def _take_lock(self) -> None:
        """Take the lock; if that takes long, let another job have this one's place meanwhile."""
        if not self.lock.acquire(timeout=_PATIENCE):
            self.engine.scheduler.step_aside()
            self.lock.acquire()

    def let_others_in(self) -> None:
        """Give up the lock after this step, and go on in another job of the pool."""
        self._lets_others_in = True

    def advance(self) -> None:
        """Run all that is ready and have the calls made that come of it; the lock must not be held."""
        self.hand_on(self._run())

    def hand_on(self, pending: list[_Pending]) -> None:
        """Have every *pending* call made by some thread that may block."""
        for each in pending:
            self.engine.scheduler.block(_Calls(each), self.lane)

    def perform(self, strand: Strand, ticket: int, call: Call[object]) -> list[_Pending]:
        """Make *call*, let *strand* know, run what is ready then, and return the calls to make next."""
        if strand.ticket != ticket:  # it was cancelled or timed out while the call waited for a thread
            return self._run()
        error = None
        try:
            call.make()
        except Exception as raised:  # noqa: BLE001  whatever a call raises is the strand's to handle
            error = raised
        except BaseException:  # what is no error ends this job, and nobody would ever go on with the strand
            self._break_off(strand)
            raise
        with self.lock:
            if strand.ticket == ticket and self.status == RUNNING:
                self.post(strand, None, error)
            if self.map_run is None:
                return self._run()
            return self._run_with_next(self.map_run)

    def _run_with_next(self, run: ParentMapRun) -> list[_Pending]:
        """Run what is ready, and the first steps of those children of *run* that begin because this one ends.

        So a thread that makes the calls of a child makes those of the next one, too. Needs the lock.
        """
        begun: list[Execution] = []
        run.beginning = begun
        try:
            calls = self._run()
        finally:
            run.beginning = None
        for child in begun:
            calls += child._run()  # noqa: SLF001
        return calls

    def _break_off(self, strand: Strand) -> None:
        with self.lock:
            self.finish(FAILED, StateFailure(RUNTIME, INTERNAL), strand.previous)

    def _run(self) -> list[_Pending]:
        """Run every ready strand; return the calls they want made."""
        calls: list[_Pending] = []
        if self.halted:
            return calls  # whoever stops it waits for the lock, and need not wait for the rest of a Map as well
        self._take_lock()
        try:
            for _ in range(_STEPS):
                if not self._ready:
                    return calls
                strand, answer, error = self._ready.popleft()
                call = self._step(strand, answer, error)
                if call is not None:
                    calls.append((self, strand, strand.ticket, call))
                if self._lets_others_in:
                    self._lets_others_in = False
                    break
            self.submit(self.advance)
        finally:
            self.lock.release()
        return calls

    def _step(self, strand: Strand, answer: Answer | None, error: BaseException | None) -> Call[object] | None:
        self.budget.running = self
        try:
            return strand.step(answer, error)
        except Stopped:
            pass  # whoever stops the execution waits for the lock, and ends it then
        except HistoryFullError:
            cause = "The execution reached the maximum number of history events (25000)."
            self.finish(FAILED, StateFailure(RUNTIME, cause), strand.previous)
        except Exception:
            import logging  # 10 ms for what should never happen

            logging.getLogger(__name__).exception("the engine failed in state %s of %s", strand.state, self.arn)
            self._break_off(strand)
        except BaseException:
            self._break_off(strand)
            raise
        finally:
            self.budget.running = None
            if self.budget.turn is not None:
                self.budget.rest()
        return None

    def redrive(self) -> None:
        """Go on from the states that did not succeed, with their input and variables; needs the lock."""
        stopped = self.stopped
        self._halted = self._told = False
        self.redrives += 1
        self.redriven_at = self.engine.scheduler.now()
        self.status, self.error, self.cause, self.stopped_at = RUNNING, None, None, None
        last = self.history.count
        previous = self.history.add("ExecutionRedriven", last, {"redriveCount": self.redrives})
        if self.number:
            self.engine.runs.began(self)
        self.engine.announce(self)

        def body(strand: Strand) -> Steps[Json]:
            start = strand.continue_from(stopped) if stopped is not None else None
            value = stopped.input if stopped is not None and start is not None else self._input
            return self.machine.run(strand, value, start)

        self._begin(body, previous)

    @property
    def stopped(self) -> StoppedStrand | None:
        """Where it stopped when it ended; None for one that never began."""
        return self._stopped if self._root is None else self._root.stopped

    def recall(self, record: RunRecord, stopped: StoppedStrand | None) -> None:
        """Be the execution of *record*, which ended and left memory, so that it may be redriven."""
        self.number, self.place = record.number, (record.item, record.items)
        self.status, self.error, self.cause = record.status, record.error, record.cause
        self.started_at, self.stopped_at = record.started_at, record.stopped_at
        self.redrives, self.redriven_at = record.redrives, record.redriven_at
        self.redrive_tokens = dict(record.redrive_tokens)
        self.history = History(self.history.clock, earlier=record.events)
        self._input, self._stopped, self._told = json.loads(self.input_text), stopped, True

    # How it ends.

    def _root_ended(self, root: Strand) -> None:
        if root.failure is None:
            self.output = root.result
            self.finish(SUCCEEDED, None, root.previous)
        else:
            self.finish(FAILED, root.failure, root.previous)

    @property
    def root(self) -> int:
        """The number of the execution that it is below, its own if it is below none."""
        return self.number if self.map_run is None else self.map_run.parent.root

    @property
    def started_machine(self) -> StartedMachine | None:
        """The machine of the execution that it is below, its own if it is below none; None of a test's."""
        return self.identity.machine if self.map_run is None else self.map_run.parent.started_machine

    @property
    def halted(self) -> bool:
        """Whether it is to stop, as all below it are."""
        return self._halted or (self.engine.budget if self.map_run is None else self.map_run.parent).halted

    def _halt(self) -> None:
        """Let what is evaluated under the lock give up, so that the lock is free soon."""
        self._halted = True
        self.budget.wake()

    def _timed_out(self, attempt: int) -> None:
        """End the *attempt* as timed out: not a later one, for a timer that was due is past cancelling."""
        if attempt != self.redrives or self.ended:
            return
        self._halt()
        with self.lock:
            if attempt == self.redrives:
                self.finish(TIMED_OUT, None, self._root.previous if self._root else 0)

    def stop(self, error: str | None, cause: str | None) -> None:
        """End it as aborted; nothing happens when it has ended."""
        self._halt()
        with self.lock:
            self.finish(ABORTED, StateFailure(error, cause), 0)

    def finish(self, status: str, failure: StateFailure | None, previous: int) -> None:
        """End with *status*, once; what still runs is dropped. Needs the lock."""
        if self.status != RUNNING:
            return
        if self._root is not None:
            self._root.cancel()
        self._ready.clear()
        if self._deadline is not None:
            self._deadline.cancel()
        if failure is not None:
            self.error, self.cause = failure.error, failure.cause
        for run in self.map_runs:
            run.abort()
        self.history.end(*self._ending(status, failure, previous))
        self.stopped_at = max(self.engine.scheduler.now(), self.started_at)  # a machine's clock may be set back
        if self.number:
            self.engine.runs.ended(self, status)  # first: whoever sees the status finds it there
        self.status = status
        if status == SUCCEEDED:  # no redrive will ask for it, and without it there is no circle for Python to find
            self._root = None
        if self.map_run is not None:
            self.map_run.child_ended(self)
        if self.number:
            self.engine.runs.once_written(self, self._tell)
        else:
            self._tell()

    def _tell(self) -> None:
        """Tell all who wait for its end."""
        with self._watching:
            self._told = True
            watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher()
        self.engine.announce(self)  # last: whoever waits for this one hears of its end whatever others make of it

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.status != RUNNING

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call *watcher* once it has ended for all to see, at once if it has; it must not wait for a lock."""
        with self._watching:
            if not self._told:
                self._watchers.append(watcher)
                return
        watcher()

    def _ending(self, status: str, failure: StateFailure | None, previous: int) -> tuple[str, int, Mapping[str, Json]]:
        if status == SUCCEEDED:
            return "ExecutionSucceeded", previous, {"output": self.output}
        kind = {FAILED: "ExecutionFailed", TIMED_OUT: "ExecutionTimedOut", ABORTED: "ExecutionAborted"}[status]
        return kind, previous, {"error": failure.error, "cause": failure.cause} if failure else {}

    def output_text(self) -> str | None:
        """Return the output as JSON text, or None when it has none."""
        return self.written_output if self.status == SUCCEEDED else None

    @cached_property
    def written_output(self) -> str:
        """The output of one that succeeds, as JSON text."""
        return dumps(self.output)


class _Calls:
    """A call on its way to a thread that may block, and those that come of it."""

    __slots__ = ("pending",)

    def __init__(self, pending: _Pending) -> None:
        self.pending = pending

    def __call__(self) -> None:
        execution, strand, ticket, call = self.pending
        pending = execution.perform(strand, ticket, call)
        while pending and not execution.engine.scheduler.others_wait():
            execution.hand_on(pending[1:])
            execution, strand, ticket, call = pending[0]
            pending = execution.perform(strand, ticket, call)
        execution.hand_on(pending)
