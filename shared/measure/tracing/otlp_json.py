"""Writes spans as OTLP's JSON: ids in hexadecimal, numbers of 64 bits as texts, enumerations as numbers.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.measure.tracing.batches import by_resource
from shared.measure.tracing.conventions import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.measure.tracing.span import Attributes, Happening, Link, Span, Value
    from shared.values import Json

SCOPE = "teamlanes"
_ERROR = 2  # STATUS_CODE_ERROR


def document(batched: Iterable[Iterable[Span]], version: str) -> Iterator[str]:
    """Yield the parts of one document that holds all batches: an ``ExportTraceServiceRequest`` on one line.

    Args:
        batched: The batches.
        version: That of this program, which made the spans.
    """
    yield '{"resourceSpans":['
    between = ""
    for batch in batched:
        for part in _resource_spans(batch, version):
            yield between + json.dumps(part, separators=(",", ":"), ensure_ascii=False)
            between = ","
    yield "]}\n"


def _resource_spans(batch: Iterable[Span], version: str) -> Iterator[Json]:
    for resource, spans in by_resource(batch).items():
        yield {
            "resource": {"attributes": _attributes(dict(resource.attributes))},
            "scopeSpans": [
                {
                    "scope": {"name": SCOPE, "version": version},
                    "spans": [_span(span) for span in spans],
                    "schemaUrl": SCHEMA,
                }
            ],
            "schemaUrl": SCHEMA,
        }


def _span(span: Span) -> Json:
    return {
        "traceId": span.trace.hex(),
        "spanId": span.id.hex(),
        **({"parentSpanId": span.parent.hex()} if span.parent else {}),
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "attributes": _attributes(span.attributes),
        "events": [_event(event) for event in span.events],
        "links": [_link(span, link) for link in span.links],
        "status": {} if span.error is None else {"code": _ERROR, "message": span.error},
    }


def _event(event: Happening) -> Json:
    return {"timeUnixNano": str(event.at), "name": event.name, "attributes": _attributes(event.attributes)}


def _link(span: Span, link: Link) -> Json:
    return {"traceId": span.trace.hex(), "spanId": link.span.hex(), "attributes": _attributes(link.attributes)}


def _attributes(told: Attributes) -> list[Json]:
    return [{"key": key, "value": _value(value)} for key, value in told.items()]


def _value(value: Value) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"arrayValue": {"values": [{"stringValue": each} for each in value]}}
