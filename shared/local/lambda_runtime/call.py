"""One invocation: the event that it hands over, what it logs, and what it answers."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from shared.local.lambda_runtime import runtime_api
from shared.local.lambda_runtime.endings import InitFailed, OutOfMemory, TimedOut, WorkerEnd
from shared.local.lambda_runtime.function import FunctionSpec, Invocation
from shared.local.lambda_runtime.memory import to_mb
from shared.local.lambda_runtime.platform_lines import Reported
from shared.local.times import to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.lambda_runtime.log_stream import LogStream

MAX_RESPONSE = 6_291_556  # bytes; the number in AWS's own message


class Ending(NamedTuple):
    """How an invocation ended.

    Attributes:
        payload: The answer or the error object.
        failed: Whether the function failed.
        fatal: Whether the worker is dead or must be stopped.
        last_words: What the service itself logs about it.
        status: The Status of the REPORT line, if it has one.
        error_type: The Error Type of the REPORT line; empty if it has none.
        memory_full: Whether all memory was in use.
    """

    payload: bytes
    failed: bool
    fatal: bool = False
    last_words: str | None = None
    status: str | None = None
    error_type: str = ""
    memory_full: bool = False


class Call(NamedTuple):
    """An event on its way to a function."""

    spec: FunctionSpec
    payload: bytes
    request_id: str
    client_context: str | None
    lineage: str = ""
    wall: Callable[[], float] = time.time

    def event(self) -> bytes:
        """Return the answer to NEXT that hands it over. Its deadline counts from now."""
        now = self.wall()
        deadline_ms = int((now + self.spec.timeout) * 1000)
        trace_id = runtime_api.new_trace_id(now, self.lineage)
        return runtime_api.Event(
            self.payload,
            self.request_id,
            deadline_ms,
            self.spec.invoked or self.spec.arn,
            trace_id,
            self.client_context,
        ).response()

    def answered(self, outcome: str, body: bytes) -> Ending:
        """Return the ending of a handler that returned ("response") or raised ("error")."""
        if len(body) > MAX_RESPONSE:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
            return Ending(_error(message, "Function.ResponseSizeTooLarge"), failed=True)
        return Ending(body, failed=outcome == "error")

    def died(self, end: WorkerEnd, seconds: float) -> Ending:
        """Return the ending of an invocation whose worker ended, *seconds* after it got the event.

        A timeout has the error type Sandbox.Timedout, which Step Functions reports. The sources are AWS's own emulator
        (aws-lambda-runtime-interface-emulator, handlers.go), users of AppSync (aws-appsync-community, issue 386) and
        the execution histories by which AWS's sample library retries (accelerated-intelligent-document-processing,
        issue 917). In 2020 there was no such type and Step Functions said Lambda.Unknown; its guide still says so.
        """
        if isinstance(end, TimedOut):
            stamp = to_milliseconds(datetime.fromtimestamp(self.wall(), UTC))
            words = f"{stamp} {self.request_id} Task timed out after {seconds:.2f} seconds\n\n"
            message = f"RequestId: {self.request_id} Error: Task timed out after {self.spec.timeout:.2f} seconds"
            payload = _error(message, "Sandbox.Timedout")
            return Ending(payload, failed=True, fatal=True, last_words=words, status="timeout")
        kind = error_type(end)
        if isinstance(end, InitFailed):
            return Ending(end.payload, failed=True, fatal=True, status="error", error_type=kind)
        message = f"RequestId: {self.request_id} Error: {end}"
        return Ending(
            _error(message, kind),
            failed=True,
            fatal=True,
            last_words=f"{message}\n{kind}\n",
            status="error",
            error_type=kind,
            memory_full=isinstance(end, OutOfMemory),
        )

    def finish(
        self, log: LogStream, ending: Ending, duration_ms: float, init_ms: float | None, peak: int
    ) -> Invocation:
        """Log END and REPORT and return the answer; *peak* is in bytes."""
        memory_mb = self.spec.memory_mb
        peak_mb = memory_mb if ending.memory_full else min(to_mb(peak), memory_mb)
        reported = Reported(
            duration_ms,
            init_ms,
            memory_mb,
            peak_mb,
            ending.status,
            ending.error_type,
            raised=ending.failed,
            requests=log.requests.take() if log.requests else None,
        )
        log.write(*log.lines.end(log.now, self.request_id, reported, ending.last_words))
        log.flush()
        return Invocation(
            request_id=self.request_id,
            payload=ending.payload,
            function_error="Unhandled" if ending.failed else None,
            log_tail=log.tail,
            duration_ms=duration_ms,
            billed_ms=reported.billed_ms,
            init_ms=init_ms,
            max_memory_mb=peak_mb,
            log_group=self.spec.group,
            log_stream=log.name,
            version=self.spec.version,
        )


def error_type(end: WorkerEnd) -> str:
    """Return Lambda's name for the end of a worker, if it was not a timeout."""
    return end.error_type if isinstance(end, InitFailed) else "Runtime.ExitError"


def _error(message: str, kind: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}, separators=(",", ":")).encode()
