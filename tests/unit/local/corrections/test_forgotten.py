"""What was deleted or delivered in moto is not kept by it."""

import gc
import weakref

import pytest
from moto.core.base_backend import BackendDict
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import Message

from shared.local.corrections.forgotten import gone_things_forgotten

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture(autouse=True)
def forgotten():
    with gone_things_forgotten():
        yield
    BackendDict.reset()


def test_a_thing_that_nobody_holds_is_gone():
    before = len(Message.instances_tracked)
    message = Message("id", "body")
    gone = weakref.ref(message)
    del message
    gc.collect()
    assert gone() is None
    assert len(Message.instances_tracked) == before


def test_a_topic_keeps_nothing_that_was_published():
    topic = sns_backends[ACCOUNT][REGION].create_topic("t")
    assert topic.publish("hello")
    assert topic.sent_notifications == []


def test_tags_go_with_a_log_group_and_with_a_bucket():
    logs, s3 = logs_backends[ACCOUNT][REGION], s3_backends[ACCOUNT]["aws"]
    for _ in range(3):
        logs.create_log_group("g", {"a": "b"})
        s3.create_bucket("some-bucket", REGION)
        s3.put_bucket_tagging("some-bucket", {"a": "b"})
        logs.delete_log_group("g")
        s3.delete_bucket("some-bucket")
    assert logs.tagger.tags == s3.tagger.tags == {}


def test_a_bucket_that_is_not_empty_keeps_its_tags():
    s3 = s3_backends[ACCOUNT]["aws"]
    s3.create_bucket("some-bucket", REGION)
    s3.put_bucket_tagging("some-bucket", {"a": "b"})
    s3.put_object("some-bucket", "key", b"")
    assert s3.delete_bucket("some-bucket") is None
    assert s3.get_bucket_tagging("some-bucket")["Tags"]


def test_an_object_that_was_written_over_closes_its_file():
    s3 = s3_backends[ACCOUNT]["aws"]
    s3.create_bucket("some-bucket", REGION)
    buffer = s3.put_object("some-bucket", "key", b"old")._value_buffer
    s3.put_object("some-bucket", "key", b"new")
    gc.collect()
    assert buffer.closed
