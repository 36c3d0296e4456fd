"""Lineages: how often functions were called for the sake of one event."""

from urllib.parse import quote

import flask
import pytest

from shared.local.lambda_runtime import lineage
from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.lambda_runtime.runtime_api import new_trace_id

F, G = (f"arn:aws:lambda:us-east-1:123456789012:function:{name}" for name in "fg")


def called(function, times, so_far=""):
    for _ in range(times):
        so_far = lineage.after_call(so_far, function)
    return so_far


def test_calls_are_counted_for_each_function_whatever_its_version():
    so_far = called(G, 3, called(f"{F}:live", 15))
    assert not lineage.too_often(so_far, F)
    assert lineage.too_often(called(F, 1, so_far), f"{F}:1")
    assert not lineage.too_often(called(F, 1, so_far), G)


def test_a_batch_has_the_most_calls_of_its_messages():
    assert lineage.merged(["", called(F, 3), called(G, 2, called(F, 1))]) == called(G, 2, called(F, 3))
    assert lineage.merged([]) == ""


def test_a_request_brings_the_lineage_that_the_sdk_sends_and_a_batch_has_its_own():
    so_far = called(G, 1, called(F, 12))
    sent = quote(new_trace_id(0.0, so_far), safe="-=;:+&[]{}\"',")  # as botocore does
    assert lineage.current() == ""
    with flask.Flask("x").test_request_context(headers={"X-Amzn-Trace-Id": sent}):
        assert lineage.current() == so_far
        with lineage.having(""):
            assert lineage.current() == ""
    with lineage.having(so_far):
        assert lineage.current() == so_far


@pytest.mark.parametrize("sent", ["", "Root=1-0-0", "Lineage=nonsense", "Lineage=abcdef01:x", "Lineage=%00"])
def test_a_header_that_tells_no_lineage_tells_none(sent):
    with flask.Flask("x").test_request_context(headers={"X-Amzn-Trace-Id": sent}):
        assert lineage.current() == ""


def test_a_loop_is_refused_each_time_and_told_of_once(caplog):
    loops, so_far = lineage.Loops(), called(F, lineage.MOST)
    loops.check(so_far, G)
    for _ in range(3):
        with pytest.raises(InvokeRefusedError) as refused:
            loops.check(so_far, F)
        assert refused.value.code == "RecursiveInvocationException"
    assert len(caplog.records) == 1
    loops.forget(F)
    assert loops._told == set()
