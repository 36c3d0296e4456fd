"""A strand: one line of control through states, as a generator that says what it waits for.

An execution begins with one strand; Map and Parallel start more. A strand yields effects (call this, sleep so long,
park until somebody resumes me) and is resumed with the answer. Each time it waits it gets a new ticket, so that an
answer which comes too late (a call that a timeout overtook) finds nobody.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from shared.local.asl.errors import TIMEOUT, StateFailure
from shared.local.asl.variables import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from random import Random
    from threading import RLock

    from shared.local.asl.engine import Engine
    from shared.local.asl.history import History
    from shared.local.asl.identity import Identity
    from shared.local.asl.scheduler import Timer
    from shared.local.asl.tokens import Answer

    Body = Generator["Effect | None", Any, Any]


class Call:
    """Run *function* on a pool thread and resume with what it returns or raises.

    Args:
        function: May block.
        timeout: Seconds until the strand is resumed with States.Timeout instead.
    """

    __slots__ = ("function", "timeout")

    def __init__(self, function: Callable[[], Any], timeout: float | None = None) -> None:
        self.function = function
        self.timeout = timeout


class Park:
    """Wait until :meth:`Strand.wake`; with *timeout* seconds at most, then States.Timeout."""

    __slots__ = ("timeout",)

    def __init__(self, timeout: float | None = None) -> None:
        self.timeout = timeout


class Sleep:
    """Wait *seconds*, made shorter by the execution's speed."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


Effect = Call | Park | Sleep


class Host(Protocol):
    """What strands know of the execution that they belong to."""

    arn: str
    breathe: bool
    engine: Engine
    history: History
    identity: Identity
    lock: RLock
    map_runs: list[Any]

    def post(self, strand: Strand, value: Any, error: BaseException | None) -> None:
        """Put *strand* among those that are ready; needs the lock."""

    def resume(self, strand: Strand, ticket: int, value: Any, error: BaseException | None) -> None:
        """Resume *strand* from outside if it still waits under *ticket*."""

    def advance(self) -> None:
        """Run all that is ready."""

    def context(self, state: str, entered_at: float, retries: int) -> dict[str, Any]:
        """Return a fresh context object for *state*."""


class Strand:
    """One line of control.

    Args:
        execution: What it belongs to.
        variables: The variables it sees and assigns.
        previous: The id of the event that came before it.
        on_end: Called with the strand when it has ended; its ``result`` or ``failure`` is set then.
        item: ``$$.Map.Item`` for an iteration.
    """

    __slots__ = (
        "acting_as", "before", "body", "children", "done", "early", "entered", "entered_at", "execution", "failure",
        "index", "input", "item", "on_end", "parked", "previous", "result", "retries", "saved", "state", "ticket",
        "timer", "token", "variables", "waiting", "work",
    )  # fmt: skip

    def __init__(
        self,
        execution: Host,
        variables: Scope,
        previous: int,
        on_end: Callable[[Strand], None],
        item: dict[str, Any] | None = None,
    ) -> None:
        self.execution = execution
        self.variables = variables
        self.previous = previous
        self.before = previous
        self.on_end = on_end
        self.item = item
        # The role whose credentials the task in hand asks for, empty for the machine's own.
        self.acting_as = ""
        self.body: Body | None = None
        self.children: set[Strand] = set()
        # Whether it came to its end without a failure.
        self.done = False
        self.entered = 0
        self.entered_at = 0.0
        self.failure: StateFailure | None = None
        self.index = 0
        self.input: Any = None
        self.parked = False
        self.result: Any = None
        self.retries = -1
        # For a redrive: the branches or iterations in hand, and those of the attempt that this one goes on from.
        self.work: Any = None
        self.saved: Any = None
        self.state = ""
        self.waiting = ""
        self.ticket = 0
        self.timer: Timer | None = None
        # The task token, and the answers that came before anybody waited for one.
        self.token: str | None = None
        self.early: deque[Answer] | None = None

    @property
    def random(self) -> Random:
        """The engine's random source."""
        return self.execution.engine.random

    @property
    def role_arn(self) -> str:
        """The ARN of the role that the task in hand calls with."""
        return self.acting_as or self.execution.identity.role_arn

    def begin(self, body: Body) -> None:
        """Make *body* what this strand runs, and let it run."""
        self.body = body
        self.execution.post(self, None, None)

    def record(self, kind: str, details: dict[str, Any] | None = None) -> None:
        """Add an event after this strand's last one."""
        self.previous = self.execution.history.add(kind, self.previous, details)

    def take_saved(self) -> Any:
        """Return the work that a redrive goes on from, once; None when there is none."""
        saved, self.saved = self.saved, None
        return saved

    def go_on_from(self, stopped: Strand) -> str | None:
        """Take over what *stopped* had assigned and in hand; return the state it stopped in, None if in none."""
        self.variables.names = stopped.variables.names
        self.saved = stopped.work
        return stopped.state if stopped.entered else None

    def fork(self, on_end: Callable[[Strand], None], item: dict[str, Any] | None = None) -> Strand:
        """Return a child strand that sees this one's variables and has scopes of its own."""
        child = Strand(
            self.execution, Scope(self.variables), self.previous, on_end, item if item is not None else self.item
        )
        self.children.add(child)
        return child

    def wake(self, value: Any = None, error: BaseException | None = None) -> None:
        """Resume the strand if it is parked; needs the execution's lock, or to run in one of its strands."""
        if self.parked:
            self.execution.post(self, value, error)

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
        execution.engine.scheduler.submit(execution.advance)
        return True

    def take_early(self) -> Any:
        """Return an answer that came before the strand waited for one, or None."""
        return self.early.popleft() if self.early else None

    def forget_token(self) -> None:
        """Be without a token, and what came for it: the task has ended."""
        self.token = self.early = None

    def step(self, value: Any, error: BaseException | None) -> Call | None:
        """Run until the next effect; return a call for the caller to make, or None."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        body = self.body
        if body is None:
            return None
        try:
            effect = body.throw(error) if error is not None else body.send(value)
        except StopIteration as end:
            self._end(end.value, None)
            return None
        except StateFailure as failure:
            self._end(None, failure)
            return None
        return self._wait(effect)

    def _wait(self, effect: Effect | None) -> Call | None:
        execution, ticket = self.execution, self.ticket
        if effect is None:
            execution.post(self, None, None)
            execution.breathe = True
            return None
        if isinstance(effect, Sleep):
            seconds = effect.seconds / execution.engine.speed
            self.timer = execution.engine.scheduler.call_later(
                seconds, lambda: execution.resume(self, ticket, None, None)
            )
            return None
        if effect.timeout is not None:
            late = StateFailure(TIMEOUT)
            self.timer = execution.engine.scheduler.call_later(
                effect.timeout, lambda: execution.resume(self, ticket, None, late)
            )
        self.parked = isinstance(effect, Park)
        return effect if isinstance(effect, Call) else None

    def _end(self, result: Any, failure: StateFailure | None) -> None:
        self.body = None
        self.result, self.failure, self.done = result, failure, failure is None
        self.drop_children()
        self.on_end(self)

    def cancel(self) -> None:
        """End now, without a result; needs the execution's lock, or to run in another of its strands."""
        self.ticket += 1
        self.parked = False
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

    def context(self) -> dict[str, Any]:
        """Return the context object, ``$$``."""
        context = self.execution.context(self.state, self.entered_at, self.retries)
        if self.item is not None:
            context["Map"] = {"Item": self.item}
        if self.token is not None:
            context["Task"] = {"Token": self.token}
        return context


def abort_children(strand: Strand, iteration: str | None = None) -> None:
    """Cancel the strands below *strand* and record which states, and iterations of Map *iteration*, that cut short."""
    history = strand.execution.history
    for child in sorted(strand.children, key=lambda each: each.index):
        if child.children:
            abort_children(child)
        if child.waiting in {"Task", "Wait", "Parallel", "Map"}:
            history.add(f"{child.waiting}StateAborted", child.previous)
        if iteration is not None:
            history.add("MapIterationAborted", child.previous, {"name": iteration, "index": child.index})
    strand.drop_children()
