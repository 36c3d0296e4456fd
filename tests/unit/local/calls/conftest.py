"""What the tests of reading and of needs share: requests that are written as boto3 would, and read."""

import pytest

from shared.local.calls.models import model_of
from shared.local.calls.read import read_call
from tests.helpers.wire import request_of


@pytest.fixture(scope="session")
def send():
    """Return a function that writes a request as boto3 would, lets it be changed, and reads it."""

    def sent(service, operation, *, region="us-east-1", change=lambda request: request, **parameters):
        model = model_of(service)
        request = request_of(model.operation_model(operation), parameters, model.resolved_protocol)
        return read_call(model.signing_name, region, change(request))

    return sent
