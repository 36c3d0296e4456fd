"""The engine: what all executions share. It knows no execution, only the Map runs and children that are registered."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Never, Protocol

from shared.local.asl.activities import Activities
from shared.local.asl.budget import Budget
from shared.local.asl.names import new_uuid
from shared.local.asl.services import Services
from shared.local.asl.tokens import Tokens, new_token
from shared.local.asl.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from shared.local.asl.runs.store import RunStore
    from shared.local.asl.scheduler import Scheduler
    from shared.local.pacing.account import Account

    # Starts the state machine of an ARN with an execution's name and its input; returns the execution.
    StartMachine = Callable[[str, str, str], Any]
    # Raises when the role of an ARN may not do an action with the resource of an ARN; a fourth argument has the keys of
    # the request that conditions may ask for, with their values.
    Permit = Callable[..., None]
    # Tells whether a service may do an action with the resource of an ARN, for the source of another ARN.
    LetIn = Callable[[str, str, str, str], bool]
    # Invokes the function of a name or ARN with an event that nobody waits for; returns the id of the request.
    SendEvent = Callable[[str, bytes], str]
    # Is told of an execution each time that its status has changed, under its lock: it must not wait.
    Announce = Callable[[Any], None]

REMEMBERED = 1000
# Enough to go through a value of the deepest nesting (``json_text.MAX_NESTING``) with some frames for each level.
_FRAMES = 10_000


class Invocation(Protocol):
    """What became of an invocation of a Lambda function."""

    @property
    def payload(self) -> bytes:
        """What the function returned, or its error, as JSON."""

    @property
    def function_error(self) -> str | None:
        """``Unhandled`` or ``Handled`` when the function failed, else None."""

    @property
    def log_tail(self) -> str:
        """The last 4 KB of what the invocation logged."""

    @property
    def request_id(self) -> str:
        """The id under which the function logged: that of its REPORT line."""

    @property
    def version(self) -> str:
        """The version that ran: ``$LATEST``, or a published one's number, which an alias leads to as well."""


class InvokeLambda(Protocol):
    """Invokes a function, by its name or ARN, and waits for it."""

    def __call__(self, function: str, payload: bytes, client_context: str = "", /) -> Invocation:
        """Return the invocation; raise when the function cannot be invoked at all.

        Args:
            function: Its name, or its ARN.
            payload: The event, JSON.
            client_context: JSON for ``context.client_context``, empty for none.
        """


class Registered(Protocol):
    """A Map run or a child of one, as far as the engine knows it."""

    @property
    def arn(self) -> str:
        """Its ARN."""


class Engine:
    """Time, threads, randomness, and what calls the rest of AWS.

    Args:
        scheduler: Gives time and threads.
        invoke_lambda: Calls Lambda functions.
        services: Clients of every other API of AWS.
        random: The random source of jitter, UUIDs and the random functions; the system's by default.
        speed: How many times Wait states and retry delays are shortened.
        runs: Takes what has ended; by default a store in a scratch folder.
        remembers: How many children of each Map run stay in memory once they have ended, for who reads them there.
        account: What paces executions, states and children; None to go as fast as this machine does.
    """

    def __init__(  # noqa: PLR0913  parts of one engine, of which most callers give two
        self,
        scheduler: Scheduler,
        invoke_lambda: InvokeLambda,
        services: Services | None = None,
        *,
        random: Random | None = None,
        speed: float = 1.0,
        runs: RunStore | None = None,
        remembers: int = REMEMBERED,
        account: Account | None = None,
    ) -> None:
        sys.setrecursionlimit(max(_FRAMES, sys.getrecursionlimit()))
        self.scheduler = scheduler
        self.invoke_lambda = invoke_lambda
        self.services = services or Services("")
        self.random = random or _system_random()
        self.speed = speed
        self.budget = Budget(turns=Turns(scheduler.step_aside))
        self.tokens = Tokens()
        self.activities = Activities()
        self.start_machine: StartMachine = _no_machine
        self.permit: Permit = _permit_all
        self.lets_in: LetIn = _let_all_in
        self.send_event: SendEvent = self._invoke_and_forget
        self.announce: Announce = _tell_nobody
        if runs is not None:
            self.runs = runs
        self.remembers = remembers
        self.account = account
        # The Map runs that run, and their children that do.
        self._map_runs: dict[str, Registered] = {}
        self._children: dict[str, Registered] = {}

    @cached_property
    def runs(self) -> RunStore:
        """The store of executions that have ended."""
        from shared.local.asl.runs.opened import scratch_runs  # 20 ms that most tests of workflows save

        return scratch_runs(self.scheduler.now)

    def start_machines_with(self, start: StartMachine) -> None:
        """Use *start* for the machines that tasks start; until then no machine is known."""
        self.start_machine = start

    def send_events_with(self, send: SendEvent) -> None:
        """Use *send* for events to functions; until then a job invokes them and forgets the answer."""
        self.send_event = send

    def _invoke_and_forget(self, function: str, payload: bytes) -> str:
        def invoke() -> None:
            with suppress(Exception):  # nobody waits for it
                self.invoke_lambda(function, payload)

        self.scheduler.block(invoke, function)
        return self.uuid()

    def enforce(self, permit: Permit, lets_in: LetIn) -> None:
        """Ask *permit* and *lets_in* before each call; until then everything is allowed, as without IAM."""
        self.permit, self.lets_in = permit, lets_in

    def announce_to(self, announce: Announce) -> None:
        """Tell *announce* of each status of an execution; until then nobody is told."""
        self.announce = announce

    def uuid(self) -> str:
        """Return a new UUID from the engine's random source."""
        return new_uuid(self.random)

    def new_token(self) -> str:
        """Return a new task token."""
        return new_token(self.random)

    def add_map_run(self, run: Registered) -> None:
        """Register *run*, which runs now."""
        self._map_runs[run.arn] = run

    def drop_map_run(self, run: Registered) -> None:
        """Forget *run*, which has ended."""
        self._map_runs.pop(run.arn, None)

    def map_run(self, arn: str) -> Registered | None:
        """Return the Map run of *arn*, None if it does not run."""
        return self._map_runs.get(arn)

    def add_child(self, child: Registered) -> None:
        """Register *child* of a Map run, which runs now."""
        self._children[child.arn] = child

    def drop_child(self, child: Registered) -> None:
        """Forget *child* of a Map run, which has ended."""
        self._children.pop(child.arn, None)

    def child(self, arn: str) -> Registered | None:
        """Return the child of a Map run that has this *arn*, None if it does not run."""
        return self._children.get(arn)

    def close(self) -> None:
        """Stop everything: no thread and no connection is left."""
        self.budget.stop()
        self.activities.close()
        self.scheduler.close()
        self.services.close()
        if "runs" in self.__dict__:
            self.runs.close()


def _system_random() -> Random:
    import random  # 5 ms that a test with its own source saves

    return random.SystemRandom()


def _no_machine(arn: str, _name: str, _text: str) -> Never:
    raise LookupError(f"State Machine Does Not Exist: '{arn}'")


def _permit_all(_role: str, _action: str, _resource: str, _keys: object = ()) -> None:
    """Permit everything."""


def _let_all_in(_service: str, _action: str, _resource: str, _source: str) -> bool:
    """Let every service in."""
    return True


def _tell_nobody(_execution: object) -> None:
    """Tell nobody."""
