"""Task: calls something and waits for the answer."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.local.asl.dataflow import states
from shared.local.asl.errors import INTERNAL, RUNTIME, TASK_FAILED, TIMEOUT, RuntimeFailure, StateFailure
from shared.local.asl.history import HistoryFullError
from shared.local.asl.integrations.base import REQUEST, Deadline, told_by
from shared.local.asl.integrations.mocked import Mocked
from shared.local.asl.integrations.resolve import resolve
from shared.local.asl.number_fields import number_field
from shared.local.asl.payload import compile_field
from shared.local.asl.reading import members, text
from shared.local.asl.retry import RecoveringState
from shared.local.asl.size import check_size

if TYPE_CHECKING:
    from shared.local.asl.effects import Steps
    from shared.local.asl.integrations.base import Integration
    from shared.local.asl.integrations.mocked import Ask
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import Outcome
    from shared.local.asl.strand import Strand
    from shared.values import Json

_LOG = logging.getLogger(__name__)


class Task(RecoveringState):
    """Calls a function, an activity or an API."""

    def __init__(self, name: str, spec: Spec, *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        # What the definition names, and what is called: the same, or a mock of it.
        self.calls = self.integration = resolve(text(spec, "Resource"))
        self.timeout = number_field(spec, "TimeoutSeconds", jsonata=jsonata, integer=True)
        self.heartbeat = number_field(spec, "HeartbeatSeconds", jsonata=jsonata, integer=True)
        self.credentials = compile_field(spec, "Credentials", jsonata=jsonata)

    def mock(self, ask: Ask) -> None:
        """Let *ask* say what answers, instead of what the definition names."""
        self.integration = Mocked(self.calls, ask)

    def attempt(self, strand: Strand, value: Json) -> Steps[Outcome]:
        """Call, and leave with the answer."""
        integration, flow = self.integration, self.flow
        tokens = strand.execution.engine.tokens
        if integration.pattern != REQUEST:  # a job that is waited for has one as well, which is seldom used
            token = strand.execution.engine.new_token()
            strand.take_token(token)
            tokens.issue(token, partial(strand.deliver, token))
        try:
            effective = flow.read(strand, value)
            arguments = flow.arguments(strand, effective)
            integration.check(strand, arguments)
            timeout = _positive(self.timeout(strand, effective), "TimeoutSeconds")
            heartbeat = _positive(self.heartbeat(strand, effective), "HeartbeatSeconds")
            details = integration.scheduled(strand, arguments)
            if timeout is not None:
                details["timeoutInSeconds"] = timeout
            if heartbeat is not None:
                details["heartbeatInSeconds"] = heartbeat
            if self.credentials is not None:
                seen = states(strand, value) if self.jsonata else effective
                strand.act_as(str(members(self.credentials(seen, strand)).get("RoleArn") or ""))
                details["taskCredentials"] = {"roleArn": strand.acting_as or None}
            strand.record(f"{integration.family}Scheduled", details)
            result = yield from self._call(strand, arguments, Deadline(strand, timeout, heartbeat))
        finally:
            strand.act_as("")
            if strand.token is not None:
                tokens.drop(strand.token)
                strand.forget_token()
        strand.mark_last_event()
        return self.leave(strand, value, result)

    def _call(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        integration = self.integration
        family, where = integration.family, integration.where()
        try:
            result = yield from _answer(integration, strand, arguments, deadline)
            check_size(result, integration.result_name)
        except StateFailure as failure:
            late = failure.error == TIMEOUT and failure.cause is None
            kind = f"{family}TimedOut" if late else integration.failed_event(failure)
            strand.record(kind, {**where, "error": failure.error, "cause": failure.cause})
            strand.mark_last_event()
            raise
        strand.record(f"{family}Succeeded", {**where, "output": result})
        return result


def _answer(integration: Integration, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
    """Return what the integration answers; an error of another kind that it raises fails the task, not the engine."""
    if not isinstance(integration, Mocked):  # which calls nothing
        _take_role(strand)
    try:
        return (yield from integration.run(strand, arguments, deadline))
    except (StateFailure, HistoryFullError):
        raise
    except LanesError as told:  # what says itself what it is, as that the cloud ends
        raise StateFailure(RUNTIME, told.what) from told
    except Exception as bug:
        _LOG.exception("the embedded cloud failed in state %s of %s", strand.state, strand.execution.arn)
        raise StateFailure(RUNTIME, INTERNAL) from bug


def _take_role(strand: Strand) -> None:
    """Raise a StateFailure unless the machine's role may take the role that the task's Credentials name."""
    if not strand.acting_as:
        return
    try:
        strand.execution.engine.permit(strand.execution.identity.role_arn, "sts:AssumeRole", strand.acting_as)
    except Exception as error:
        told = told_by(error)
        if told is None:
            raise
        raise StateFailure(TASK_FAILED, told[1]) from error


def _positive(seconds: float | None, field: str) -> int | None:
    if seconds is None:
        return None
    if seconds <= 0:
        raise RuntimeFailure(f"{field} must be a positive number.")
    return int(seconds)
