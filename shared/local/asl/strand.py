"""A strand: one line of control through states, as a generator that says what it waits for.

An execution begins with one strand, its root. Parallel and inline Map start a child strand for each branch or
iteration; a distributed Map starts child executions instead, each with a root of its own. So the strands of an
execution are a tree, and only the leaves do anything: a parent is parked until its children have ended or one failed.

What a strand runs is its ``body``, a generator. It yields an effect (``effects``) where it has to wait, and is
resumed when that has come::

              .------------------------- resumed <-----------------------------------------.
              v                                                                           |
    begin --> ready --step--> running --yields--.-- Call:  the call returns or raises ----|  or the timeout of
                                 |              |-- Sleep: the time comes ----------------|  the Call or Park
                                 |              |-- Park:  wake, an answer to the token --|  comes first
                                 |              '-- None:  at once, behind the others ----'
                                 '-- returns, or raises StateFailure --> ended: on_end(strand)

    in any state: cancel --> gone; on_end is not called

Rules:

- A strand is touched only under the lock of its execution. ``step`` is called by the execution alone, so a generator
  never runs on two threads, and never runs inside itself. A body must not block: what blocks goes into a Call, whose
  function runs without the lock. The function does not touch the strand, since a timeout may have moved it on by then:
  it is given what it needs when the Call is made, such as the role (``integrations.base.Caller``).
- One place reads a strand without the lock: ``Execution.perform`` compares the ticket before it makes a call. If the
  ticket changes right after that, the call is made for nothing. What it brings is dropped by a second comparison, under
  the lock, like that of a call which was under way when the ticket changed.
- What a strand waits for and its timeout race; so do an answer and a cancellation. The ticket decides. A strand waits
  under the ticket that it has. To resume or to cancel it adds one to the ticket, so all that still refers to the old
  one is too late and does nothing. To cancel the timer is not enough: it may be on its way to a pool thread already.
- A strand is among the ready ones once at most: whoever puts it there makes every other way to it invalid at once
  (``stop_waiting``).
- An answer to a task token may come before anybody waits for it: a function may answer before its own invocation has
  returned. Such answers are kept (``early``) until the strand asks or the task has ended.
- Whoever cancels a strand closes its body, so ``finally`` blocks run then, under the lock, on the thread of whoever
  cancels: a pool thread or one of the API. They must neither yield nor block.
- A strand that ends or is cancelled takes all strands below it with it. A child's ``on_end`` must take the child out
  of the parent's ``children`` before it does anything that could cancel those.

``previous`` and ``before`` are ids of events. History is a tree as well: each event names the one before it, and the
events of two branches are in the order in which they happened, but each names its own branch's.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol, TypeVar

from shared.local.asl.effects import Call, Park, Sleep
from shared.local.asl.errors import TIMEOUT, StateFailure
from shared.local.asl.size import check_size
from shared.local.asl.stopped import StoppedStrand
from shared.local.asl.variables import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random
    from threading import RLock

    from shared.local.asl.budget import Budget
    from shared.local.asl.effects import Effect, Steps
    from shared.local.asl.engine import Engine
    from shared.local.asl.history import History
    from shared.local.asl.identity import Identity, StartedMachine
    from shared.local.asl.scheduler import Job, Timer
    from shared.local.asl.stopped import Work
    from shared.local.asl.tokens import Answer
    from shared.values import Json

Kind = TypeVar("Kind")
NOT_RETRIED = -1


class StartedMapRun(Protocol):
    """A Map run, as the execution that started it knows it."""

    arn: str

    def abort(self) -> None:
        """End, because the execution has."""


class Resumable(Protocol):
    """What a strand has in hand, that a redrive goes on from: branches, iterations or a Map run."""

    @property
    def stopped(self) -> Work:
        """Where it stands."""


class Host(Protocol):
    """What strands know of the execution that they belong to."""

    arn: str
    budget: Budget
    engine: Engine
    history: History
    identity: Identity
    lane: str
    lock: RLock

    @property
    def halted(self) -> bool:
        """Whether it is to stop, as all below it are."""

    @property
    def root(self) -> int:
        """The number of the execution that it is below, its own if it is below none."""

    @property
    def started_machine(self) -> StartedMachine | None:
        """The machine of the execution that it is below, its own if it is below none; None of a test's."""

    def submit(self, job: Job) -> None:
        """Run *job*, which only computes, soon, and beside no other of this execution."""

    def call_later(self, seconds: float, job: Job) -> Timer:
        """Submit *job* after *seconds*."""

    def post(self, strand: Strand, answer: Answer | None, error: BaseException | None) -> None:
        """Put *strand* among those that are ready; needs the lock."""

    def resume(self, strand: Strand, ticket: int, error: BaseException | None) -> None:
        """Resume *strand* from outside if it still waits under *ticket*."""

    def advance(self) -> None:
        """Run all that is ready."""

    def add_map_run(self, run: StartedMapRun) -> None:
        """Register *run*, which one of its strands has started; needs the lock."""

    def let_others_in(self) -> None:
        """Give up the lock after this step, and go on later; needs the lock."""

    def context(self, state: str, entered_at: float, retries: int) -> dict[str, Json]:
        """Return a fresh context object for *state*."""


class Strand:
    """One line of control.

    Args:
        execution: What it belongs to.
        variables: The variables it sees and assigns.
        previous: The id of the event that came before it.
        on_end: Called with the strand when it has ended; its ``result`` or ``failure`` is set then.
        index: Its place among the branches or iterations that were started together.
    """

    __slots__ = (
        "acting_as", "before", "body", "children", "done", "early", "entered", "entered_at", "execution", "failure",
        "history", "index", "input", "item", "on_end", "parked", "previous", "result", "retries", "saved", "state",
        "ticket", "timer", "token", "variables", "waiting", "work",
    )  # fmt: skip

    def __init__(
        self,
        execution: Host,
        variables: Scope,
        previous: int,
        on_end: Callable[[Strand], None],
        index: int = 0,
    ) -> None:
        self.execution = execution
        self.history = execution.history
        self.variables = variables
        self.on_end = on_end
        self.index = index
        # What ``$$.Map.Item`` is, None outside of a Map.
        self.item: Mapping[str, Json] | None = None
        # The ids of its last event, and of the one that the event of a failed query is to follow.
        self.previous = previous
        self.before = previous
        # The role whose credentials the task in hand asks for, empty for the machine's own.
        self.acting_as = ""
        self.body: Steps[Json] | None = None
        self.children: set[Strand] = set()
        # Whether it came to its end without a failure.
        self.done = False
        self.failure: StateFailure | None = None
        self.result: Json = None
        # The state that it is in, the event and time that it was entered with, and what it was given.
        self.state = ""
        self.entered = 0
        self.entered_at = 0.0
        self.input: Json = None
        # The kind of the state while it is one that may wait.
        self.waiting = ""
        # How often the state was retried.
        self.retries = NOT_RETRIED
        # For a redrive: the branches, iterations or Map run in hand, and those that this attempt goes on from.
        self.work: Resumable | None = None
        self.saved: Work | None = None
        # Whether it waits in a Park, what an answer must know to reach it, and the timer that may come first.
        self.parked = False
        self.ticket = 0
        self.timer: Timer | None = None
        # The task token, and the answers that came before anybody waited for one.
        self.token: str | None = None
        self.early: deque[Answer] | None = None

    # What it runs.

    def begin(self, body: Steps[Json]) -> None:
        """Make *body* what this strand runs, and let it run."""
        self.body = body
        self.execution.post(self, None, None)

    def fork(
        self,
        on_end: Callable[[Strand], None],
        index: int,
        *,
        previous: int | None = None,
        item: Mapping[str, Json] | None = None,
    ) -> Strand:
        """Return a child that sees this strand's variables, assigns its own, and has this one's item if not its own."""
        if previous is None:
            previous = self.previous
        child = Strand(self.execution, Scope(self.variables), previous, on_end, index)
        child.swap_item(self.item if item is None else item)
        self.children.add(child)
        return child

    def step(self, answer: Answer | None, error: BaseException | None) -> Call[object] | None:
        """Run until the next effect; return a call for the caller to make, or None."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        body = self.body
        if body is None:
            return None
        try:
            effect = body.throw(error) if error is not None else body.send(answer)
        except StopIteration as end:
            self._end(end.value, None)
            return None
        except StateFailure as failure:
            self._end(None, failure)
            return None
        return self._wait(effect)

    def _wait(self, effect: Effect | None) -> Call[object] | None:
        execution, ticket = self.execution, self.ticket
        if effect is None:
            execution.post(self, None, None)
            execution.let_others_in()
            return None
        if isinstance(effect, Sleep):
            seconds = effect.seconds / execution.engine.speed
            self.timer = execution.call_later(seconds, lambda: execution.resume(self, ticket, None))
            return None
        if effect.timeout is not None:
            late = StateFailure(TIMEOUT)
            self.timer = execution.call_later(effect.timeout, lambda: execution.resume(self, ticket, late))
        self.parked = isinstance(effect, Park)
        return effect if isinstance(effect, Call) else None

    def _end(self, result: Json, failure: StateFailure | None) -> None:
        self.body = None
        self.result, self.failure, self.done = result, failure, failure is None
        self.drop_children()
        self.on_end(self)

    def cancel(self) -> None:
        """End now, without a result; needs the execution's lock."""
        self.stop_waiting()
        if self.timer is not None:
            self.timer.cancel()
        self.drop_children()
        body, self.body = self.body, None
        if body is not None:
            body.close()

    def drop_children(self) -> None:
        """Cancel every strand below this one."""
        children, self.children = self.children, set()
        for child in children:
            child.cancel()

    # What reaches it while it waits.

    def stop_waiting(self) -> None:
        """Take no answer any more under the ticket so far."""
        self.ticket += 1
        self.parked = False

    def wake(self) -> None:
        """Resume the strand if it is parked; needs the execution's lock."""
        if self.parked:
            self.execution.post(self, None, None)

    def deliver(self, token: str, answer: Answer) -> bool:
        """Resume with the *answer* to *token*, or keep it until it is waited for; False when the task has ended."""
        execution = self.execution
        with execution.lock:
            if self.token != token or self.body is None:
                return False
            if self.parked:
                execution.post(self, answer, None)
            else:
                self.early = self.early or deque()
                self.early.append(answer)
        execution.submit(execution.advance)
        return True

    def take_early(self) -> Answer | None:
        """Return an answer that came before the strand waited for one, or None."""
        return self.early.popleft() if self.early else None

    # Where it is.

    def enter(self, event: str, name: str, given: Json, waiting: str) -> None:
        """Enter the state *name* with the input *given*, recorded as *event*; *waiting* is its kind if it may wait."""
        self.before = self.previous
        self.execution.budget.fresh = True
        self.entered_at = self.history.clock()
        self.entered = self.previous = self.history.add(event, self.previous, {"input": given, "name": name})
        self.state = name
        self.input = given
        self.waiting = waiting

    def come_to(self, name: str, given: Json) -> None:
        """Be about to enter the state *name* with the input *given*: a redrive goes on there."""
        self.state, self.input = name, given

    def leave(self, event: str, raw: Json, output: Json, assigned: Mapping[str, Json] | None) -> None:
        """Leave the state, whose input was *raw*, with *output*, recorded as *event*, and assign what is *assigned*.

        Raises:
            StateFailure: The output is too large, or all that is assigned at once (Step Functions Developer Guide,
                "Passing data between states with variables").
        """
        if output is not raw:
            check_size(output, self.state)
        if assigned:
            check_size(dict(assigned), self.state)
        details: dict[str, Json] = {"name": self.state, "output": output}
        if assigned:
            details["assignedVariables"] = assigned
            self.variables.assign(assigned)
        self.waiting = ""
        self.previous = self.history.add(event, self.previous, details)

    def share_state_of(self, parent: Strand) -> None:
        """Be in the state that *parent* is in: what fails before the first state of an iteration fails there."""
        self.state, self.entered, self.entered_at = parent.state, parent.entered, parent.entered_at
        self.before = parent.before

    def record(self, event: str, details: Mapping[str, Json] | None = None) -> None:
        """Add an event after this strand's last one."""
        self.previous = self.history.add(event, self.previous, details)

    def follow(self, event: int) -> None:
        """Let the next event follow the one of this id, which a child recorded."""
        self.previous = event

    def mark_last_event(self) -> None:
        """Let the event of a query that fails from now on follow the last event."""
        self.before = self.previous

    def record_failed_query(self, event: str, details: Mapping[str, Json]) -> None:
        """Add the event of a query that failed."""
        self.previous = self.history.add(event, self.before, details)

    # The task or attempt in hand.

    @property
    def role_arn(self) -> str:
        """The ARN of the role that the task in hand calls with."""
        return self.acting_as or self.execution.identity.role_arn

    def act_as(self, role: str) -> None:
        """Call with the *role* of this ARN from now on, with the machine's own if it is empty."""
        self.acting_as = role

    def take_token(self, token: str) -> None:
        """Have a task *token*, which answers may be delivered for."""
        self.token = token

    def forget_token(self) -> None:
        """Be without a token, and without what came for it: the task has ended."""
        self.token = self.early = None

    def count_retries(self, retries: int) -> None:
        """Have the state retried so often, NOT_RETRIED outside of a state with Retry."""
        self.retries = retries

    def swap_item(self, item: Mapping[str, Json] | None) -> Mapping[str, Json] | None:
        """Make *item* what ``$$.Map.Item`` is, and return what it was."""
        before, self.item = self.item, item
        return before

    # What a redrive goes on from.

    def set_work(self, work: Resumable | None) -> None:
        """Have *work* in hand: branches, iterations or a Map run; None when it is done."""
        self.work = work

    def take_saved(self, kind: type[Kind]) -> Kind | None:
        """Return the work of this *kind* that a redrive goes on from, once; None when there is none."""
        saved, self.saved = self.saved, None
        return saved if isinstance(saved, kind) else None

    @property
    def stopped(self) -> StoppedStrand:
        """Where it stands, with all below it."""
        return StoppedStrand(
            state=self.state if self.entered else None,
            input=self.input,
            variables=self.variables.names,
            done=self.done,
            result=self.result,
            work=self.saved if self.work is None else self.work.stopped,
        )

    def continue_from(self, stopped: StoppedStrand) -> str | None:
        """Take over what *stopped* had assigned and in hand; return the state it stopped in, None if in none."""
        self.variables.assign(stopped.variables)
        self.saved = stopped.work
        return stopped.state

    # What expressions see.

    @property
    def budget(self) -> Budget:
        """What the evaluation of an expression may cost."""
        return self.execution.budget

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""
        return self.execution.engine.scheduler.now()

    @property
    def random(self) -> Random:
        """The engine's random source."""
        return self.execution.engine.random

    def context(self) -> dict[str, Json]:
        """Return the context object, ``$$``."""
        context = self.execution.context(self.state, self.entered_at, self.retries)
        if self.item is not None:
            context["Map"] = {"Item": self.item}
        if self.token is not None:
            context.setdefault("Task", {"Token": self.token})
        return context


def abort_children(strand: Strand, iteration: str | None = None) -> None:
    """Cancel the strands below *strand* and record which states, and iterations of Map *iteration*, that cut short."""
    history = strand.history
    for child in sorted(strand.children, key=lambda each: each.index):
        if child.children:
            abort_children(child)
        if child.waiting:
            history.add(f"{child.waiting}StateAborted", child.previous)
        if iteration is not None:
            history.add("MapIterationAborted", child.previous, {"name": iteration, "index": child.index})
    strand.drop_children()
