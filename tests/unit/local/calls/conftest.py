"""What the tests of reading and of needs share."""

import runpy
from pathlib import Path

import pytest

from shared.local.calls.models import model_of
from shared.local.calls.read import read_call

_WIRE = runpy.run_path(str(Path(__file__).with_name("wire.py")))


@pytest.fixture(scope="session")
def wire():
    """The module that writes requests: structure, request_of, without_empties."""
    return _WIRE


@pytest.fixture(scope="session")
def send(wire):
    """Return a function that writes a request as boto3 would, lets it be changed, and reads it."""

    def sent(service, operation, *, region="us-east-1", change=lambda request: request, **parameters):
        model = model_of(service)
        request = wire["request_of"](model.operation_model(operation), parameters, model.resolved_protocol)
        return read_call(model.signing_name, region, change(request))

    return sent
