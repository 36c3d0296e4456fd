"""moto behind our server: what happens before a service is first asked, and what servers of one process share."""

import contextlib
import socket

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


def _reads(environ, start):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def _refuses(_environ, start):
    start("403 Forbidden", [("Content-Length", "2")])
    return [b"no"]


@pytest.mark.parametrize(
    ("application", "answers"), [(_reads, [b"HTTP/1.1 100 ", b"HTTP/1.1 200 "]), (_refuses, [b"HTTP/1.1 403 "])]
)
def test_a_client_that_waits_is_asked_for_its_body_when_it_is_read(application, answers):
    with MotoServer(wrap=lambda _: application) as server:
        server.start()
        host, port = server.endpoint.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            head = f"PUT /b/k HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            connection.sendall(head.encode())
            with connection.makefile("rb") as answer:
                for number, beginning in enumerate(answers):
                    assert answer.readline().startswith(beginning)
                    if number + 1 < len(answers):
                        assert answer.readline() == b"\r\n"
                        connection.sendall(b"hi")
