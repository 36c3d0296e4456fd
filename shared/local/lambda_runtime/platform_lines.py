"""What Lambda itself writes into a function's log, in either log format.

JSON's events, and which of them a function gets whose system log level is INFO, are those of the developer guide
("Lambda Telemetry API Event schema", "Log-level filtering"; from memory of both). A handler that raised has the status
``error`` there, a process that ended ``failure``.

One thing is ours: the embedded cloud counts an invocation's requests, which no log on AWS tells. They are a second line
of REPORT, as X-Ray's is on AWS, or a member of its own in JSON.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.lambda_runtime.function import FunctionSpec
    from shared.values import Json

_ON_DEMAND = "on-demand"


@dataclass(frozen=True, slots=True)
class Reported:
    """The figures of an invocation that has ended.

    Attributes:
        duration_ms: The handler's own time.
        init_ms: The cold start's; None where there was none.
        memory_mb: The function's memory.
        peak_mb: The most of it that was used.
        status: ``timeout`` or ``error``; None after a handler returned or raised.
        error_type: The type of an error that ended the process; empty if none did.
        raised: Whether the handler raised.
        requests: How many requests it made of the cloud, by ``service:Operation``; None where nobody counts them.
    """

    duration_ms: float
    init_ms: float | None
    memory_mb: int
    peak_mb: int
    status: str | None = None
    error_type: str = ""
    raised: bool = False
    requests: Mapping[str, int] | None = None

    @property
    def billed_ms(self) -> int:
        """What AWS bills: whole milliseconds, with the cold start.

        It does so for zips on Lambda's own runtimes too, since 1 August 2025:
        https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/, read on 2026-11-29.
        """
        return math.ceil(self.duration_ms + (self.init_ms or 0.0))


class PlatformLines(Protocol):
    """The lines of one log format. *at* is the time in seconds since the epoch."""

    def init_start(self, spec: FunctionSpec, at: float) -> str:
        """Return the first line of a cold start."""

    def init_report(self, at: float, init_ms: float, error_type: str, phase: str = "init") -> str:
        """Return the line of an init phase that failed, or took too long if it has no *error_type*.

        Its second try is the phase ``invoke``.
        """

    def start(self, at: float, request_id: str, version: str) -> str:
        """Return the first line of an invocation."""

    def end(self, at: float, request_id: str, reported: Reported, last_words: str | None = None) -> tuple[str, ...]:
        """Return the last lines of an invocation; *last_words* say how its process ended, if it did."""


class TextLines:
    """The format that functions have unless they ask for another."""

    def init_start(self, spec: FunctionSpec, at: float) -> str:
        """Return ``INIT_START``."""
        del at
        return f"INIT_START Runtime Version: {_version(spec)}\tRuntime Version ARN: embedded\n"

    def init_report(self, at: float, init_ms: float, error_type: str, phase: str = "init") -> str:
        """Return ``INIT_REPORT``."""
        del at
        status = f"error\tError Type: {error_type}" if error_type else "timeout"
        return f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: {phase}\tStatus: {status}\n"

    def start(self, at: float, request_id: str, version: str) -> str:
        """Return ``START``."""
        del at
        return f"START RequestId: {request_id} Version: {version}\n"

    def end(self, at: float, request_id: str, reported: Reported, last_words: str | None = None) -> tuple[str, ...]:
        """Return ``END`` and ``REPORT``, field by field as AWS writes it."""
        del at
        before = () if last_words is None else (last_words,)
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {reported.duration_ms:.2f} ms",
            f"Billed Duration: {reported.billed_ms} ms",
            f"Memory Size: {reported.memory_mb} MB",
            f"Max Memory Used: {reported.peak_mb} MB",
        ]
        if reported.init_ms is not None:
            fields.append(f"Init Duration: {reported.init_ms:.2f} ms")
        if reported.status is not None:
            fields.append(f"Status: {reported.status}")
        if reported.error_type:
            fields.append(f"Error Type: {reported.error_type}")
        report = "\t".join(fields) + "\t\n"
        if reported.requests is not None:
            counted = ", ".join(f"{name} {count}" for name, count in reported.requests.items())
            report += f"EMBEDDED Requests: {counted or 'none'}\n"
        return *before, f"END RequestId: {request_id}\n", report


class JsonLines:
    """The format of functions whose card says ``logFormat: JSON``."""

    def init_start(self, spec: FunctionSpec, at: float) -> str:
        """Return ``platform.initStart``."""
        record: dict[str, Json] = {
            "initializationType": _ON_DEMAND,
            "phase": "init",
            "runtimeVersion": _version(spec),
            "runtimeVersionArn": "embedded",
            "functionName": spec.name,
            "functionVersion": spec.version,
        }
        return _event(at, "initStart", record)

    def init_report(self, at: float, init_ms: float, error_type: str, phase: str = "init") -> str:
        """Return ``platform.initReport``."""
        record: dict[str, Json] = {"initializationType": _ON_DEMAND, "phase": phase}
        told: dict[str, Json] = {"status": "error", "errorType": error_type} if error_type else {"status": "timeout"}
        return _event(at, "initReport", {**record, **told, "metrics": {"durationMs": round(init_ms, 3)}})

    def start(self, at: float, request_id: str, version: str) -> str:
        """Return ``platform.start``."""
        return _event(at, "start", {"requestId": request_id, "version": version})

    def end(self, at: float, request_id: str, reported: Reported, last_words: str | None = None) -> tuple[str, ...]:
        """Return ``platform.report``, and before it ``platform.runtimeDone`` of a runtime that did not end well."""
        metrics: dict[str, Json] = {
            "durationMs": round(reported.duration_ms, 3),
            "billedDurationMs": reported.billed_ms,
            "memorySizeMB": reported.memory_mb,
            "maxMemoryUsedMB": reported.peak_mb,
        }
        if reported.init_ms is not None:
            metrics["initDurationMs"] = round(reported.init_ms, 3)
        status = "failure" if reported.error_type else reported.status or ("error" if reported.raised else "success")
        told: dict[str, Json] = {"requestId": request_id, "status": status}
        if reported.error_type:
            told["errorType"] = reported.error_type
        counted: dict[str, Json] = {} if reported.requests is None else {"embeddedRequests": dict(reported.requests)}
        report = _event(at, "report", {**told, "metrics": metrics, **counted})
        return (report,) if last_words is None else (_event(at, "runtimeDone", told), report)


_LINES: dict[str, PlatformLines] = {"Text": TextLines(), "JSON": JsonLines()}


def lines_of(spec: FunctionSpec) -> PlatformLines:
    """Return the lines that Lambda writes for a function."""
    return _LINES[spec.log_format]


def _version(spec: FunctionSpec) -> str:
    return f"{spec.runtime.replace('python', 'python:', 1)}.embedded"


def _event(at: float, kind: str, record: Json) -> str:
    time = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": time, "type": f"platform.{kind}", "record": record}) + "\n"
