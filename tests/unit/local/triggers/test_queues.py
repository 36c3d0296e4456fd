"""moto's queues: what they keep, and for how long."""

import pytest
from moto.core.base_backend import BackendDict
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import sqs_backends

from shared.local.triggers import queues

REMEMBERED = 2000


@pytest.fixture
def backend():
    with queues.install(lambda: None):
        yield sqs_backends["123456789012"]["us-east-1"]
    BackendDict.reset()


def received(backend, most=10):
    return backend.receive_message("q", most, 0, 30)


def test_a_message_can_be_deleted_again_and_few_of_them_are_remembered(backend):
    queue = backend.create_queue("q")
    for _ in range(REMEMBERED + 500):
        queues.send(queue, "hello")
        (message,) = received(backend)
        backend.delete_message("q", message.receipt_handle)
    backend.delete_message("q", message.receipt_handle)
    assert len(queue.deleted_messages) == REMEMBERED
    assert not queue._messages
    assert not queue.pending_messages
    with pytest.raises(ReceiptHandleIsInvalid):
        backend.delete_message("q", "never given")


def test_pollers_add_to_what_is_remembered(backend):
    queue = backend.create_queue("q")
    queues.send(queue, "hello")
    source = queues.PolledQueue(queue)
    source.delete(source.take(1))
    assert len(queue.deleted_messages) == 1


def test_a_queue_that_nobody_reads_keeps_what_is_not_too_old(backend):
    queue = backend.create_queue("q")
    queue.message_retention_period = 60
    for age in (61, 61, 30, 0):
        queues.send(queue, "hello")
        queue._messages[-1].sent_timestamp -= age * 1000
    assert len(queue._messages) == 2
    queue._messages[0].sent_timestamp -= 60_000
    assert len(received(backend)) == 1
    assert len(queue._messages) == 1
