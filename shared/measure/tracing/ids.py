"""Ids of traces and spans, made from what names a thing for good: the same run has the same ids whenever it is read."""

from __future__ import annotations

from hashlib import sha256

TRACE_BYTES = 16
SPAN_BYTES = 8


def trace_id(arn: str) -> bytes:
    """Return the id of the trace of the execution *arn*: 16 bytes."""
    return _digest("trace", arn)[:TRACE_BYTES]


def span_id(trace: bytes, *names: str | int) -> bytes:
    """Return the id of a span: 8 bytes.

    Args:
        trace: The id of its trace. A nested execution that is sent as a run of its own has other spans there, since
            some receivers keep spans by their own ids alone.
        names: What names it: an ARN, the number of an event, a request's id.
    """
    return _digest(trace.hex(), *names)[:SPAN_BYTES]


def _digest(*parts: str | int) -> bytes:
    """Return a hash that is never all zeros at its beginning, which OpenTelemetry has for no id at all."""
    text = "\0".join(map(str, parts))
    made = sha256(text.encode()).digest()
    return made if any(made[:SPAN_BYTES]) else sha256(made).digest()
