"""What ``lanes trace`` refuses before it reads anything. With a cloud: tests/workflows/test_trace.py."""

import sys

import pytest


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["team2", "--otlp", "ftp://localhost"], 2, "fix: http://localhost:4318"),
        (["team2", "--otlp", "nowhere/trace.json"], 2, "folder that is not there"),
        (["team2", "--otlp", "-", "--json"], 2, "stdout cannot hold the trace and this"),
        (["team2"], 2, "Missing option '--otlp'"),
        (["nobody", "--otlp", "trace.json"], 2, "unknown team 'nobody'"),
        (["team2", "--otlp", "trace.json"], 1, "no cloud runs here, and the history of a run ends with its cloud"),
    ],
)
def test_what_cannot_be_is_said_with_the_way_out(lanes, words, code, said):
    ended, out, err = lanes("trace", *words)
    assert (ended, out) == (code, "")
    assert said in err


def test_headers_that_would_go_in_clear_are_refused_without_being_shown(lanes, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2")
    ended, _, err = lanes("trace", "team2", "--otlp", "http://collector.example:4318")
    assert ended == 2
    assert "would go to collector.example unencrypted" in err
    assert "hunter2" not in err


def test_without_the_extra_it_says_what_to_install(lanes, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.proto", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.collector.trace.v1.trace_service_pb2", None)
    monkeypatch.delitem(sys.modules, "shared.measure.tracing.otlp_protobuf", raising=False)
    ended, _, err = lanes("trace", "team2", "--otlp", "http://localhost:4318")
    assert ended == 2
    assert "fix: pip install 'teamlanes[traces]'; a file needs none: --otlp trace.json" in err
