"""Makes spans of executions: the execution itself, its visits of states, the items of its Maps, and its calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.measure.tracing.conventions import bounded, error_text, exception
from shared.measure.tracing.ids import span_id
from shared.measure.tracing.span import Happening, Kind, Link, Span, nanoseconds
from shared.run.history import parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from shared.measure.tracing.span import Resource, Value
    from shared.measure.tracing.timed import Call, Error, Timed, TimedHistory
    from shared.run.attempts import Attempt

_BAD = ("FAILED", "TIMED_OUT")


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution that has ended.

    Attributes:
        arn: Its ARN.
        name: What its span is called.
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        started: When.
        stopped: When.
        parent: The span of what started it; empty for the run itself.
        redriven: Whether it was.
        more: What else its span says.
    """

    arn: str
    name: str
    status: str
    started: datetime
    stopped: datetime
    parent: bytes = b""
    redriven: bool = False
    more: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tracing:
    """What all spans of a run share: the trace's id, who those of its machines are by, and the region."""

    trace: bytes
    resource: Resource
    region: str

    def id(self, *names: str | int) -> bytes:
        """Return the id of the span of what *names* name."""
        return span_id(self.trace, *names)

    def execution(self, execution: Execution, history: TimedHistory | None) -> Span:
        """Return the span of an *execution*; *history* is None where it was not read."""
        error = history.error if history else None
        bad = execution.status in _BAD or (not execution.parent and execution.status != "SUCCEEDED")
        told: dict[str, Value] = {
            "teamlanes.kind": "execution",
            "teamlanes.execution": execution.arn,
            "teamlanes.status": execution.status,
            "teamlanes.history_read": history is not None,
            **execution.more,
        }
        if history and history.rank is not None:
            told["teamlanes.rank"] = history.rank
        if bad:
            told["error.type"] = bounded((error and error.name) or execution.status)
        return Span(
            self.trace,
            self.id(execution.arn),
            execution.parent,
            bounded(execution.name),
            Kind.INTERNAL,
            nanoseconds(execution.started),
            max(nanoseconds(execution.started), nanoseconds(execution.stopped)),
            self.resource,
            told,
            _status(error, execution.status) if bad else None,
            (
                *(_redriven(at) for at in (history.redriven if history else ())),
                *([_told(error)] if error and error.name else []),
            ),
        )

    def inside(self, execution: Execution, history: TimedHistory) -> Iterator[Span]:
        """Yield the spans of what the *history* of an *execution* holds."""
        for place in history.places:
            yield self._place(execution.arn, place)
        before: dict[object, Attempt] = {}
        for call in history.calls:
            key = call.attempt.state, call.attempt.items
            yield self._call(execution.arn, call, before.get(key))
            before[key] = call.attempt

    def call_id(self, arn: str, attempt: Attempt) -> bytes:
        """Return the id of the span of a call in the execution *arn*."""
        return self.id(arn, attempt.entry, attempt.number)

    def _place(self, arn: str, place: Timed) -> Span:
        where, outer = place.where, place.where.outer
        failed = place.status == "FAILED"
        named = [error for error in place.errors if error.name]
        told: dict[str, Value] = {"teamlanes.kind": "state" if where.name else "item"}
        if where.name:
            told |= {"teamlanes.state": bounded(where.name), "teamlanes.state_type": where.kind}
        told["teamlanes.status"] = place.status
        if place.rank is not None:
            told["teamlanes.rank"] = place.rank
        if place.redrives:
            told["teamlanes.redrive"] = place.redrives
        if failed:
            told["error.type"] = bounded(named[-1].name if named else place.status)
        return Span(
            self.trace,
            self.id(arn, where.entry),
            self.id(arn, outer.entry) if outer else self.id(arn),
            bounded(where.name or item_of(outer.name if outer else "")),
            Kind.INTERNAL,
            nanoseconds(place.began),
            max(nanoseconds(place.began), nanoseconds(place.ended)),
            self.resource,
            told,
            _status(named[-1] if named else None, place.status) if failed else None,
            tuple(_told(error) for error in named if not error.called),
        )

    def _call(self, arn: str, call: Call, before: Attempt | None) -> Span:
        attempt = call.attempt
        bad = call.status in _BAD
        raised = _raised(attempt.error or call.status, attempt.cause or "")
        service, method = attempt.kind.removeprefix("aws-sdk:"), attempt.action.partition(".")[0]
        method = method[:1].upper() + method[1:]
        told: dict[str, Value] = {
            "teamlanes.kind": "call",
            "teamlanes.state": bounded(attempt.state),
            "teamlanes.attempt": attempt.number,
            "teamlanes.status": call.status,
            "rpc.system": "aws-api",
            "rpc.service": bounded(service),
            "rpc.method": bounded(method),
            "cloud.region": self.region,
        }
        if attempt.function:
            told |= {
                "faas.invoked_name": bounded(function_named(attempt.function)),
                "faas.invoked_provider": "aws",
                "faas.invoked_region": self.region,
            }
        if request := request_of(attempt):
            told["aws.request_id"] = bounded(request)
        if attempt.redrive:
            told["teamlanes.redrive"] = attempt.redrive
        if bad:
            told["error.type"] = bounded(raised[0])
        goes_on = before if before and attempt.redrive > before.redrive else None
        return Span(
            self.trace,
            self.call_id(arn, attempt),
            self.id(arn, attempt.entry),
            bounded(f"{service}.{method}"),
            Kind.CLIENT,
            nanoseconds(attempt.began),
            max(nanoseconds(attempt.began), nanoseconds(call.ended)),
            self.resource,
            told,
            error_text(*raised[:2]) if bad else None,
            (exception(call.ended, *raised),) if bad else (),
            (Link(self.call_id(arn, goes_on), {"teamlanes.link": "redrive of"}),) if goes_on else (),
        )


def item_of(name: str) -> str:
    """Return what the span of an item of the Map called *name* is called."""
    return f"{name} item"


def function_named(function: str) -> str:
    """Return the name of the function that a call names: by an ARN or a name, with a version or without."""
    return function.rpartition(":function:")[2].partition(":")[0]


def request_of(attempt: Attempt) -> str:
    """Return the id of the Lambda invocation that answered a call; empty where its history does not tell."""
    match attempt.result:
        case {"SdkResponseMetadata": {"RequestId": str(request)}} if attempt.kind == "lambda":
            return request
    return attempt.request_id or ""


def _raised(error: str, cause: str) -> tuple[str, str, str]:
    """Return the name, the message and the traceback of an error, as the function that raised it wrote them."""
    said = parse_object(cause)
    trace = said.get("stackTrace")
    lines = [str(line).rstrip("\n") for line in trace] if isinstance(trace, list) else []
    return str(said.get("errorType", error)), str(said.get("errorMessage", cause)), "\n".join(lines)


def _status(error: Error | None, status: str) -> str:
    return error_text(*_raised(error.name, error.cause)[:2]) if error and error.name else status


def _told(error: Error) -> Happening:
    return exception(error.at, *_raised(error.name, error.cause))


def _redriven(at: datetime) -> Happening:
    return Happening("teamlanes.redriven", nanoseconds(at), {})
