"""moto behind our server: what happens before a service is first asked, and what servers of one process share."""

import contextlib

import pytest
from botocore.exceptions import ClientError

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.server import MotoServer

PLACE = Place("123456789012", "us-east-1", "test")


@pytest.fixture
def serve():
    with contextlib.ExitStack() as running:

        def start(**settings):
            server = running.enter_context(MotoServer(**settings))
            server.start()
            return connect_endpoint(PLACE, server.endpoint, AccessKey("id", "secret"))

        yield start


def test_what_a_service_needs_is_done_once_before_its_first_request(serve):
    done = []
    aws = serve(before={"sqs": lambda: done.append("sqs"), "sns": lambda: done.append("sns")})
    aws.client("sts").get_caller_identity()
    assert done == []
    for _ in range(2):
        aws.client("sqs").list_queues()
    assert done == ["sqs"]


def test_what_failed_before_a_service_is_tried_again(serve):
    outcomes = iter([RuntimeError("not yet"), None])

    def prepare():
        if error := next(outcomes):
            raise error

    sqs = serve(before={"sqs": prepare}).client("sqs")
    sqs.meta.events.register_first("needs-retry.*.*", lambda **_: False)  # the first answer counts: no second try
    with pytest.raises(ClientError):
        sqs.list_queues()
    assert sqs.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_later_server_prepares_anew(serve):
    done = []
    for number in range(2):
        aws = serve(before={"sqs": lambda number=number: done.append(number)})
        aws.client("sqs").list_queues()
    assert done == [0, 1]
