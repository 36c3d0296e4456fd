"""Tells a state an answer, instead of calling what its definition names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from shared.local.asl.answers import Raised, Real, Returned, Silent
from shared.local.asl.effects import Park
from shared.local.asl.errors import StateFailure
from shared.local.asl.integrations.base import REQUEST, Deadline, Integration, wait_for_token
from shared.local.asl.integrations.elsewhere import Elsewhere
from shared.local.asl.tokens import Answer as TokenAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.local.asl.answers import Answer
    from shared.local.asl.effects import Steps
    from shared.local.asl.strand import Strand
    from shared.values import Json

    # From the strand whose state calls, and what it calls with, to what answers.
    Ask: TypeAlias = Callable[[Strand, Json], Answer]


class Mocked(Integration):
    """Stands in for another integration: its events are the same, and what is answered is asked for at each call.

    Args:
        stands_for: What the definition names.
        ask: Says what answers a call.
    """

    def __init__(self, stands_for: Integration, ask: Ask) -> None:
        super().__init__(stands_for.kind, stands_for.action, stands_for.pattern)
        self.family = stands_for.family
        self.result_name = stands_for.result_name
        self._stands_for = stands_for
        self._ask = ask

    def where(self) -> Mapping[str, Json]:
        """Return the details that every event of the task carries."""
        return self._stands_for.where()

    def scheduled(self, strand: Strand, arguments: Json) -> dict[str, Json]:
        """Return the details of the event that says the task was scheduled."""
        return self._stands_for.scheduled(strand, arguments)

    def failed_event(self, failure: StateFailure) -> str:
        """Return the name of the event that says the task failed with *failure*."""
        return self._stands_for.failed_event(failure)

    def check(self, strand: Strand, arguments: Json) -> None:
        """Raise a RuntimeFailure unless AWS would start the task with *arguments*."""
        if not isinstance(self._stands_for, Elsewhere) and self.kind != "http":  # they refuse what only AWS can call
            self._stands_for.check(strand, arguments)

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Tell the answer, or call what the definition names where there is none."""
        answer = self._ask(strand, arguments)
        if isinstance(answer, Real):
            return (yield from self._stands_for.run(strand, arguments, deadline))
        strand.record(f"{self.family}Started", self.where())
        if self.pattern != REQUEST and self.family == "Task":
            strand.record("TaskSubmitted", self.where())
        return (yield from tell(strand, answer, deadline))


def answered(strand: Strand, given: Json, ask: Ask | None, work: Steps[Json]) -> Steps[Json]:
    """Return what *ask* answers for a Map or a Parallel with the input *given*, or the result of its own *work*."""
    answer = Real() if ask is None else ask(strand, given)
    if isinstance(answer, Real):
        return (yield from work)
    kind = strand.waiting
    strand.record(f"{kind}StateStarted")
    result = yield from tell(strand, answer, Deadline(strand, None, None))
    strand.history.add(f"{kind}StateSucceeded", strand.previous)
    return result


def tell(strand: Strand, answer: Returned | Raised | Silent, deadline: Deadline) -> Steps[Json]:
    """Have the call of *strand*'s state end as *answer* says, and no later than at its *deadline*.

    Raises:
        StateFailure: That is the answer, or it came too late.
    """
    if strand.token is not None:
        if not isinstance(answer, Silent):
            _send(strand, strand.token, answer, 0.0)
        return (yield from wait_for_token(strand, deadline))
    if isinstance(answer, Silent):
        yield Park(deadline.left())
        return None
    if answer.after > 0:
        yield from _sleep(strand, answer.after, deadline)
    return _outcome(answer)


def _outcome(answer: Returned | Raised) -> Json:
    if isinstance(answer, Raised):
        raise _failure(answer)
    return answer.value


def _failure(answer: Raised) -> StateFailure:
    return StateFailure(answer.error, answer.cause)


def _sleep(strand: Strand, seconds: float, deadline: Deadline) -> Steps[None]:
    execution, ticket = strand.execution, strand.ticket
    timer = execution.call_later(seconds, lambda: execution.resume(strand, ticket, None))
    try:
        yield Park(deadline.left())
    finally:
        timer.cancel()


def _send(strand: Strand, token: str, answer: Returned | Raised, passed: float) -> None:
    """Send what is due of *answer* for *token* when so many seconds have *passed*, and the rest at its time."""
    if passed >= answer.after:
        said = TokenAnswer(failure=_failure(answer)) if isinstance(answer, Raised) else TokenAnswer(answer.value)
        strand.deliver(token, said)
        return
    if passed > 0 and not strand.deliver(token, TokenAnswer(alive=True)):
        return  # the task has ended: nobody listens any more
    wait = answer.after - passed if answer.heartbeat is None else min(answer.heartbeat, answer.after - passed)
    strand.execution.call_later(wait, partial(_send, strand, token, answer, passed + wait))
