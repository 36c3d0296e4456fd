"""What every integration has: the names of its events, and the call that it makes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from shared.local.asl.effects import Call, Park
from shared.local.asl.errors import HeartbeatFailure, RuntimeFailure, StateFailure, dumps
from shared.local.asl.reading import members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.asl.effects import Steps
    from shared.local.asl.strand import Host, Strand
    from shared.local.asl.tokens import Answer
    from shared.values import Json

# The three ways to call: request a response, run a job to its end, wait for a callback.
REQUEST, SYNC, SYNC_2, TOKEN = "", "sync", "sync:2", "waitForTaskToken"


class Caller(NamedTuple):
    """Who makes a call, read under the lock: a timeout may move the strand on before a thread makes the call.

    Attributes:
        execution: Whose task it is.
        role: The ARN of the role that the task calls with.
    """

    execution: Host
    role: str

    @classmethod
    def of(cls, strand: Strand) -> Caller:
        """Return who makes the calls of *strand*'s task."""
        return cls(strand.execution, strand.role_arn)


class Integration:
    """Calls one thing.

    Args:
        kind: What events call resourceType, such as ``lambda`` or ``aws-sdk:s3``.
        action: What events call resource, such as ``invoke`` or ``invoke.waitForTaskToken``.
        pattern: How it is called: one of REQUEST, SYNC, SYNC_2, TOKEN.
    """

    # Event names: TaskScheduled and so on.
    family = "Task"
    # Whether its arguments may be any JSON. Otherwise they are an object.
    takes_any = False
    # The fields that its arguments may have, None for any, and those they must have.
    fields: frozenset[str] | None = None
    required: tuple[str, ...] = ()

    def __init__(self, kind: str, action: str, pattern: str = REQUEST) -> None:
        self.kind = kind
        self.action = action
        self.pattern = pattern
        # What the error for a result that is too large names.
        self.result_name = kind

    def where(self) -> Mapping[str, Json]:
        """Return the details that every event of the task carries."""
        return {"resourceType": self.kind, "resource": self.action}

    def scheduled(self, strand: Strand, arguments: Json) -> dict[str, Json]:
        """Return the details of the event that says the task was scheduled."""
        region = strand.execution.engine.services.region_of(strand.execution.arn)
        return {**self.where(), "region": region, "parameters": arguments}

    def failed_event(self, _failure: StateFailure) -> str:
        """Return the name of the event that says the task failed with *failure*."""
        return f"{self.family}Failed"

    def check(self, _strand: Strand, arguments: Json) -> None:
        """Raise a RuntimeFailure unless a task may be started with *arguments*."""
        if self.takes_any:
            return
        given = members(arguments)
        if self.fields is None:
            return
        problems = [
            f'The field "{name}" is not supported by Step Functions' for name in given if name not in self.fields
        ]
        problems += [f'The field "{name}" is required but was missing' for name in self.required if name not in given]
        if problems:
            raise RuntimeFailure(unusable(arguments, problems))

    def call(self, caller: Caller, arguments: Json) -> Json:
        """Make the call and return the result; runs on a pool thread without the lock, and may block.

        Raises:
            StateFailure: It failed.
        """
        raise NotImplementedError

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Yield effects until there is a result, and return it."""
        result = yield from Call(partial(self.call, Caller.of(strand), arguments), deadline.left()).answered()
        if self.pattern != TOKEN:
            return result
        strand.record("TaskSubmitted", {**self.where(), "output": result})
        return (yield from wait_for_token(strand, deadline))


def unusable(arguments: Json, problems: list[str]) -> str:
    """Return AWS's words for *arguments* that a task cannot be started with."""
    return f"The Parameters '{dumps(arguments)}' could not be used to start the Task: [{', '.join(problems)}]"


def told_by(error: Exception) -> tuple[str, str] | None:
    """Return the code and the message of an *error* that AWS would answer; None for one that is a fault of ours.

    Errors of the runtime and of the gate have their code in ``code``, moto's in ``error_type`` or ``TYPE``, boto's in
    their response.
    """
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response["Error"]["Code"]), str(response["Error"].get("Message", ""))
    named = (getattr(error, name, None) for name in ("TYPE", "code", "error_type"))
    code = next((name for name in named if isinstance(name, str)), None)
    return None if code is None else (code, str(getattr(error, "message", None) or error))


class Deadline:
    """The times by which a task has to end, and to give signs of life.

    Args:
        strand: Runs the task.
        timeout: Seconds for all of it, or None.
        heartbeat: Seconds between two signs of life, or None.
    """

    def __init__(self, strand: Strand, timeout: float | None, heartbeat: float | None) -> None:
        self._now = strand.execution.engine.scheduler.now
        self._end = None if timeout is None else self._now() + timeout
        self.heartbeat = heartbeat

    def left(self) -> float | None:
        """Return the seconds left of the timeout, None when there is none."""
        return None if self._end is None else max(0.0, self._end - self._now())

    def next_wait(self) -> tuple[float | None, bool]:
        """Return how long to wait for a sign of life, and whether it is the heartbeat that ends first."""
        left = self.left()
        if self.heartbeat is not None and (left is None or self.heartbeat < left):
            return self.heartbeat, True
        return left, False


def wait_for_token(strand: Strand, deadline: Deadline) -> Steps[Json]:
    """Wait until somebody answers for the strand's token; return the output."""
    while True:
        answer = strand.take_early() or (yield from park(deadline))
        if answer is not None and not answer.alive:
            return output_of(answer)


def park(deadline: Deadline) -> Steps[Answer | None]:
    """Wait for an answer to the strand's token, or for whatever else wakes it, no longer than *deadline* says.

    Raises:
        StateFailure: There was neither in time; a HeartbeatFailure where a sign of life is what was missing.
    """
    seconds, beating = deadline.next_wait()
    try:
        return (yield Park(seconds))
    except StateFailure as late:
        if beating:
            raise HeartbeatFailure from None
        raise late from None


def output_of(answer: Answer) -> Json:
    """Return the output in the *answer* to a token, which is no mere sign of life.

    Raises:
        StateFailure: It is a failure.
    """
    if answer.failure is not None:
        raise answer.failure
    return answer.output
