"""Histories as the engine writes them, in virtual time, and spans as their names tell them."""

import pytest

from shared.measure.tracing.ids import trace_id
from shared.measure.tracing.span import Kind, Resource, Span
from tests.unit.local.asl.conftest import World

TRACE = trace_id("arn")
MACHINE = Resource((("service.name", "team2-cosmic"),))


@pytest.fixture
def world():
    return World()


@pytest.fixture
def events():
    """Return a reader of an execution's events, as GetExecutionHistory tells them."""

    def read(execution):
        return execution.history.page(0, 25_000, reverse=False, data=True)

    return read


@pytest.fixture
def span():
    """Return a maker of spans from a number and what else is to be known of them."""

    def make(number=1, **more):
        told = {
            "trace": TRACE,
            "id": number.to_bytes(8, "big"),
            "parent": b"",
            "name": f"span {number}",
            "kind": Kind.INTERNAL,
            "start": 1_700_000_000_000_000_000,
            "end": 1_700_000_001_000_000_001,
            "resource": MACHINE,
        }
        return Span(**{**told, **more})

    return make
