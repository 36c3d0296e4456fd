"""Both forms of OTLP, held against OpenTelemetry's own messages, and how spans fall into batches."""

import base64
import json

from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared.measure.tracing.batches import batches, size_of
from shared.measure.tracing.otlp_json import document
from shared.measure.tracing.otlp_protobuf import request
from shared.measure.tracing.span import Happening, Kind, Link, Resource, Span

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUE = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(TEXT, max_size=2).map(tuple),
)
TOLD = st.dictionaries(TEXT, VALUE, max_size=3)
ID = st.binary(min_size=8, max_size=8)
TIME = st.integers(0, 2**64 - 1)
SPAN = st.builds(
    Span,
    trace=st.binary(min_size=16, max_size=16),
    id=ID,
    parent=st.one_of(st.just(b""), ID),
    name=TEXT,
    kind=st.sampled_from(Kind),
    start=TIME,
    end=TIME,
    resource=st.sampled_from([Resource((("service.name", "a"),)), Resource((("faas.max_memory", 2**40),))]),
    attributes=TOLD,
    error=st.one_of(st.none(), TEXT),
    events=st.lists(st.builds(Happening, TEXT, TIME, TOLD), max_size=2).map(tuple),
    links=st.lists(st.builds(Link, ID, TOLD), max_size=2).map(tuple),
)


def message_of(text):
    """Return a document as OpenTelemetry's message: ids in JSON are hexadecimal there, and base64 in protobuf's."""

    def known(value):
        for key in ("traceId", "spanId", "parentSpanId"):
            if key in value:
                value[key] = base64.b64encode(bytes.fromhex(value[key])).decode()
        return value

    return json_format.ParseDict(json.loads(text, object_hook=known), ExportTraceServiceRequest())


@given(spans=st.lists(SPAN, min_size=1, max_size=6))
def test_a_document_is_the_message_that_is_sent(spans):
    sent = ExportTraceServiceRequest.FromString(request(spans, "0.1"))
    assert message_of("".join(document([spans], "0.1"))) == sent
    told = [span for part in sent.resource_spans for scope in part.scope_spans for span in scope.spans]
    assert sorted(span.span_id for span in told) == sorted(span.id for span in spans)


def test_a_document_of_several_batches_is_one_line_that_holds_them_all(span):
    text = "".join(document([[span(1), span(2)], [span(3)]], "0.1"))
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert len(message_of(text).resource_spans) == 2
    assert message_of("".join(document([], "0.1"))) == ExportTraceServiceRequest()


def test_numbers_of_64_bits_are_texts_in_json_and_ids_hexadecimal(span):
    (part,) = json.loads("".join(document([[span(255, attributes={"many": 2**53 + 1})]], "0.1")))["resourceSpans"]
    (shown,) = part["scopeSpans"][0]["spans"]
    assert shown["spanId"] == "00000000000000ff"
    assert shown["endTimeUnixNano"] == "1700000001000000001"
    assert shown["attributes"] == [{"key": "many", "value": {"intValue": "9007199254740993"}}]


@given(sizes=st.lists(st.integers(0, 3000), max_size=60), most=st.integers(1, 20), most_bytes=st.integers(1000, 10_000))
def test_batches_hold_all_in_order_and_are_bounded(sizes, most, most_bytes):
    resource = Resource(())
    spans = [Span(b"t" * 16, b"i" * 8, b"", "x" * size, Kind.INTERNAL, n, n, resource) for n, size in enumerate(sizes)]
    made = list(batches(spans, most, most_bytes))
    assert [span for batch in made for span in batch] == spans
    assert all(len(batch) <= most for batch in made)
    assert all(len(batch) == 1 or sum(map(size_of, batch)) <= most_bytes for batch in made)


@given(spans=st.lists(SPAN, min_size=1, max_size=4))
def test_a_batch_is_not_much_larger_than_it_is_said_to_be(spans):
    resources = 2 * 200
    assert len(request(spans, "0.1")) <= sum(size_of(span) + 40 * len(span.events) for span in spans) + resources
