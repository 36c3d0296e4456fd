"""``states:startExecution``: an execution starts another, in the same process; waiting for its end takes no thread."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from shared.local.asl.effects import Call
from shared.local.asl.errors import TASK_FAILED, StateFailure, dumps
from shared.local.asl.execution import SUCCEEDED
from shared.local.asl.integrations.base import (
    REQUEST,
    SYNC_2,
    TOKEN,
    Caller,
    Integration,
    output_of,
    park,
    told_by,
    wait_for_token,
)
from shared.local.asl.reading import members
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from shared.local.asl.effects import Steps
    from shared.local.asl.execution import Execution
    from shared.local.asl.integrations.base import Deadline
    from shared.local.asl.strand import Strand
    from shared.local.asl.tokens import Answer
    from shared.values import Json


class StartExecution(Integration):
    """Starts a state machine."""

    fields = frozenset({"Input", "Name", "StateMachineArn", "TraceHeader"})
    required = ("StateMachineArn",)

    def __init__(self, pattern: str) -> None:
        super().__init__("states", "startExecution" + (f".{pattern}" if pattern else ""), pattern)

    def failed_event(self, failure: StateFailure) -> str:
        """Return TaskSubmitFailed for an execution that could not start."""
        if self.pattern != REQUEST and str(failure.error).startswith("StepFunctions."):
            return "TaskSubmitFailed"
        return "TaskFailed"

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Start it; wait for its end or a callback as the pattern says."""
        strand.record("TaskStarted", self.where())
        child = yield from Call(partial(_start, Caller.of(strand), members(arguments)), deadline.left()).answered()
        started = _started(child)
        if self.pattern == REQUEST:
            return started
        strand.record("TaskSubmitted", {**self.where(), "output": started})
        if self.pattern == TOKEN:
            return (yield from wait_for_token(strand, deadline))
        answer = yield from _end_of(child, strand, deadline)
        if answer is not None:
            return output_of(answer)
        shown = _described(child, parsed=self.pattern == SYNC_2)
        if child.status != SUCCEEDED:
            raise StateFailure(TASK_FAILED, dumps(shown))
        return shown


def _start(caller: Caller, arguments: dict[str, Json]) -> Execution:
    """Start the execution that *arguments* ask for."""
    engine = caller.execution.engine
    given = arguments.get("Input")
    if given is None:
        given = {}
    try:
        machine = str(arguments["StateMachineArn"])
        engine.permit(caller.role, "states:StartExecution", machine)
        child: Execution = engine.start_machine(
            machine,
            str(arguments.get("Name") or engine.uuid()),
            given if isinstance(given, str) and _is_json(given) else dumps(given),
        )
    except Exception as error:
        told = told_by(error)
        if told is None:
            raise
        raise start_failure(*told, engine.uuid()) from error
    return child


def _is_json(text: str) -> bool:
    """Tell whether an Input *text* is JSON already, as some definitions give it."""
    try:
        read_strict(text)
    except ValueError:
        return False
    return True


def start_failure(code: str, message: str, request: str) -> StateFailure:
    """Return the failure for an error that stopped a machine from being started, under the id *request*.

    The Java SDK has no class for AccessDeniedException, and raises the service's, as it does for Lambda.
    """
    name = _NAMED.get(code) or (code if code.endswith("Exception") else f"{code}Exception")
    where = f"Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Request ID: {request}; Proxy: null"
    return StateFailure(f"StepFunctions.{name}", f"{message} ({where})")


_UNMODELLED = "AWSStepFunctionsException"
_NAMED = dict.fromkeys(("AccessDeniedException", "ValidationException", "ThrottlingException"), _UNMODELLED)


def _end_of(child: Execution, strand: Strand, deadline: Deadline) -> Steps[Answer | None]:
    """Wait until *child* has ended, or until somebody answers for the task's token: return that answer, or None.

    The child is stopped when the wait is cut short.
    """
    waited = False
    try:
        answer = strand.take_early()
        while answer is None or answer.alive:
            answer = yield from _next_of(child, strand, deadline)
            if answer is None:
                break
        waited = True
    finally:
        if not waited and not child.ended:
            strand.execution.submit(lambda: child.stop(None, None))
    return answer


def _next_of(child: Execution, strand: Strand, deadline: Deadline) -> Steps[Answer | None]:
    """Wait for the end of *child*, for which there is None, or for the next answer."""
    execution, ticket = strand.execution, strand.ticket
    child.watch(lambda: execution.submit(lambda: execution.resume(strand, ticket, None)))
    return (yield from park(deadline))


def _milliseconds(seconds: float | None) -> int:
    return int((seconds or 0) * 1000)


def _started(child: Execution) -> dict[str, Json]:
    request = child.engine.uuid()
    headers = {
        "Connection": "keep-alive",
        "x-amzn-RequestId": request,
        "Content-Length": "0",
        "Content-Type": "application/x-amz-json-1.0",
    }
    return {
        "ExecutionArn": child.arn,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": request},
        "StartDate": _milliseconds(child.started_at),
    }


def _described(child: Execution, *, parsed: bool) -> dict[str, Json]:
    """Return DescribeExecution's answer as the sync patterns hand it on; sync:2 has JSON *parsed*."""
    succeeded = child.status == SUCCEEDED
    shown: dict[str, Json] = {
        "ExecutionArn": child.arn,
        "Input": json.loads(child.input_text) if parsed else child.input_text,
        "InputDetails": {"Included": True},
        "Name": child.identity.name,
        "RedriveCount": child.redrives,
        "RedriveStatus": "NOT_REDRIVABLE" if succeeded else "REDRIVABLE",
        "StartDate": _milliseconds(child.started_at),
        "StateMachineArn": child.identity.machine_arn,
        "Status": child.status,
        "StopDate": _milliseconds(child.stopped_at),
    }
    if succeeded:
        shown["Output"] = child.output if parsed else child.output_text()
        shown["OutputDetails"] = {"Included": True}
        shown["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven"
    else:
        shown |= {key: value for key, value in (("Error", child.error), ("Cause", child.cause)) if value is not None}
    return dict(sorted(shown.items()))
