"""What the evaluation of an expression may cost, and how StopExecution cuts it short.

Every evaluation runs under its execution's lock, step by step: a step of JSONata, a node that a JSONPath scan looks
at, an item that an intrinsic function makes. Each says so (``spend``). Past a limit the state fails with
States.QueryEvaluationError, as on AWS; once the execution is to stop, the evaluation ends at its next step, and whoever
wants the lock has it within milliseconds. An evaluation that takes longer than most takes turns with the others
(``turns``).

AWS's limits, as measured on it (github.com/floci-io/floci issue 2737, August 2026): expressions nested near 100 deep
(all boundaries lay between 99 and 101), and memory of about 7 MB: ``[1..873782]`` passes and ``[1..873783]`` does not,
a string of 2**22 characters passes and one of 2**23 does not. Here that is held against each value by itself. AWS does
not say how long an expression may run: ``MAX_SECONDS`` of processor time is ours. Processor time, not the time of day:
how busy the machine is decides nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from shared.local.asl.errors import QueryFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.turns import Turn, Turns

MAX_DEPTH = 100
MAX_SECONDS = 3.0
# One search of a regular expression cannot be cut short by StopExecution, so it has less.
MAX_MATCH_SECONDS = 0.5
MAX_BYTES = 873_782 * 8
# The clock is read once in so many steps.
STEPS = 256
# What an evaluation may take before it takes turns with others, and how long each turn is.
SLICE_SECONDS = 0.02
# How long a long evaluation pauses at each look at the clock: any other thread gets hold of the interpreter then.
_BREATH_SECONDS = 0.00005

TOO_LONG = "Expression evaluation timeout: Check for infinite loop"
TOO_DEEP = "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
TOO_LARGE = "Expression evaluation memory limit exceeded: Check for excessive memory usage"


class Stopped(BaseException):
    """The execution is to stop: the evaluation under way is given up. No error: whoever catches those lets it pass."""


class Halting(Protocol):
    """An execution, as far as a budget knows it."""

    @property
    def halted(self) -> bool:
        """Whether it is to stop."""


class Budget:
    """What the evaluations of an execution and of the children of its Map runs may cost.

    They share a lock, so there is one evaluation at a time; a budget is used under that lock, but for :meth:`stop` and
    :meth:`wake`.

    Args:
        root: That of the engine: when it is stopped, so is this; its clock and turns are this one's too.
        clock: Gives the processor time of the calling thread, in seconds.
        turns: Whom long evaluations take turns with.
        owner: Whose evaluations they are.
    """

    __slots__ = (
        "_since", "_slice", "_until", "asked", "clock", "depth", "fresh", "halted", "owner", "root", "running", "turn",
        "turns",
    )  # fmt: skip

    def __init__(
        self,
        root: Budget | None = None,
        clock: Callable[[], float] = time.thread_time,
        *,
        turns: Turns | None = None,
        owner: str = "",
    ) -> None:
        self.root = self if root is None else root
        self.clock: Callable[[], float] = clock if root is None else root.clock
        self.turns: Turns | None = turns if root is None else root.turns
        self.owner = owner
        self.depth = 0
        # Whether an evaluation begins: its time counts from the next look.
        self.fresh = True
        self.halted = False
        # The execution whose evaluation is under way.
        self.running: Halting | None = None
        # The turn that it waits for, and the one that it has.
        self.asked: Turn | None = None
        self.turn: Turn | None = None
        self._since = 0
        self._until = self._slice = 0.0

    def renew(self) -> None:
        """Begin an evaluation: its time and depth count from here."""
        self.depth = 0
        self.fresh = True

    def spend(self, steps: int = 1) -> None:
        """Count *steps*.

        Raises:
            QueryFailure: The evaluation has run for too long.
            Stopped: The execution is to stop.
        """
        self._since += steps
        if self._since >= STEPS:
            self._since = 0
            self._look()

    def hold(self, size: int) -> None:
        """Have *size* bytes in hand at once.

        Raises:
            QueryFailure: That is too much.
        """
        if size > MAX_BYTES:
            raise QueryFailure(TOO_LARGE, None)

    def deepen(self) -> None:
        """Go one level deeper.

        Raises:
            QueryFailure: That is too deep.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise QueryFailure(TOO_DEEP, None)

    @property
    def stopped(self) -> bool:
        """Whether the evaluation under way is to stop."""
        return self.halted or self.root.halted or (self.running is not None and self.running.halted)

    def stop(self) -> None:
        """End the evaluation under way, and every later one, of this budget or of all that have it as root."""
        self.halted = True
        if self.root is self and self.turns is not None:
            self.turns.wake_all()
        self.wake()

    def wake(self) -> None:
        """Let an evaluation that waits for its turn see whether it is to stop."""
        asked = self.asked
        if asked is not None:
            asked.woken.set()

    def rest(self) -> None:
        """Let others have the turn that a long evaluation has taken: it has ended."""
        if self.turn is not None and self.turns is not None:
            self.turn = None
            self.turns.give()

    def seconds_left(self) -> float:
        """Return the processor time that the evaluation under way still has: for what cannot be counted in steps."""
        now = self.clock()
        if self.fresh:
            self.fresh = False
            self._until = now + MAX_SECONDS
            self._slice = now + SLICE_SECONDS
        return max(0.0, self._until - now)

    def _look(self) -> None:
        if self.stopped:
            raise Stopped
        left = self.seconds_left()
        if left <= 0:
            raise QueryFailure(TOO_LONG, None)
        if self.turns is not None:
            self._be_fair(self.turns, self._until - left)

    def _be_fair(self, turns: Turns, now: float) -> None:
        """Let others run where the evaluation takes long: those who wait for a turn, and all other threads."""
        if now >= self._slice:
            self._slice = now + SLICE_SECONDS
            if self.turn is None or turns.wanted:
                self._take_turn(turns)
        if self.turn is not None:
            time.sleep(_BREATH_SECONDS)

    def _take_turn(self, turns: Turns) -> None:
        turn = turns.ask(self.owner) if self.turn is None else turns.ask_again(self.owner)
        self.turn = None
        self.asked = turn
        try:
            self._wait_for(turn, turns)
        finally:
            self.asked = None
        self.turn = turn

    def _wait_for(self, turn: Turn, turns: Turns) -> None:
        while True:
            if self.stopped:
                turns.leave(self.owner, turn)
                raise Stopped
            if turn.granted:
                return
            turn.woken.wait()
            turn.woken.clear()
