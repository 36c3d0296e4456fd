"""Groups spans into batches that a receiver takes: bounded in number and in size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.measure.tracing.span import Resource, Span, Value

MOST_SPANS = 512
"""Spans in a batch, at most: what OpenTelemetry's own exporters send at once."""
MOST_BYTES = 1024 * 1024
"""About the size of a batch, at most. Receivers take 4 MiB and more."""
_SPAN = 200  # bytes of a span beside its texts
_EACH = 16  # bytes of an attribute beside its texts


def batches(spans: Iterable[Span], most: int = MOST_SPANS, most_bytes: int = MOST_BYTES) -> Iterator[list[Span]]:
    """Yield *spans* in lists of *most* at most, whose texts have together about *most_bytes* at most."""
    batch: list[Span] = []
    held = 0
    for span in spans:
        size = size_of(span)
        if batch and (len(batch) == most or held + size > most_bytes):
            yield batch
            batch, held = [], 0
        batch.append(span)
        held += size
    if batch:
        yield batch


def by_resource(batch: Iterable[Span]) -> dict[Resource, list[Span]]:
    """Return the spans of a batch by who they are by, in their order."""
    found: dict[Resource, list[Span]] = {}
    for span in batch:
        found.setdefault(span.resource, []).append(span)
    return found


def size_of(span: Span) -> int:
    """Return about how many bytes *span* takes: those of its texts, and a little for each part."""
    told = [span.attributes, *(event.attributes for event in span.events), *(link.attributes for link in span.links)]
    texts = sum(_EACH + len(key) + _length(value) for each in told for key, value in each.items())
    return _SPAN + texts + len((span.error or "").encode()) + len(span.name.encode())


def _length(value: Value) -> int:
    return len(str(value).encode())
