"""``lanes trace`` of a real run on the cloud of ``lanes up``: into a file, to stdout, and to a receiver."""

import json

import pytest

from tests.helpers.collector import PROTOBUF, collecting, partial

pytestmark = pytest.mark.workflow


@pytest.fixture
def run_id(lanes):
    ran = lanes("run", "topics", "item-map", "--json", "--waitDurationSeconds", "0")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)["run_id"]


def names(document):
    return sorted(
        span["name"] for part in document["resourceSpans"] for scope in part["scopeSpans"] for span in scope["spans"]
    )


def test_a_run_in_a_file_on_stdout_and_at_a_receiver_is_the_same(lanes, root, run_id):
    told = lanes("trace", "topics", run_id, "--otlp", "trace.json", "--json")
    assert told.code == 0, told.err
    summary = json.loads(told.out)
    document = json.loads((root / "trace.json").read_text())
    assert len(names(document)) == summary["spans"]
    assert (summary["run_id"], summary["without_report"], summary["unread"]) == (run_id, 0, 0)
    functions = [name for name in names(document) if "-log-" in name]
    assert len(functions) == 3, "one for each item"
    printed = lanes("trace", "topics", run_id, "--otlp", "-")
    assert json.loads(printed.out) == document
    assert f"trace  {summary['trace_id']}" in printed.err
    with collecting() as collector:
        sent = lanes("trace", "topics", "--otlp", collector.url)
        assert sent.code == 0, sent.err
        assert sent.out.splitlines()[:2] == [f"run    {run_id}", f"trace  {summary['trace_id']}"]
    (request,) = collector.requests
    spans = [span for part in request.resource_spans for scope in part.scope_spans for span in scope.spans]
    assert sorted(span.name for span in spans) == names(document)
    assert {span.trace_id.hex() for span in spans} == {summary["trace_id"]}


def test_what_the_receiver_refuses_is_an_error_behind_the_summary(lanes, run_id):
    with collecting() as collector:
        collector.answers = [(200, PROTOBUF, partial(2, "too \x1b[31mold"))]
        told = lanes("trace", "topics", run_id, "--otlp", collector.url, "--json")
    assert told.code == 1
    assert json.loads(told.out)["rejected"] == 2
    assert "says: too \\x1b[31mold" in told.err
    assert "it refused 2 of " in told.err
