"""How requests are read, compared with moto, which answers them, and with all of botocore's models."""

import random

import botocore.session
import pytest
from moto.backends import list_of_moto_modules
from moto.core.routing import NotFound, get_service_router
from werkzeug.test import EnvironBuilder

from shared.local.calls.models import model_of, models_signed_as
from shared.local.calls.read import read_call
from tests.helpers.wire import request_of, structure

MODULES = {"lambda": "awslambda", "opensearch": "es"}  # moto's names of services, where not botocore's without dashes
SERVED = [
    name
    for name in botocore.session.Session().get_available_services()
    if MODULES.get(name, name.replace("-", "")) in list_of_moto_modules()
]
# Services with the same requests and signing name, which share their actions' prefix.
SHARED = {"timestream-write": {"DescribeEndpoints", "ListTagsForResource", "TagResource", "UntagResource"}}
RENAMED = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",
}


def by_moto(service, request):
    """The operation that moto dispatches *request* to."""
    from moto.core.request import Request as MotoRequest

    builder = EnvironBuilder(method=request.method, path=request.path, headers=list(request.headers.items()))
    environ = builder.get_environ()
    environ |= {"QUERY_STRING": request.query, "RAW_URI": f"{request.path}?{request.query}"}
    environ["wsgi.input"].write(request.body)
    environ["wsgi.input"].seek(0)
    environ["CONTENT_LENGTH"] = str(len(request.body))
    operation, _ = get_service_router(service).match(MotoRequest(environ))
    return operation.name


def test_there_are_as_many_services_as_moto_serves():
    assert len(SERVED) > 155


@pytest.mark.parametrize("service", SERVED)
def test_each_operation_is_read_as_what_was_sent_and_as_moto_dispatches_it(service):
    model, rng = model_of(service), random.Random(service)
    assert service in [each.service_name for each in models_signed_as(model.signing_name)]
    for name in model.operation_names:
        if name in SHARED.get(service, ()):
            continue
        operation = model.operation_model(name)
        parameters = structure(operation.input_shape, rng) if operation.input_shape else {}
        request = request_of(operation, parameters, model.resolved_protocol)
        call = read_call(model.signing_name, "us-east-1", request)
        assert (call.service, call.operation) == (service, RENAMED.get(name, name))
        try:
            assert by_moto(service, request) in {name, call.operation}
        except (NotFound, NotImplementedError):
            continue  # moto answers that it does not know it, which does no harm
