"""Writes spans as OTLP's protobuf messages, and reads a receiver's answers. It takes the extra ``traces``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.errors import UsageError
from shared.measure.tracing.batches import by_resource
from shared.measure.tracing.conventions import SCHEMA
from shared.measure.tracing.otlp_json import SCOPE
from shared.measure.tracing.span import Kind

try:
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceRequest,
        ExportTraceServiceResponse,
    )
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message
    from opentelemetry.proto.trace.v1.trace_pb2 import Status
except ModuleNotFoundError as error:
    raise UsageError(
        "sending traces takes OpenTelemetry's messages, which are not installed",
        fix="pip install 'teamlanes[traces]'; a file needs none: --otlp trace.json",
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.measure.tracing.span import Attributes, Span, Value


_KINDS = {
    Kind.INTERNAL: Message.SPAN_KIND_INTERNAL,
    Kind.SERVER: Message.SPAN_KIND_SERVER,
    Kind.CLIENT: Message.SPAN_KIND_CLIENT,
}


class PartialSuccess(NamedTuple):
    """What a receiver says of a batch that it took: how many spans it refused, and why, or what it warns of."""

    rejected: int
    message: str


def request(batch: Iterable[Span], version: str) -> bytes:
    """Return a batch as an ``ExportTraceServiceRequest``. *version* is that of this program."""
    made = ExportTraceServiceRequest()
    for resource, spans in by_resource(batch).items():
        part = made.resource_spans.add(schema_url=SCHEMA)
        part.resource.attributes.extend(_attributes(dict(resource.attributes)))
        scope = part.scope_spans.add(schema_url=SCHEMA)
        scope.scope.name, scope.scope.version = SCOPE, version
        scope.spans.extend(_span(span) for span in spans)
    return bytes(made.SerializeToString(deterministic=True))


def read_answer(body: bytes) -> PartialSuccess:
    """Return what a receiver answered.

    Raises:
        ValueError: It is no ``ExportTraceServiceResponse``.
    """
    answer = ExportTraceServiceResponse()
    try:
        answer.ParseFromString(body)
    except DecodeError as error:
        raise ValueError(str(error)) from error
    return PartialSuccess(answer.partial_success.rejected_spans, answer.partial_success.error_message)


def _span(span: Span) -> Message:
    return Message(
        trace_id=span.trace,
        span_id=span.id,
        parent_span_id=span.parent,
        name=span.name,
        kind=_KINDS[span.kind],
        start_time_unix_nano=span.start,
        end_time_unix_nano=span.end,
        attributes=_attributes(span.attributes),
        events=[
            Message.Event(time_unix_nano=event.at, name=event.name, attributes=_attributes(event.attributes))
            for event in span.events
        ],
        links=[
            Message.Link(trace_id=span.trace, span_id=link.span, attributes=_attributes(link.attributes))
            for link in span.links
        ],
        status=Status() if span.error is None else Status(code=Status.STATUS_CODE_ERROR, message=span.error),
    )


def _attributes(told: Attributes) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in told.items()]


def _value(value: Value) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    return AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=each) for each in value]))
