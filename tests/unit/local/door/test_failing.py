"""What boto3 is told where the cloud itself fails, in each of AWS's protocols: a 503 that passes, and a 500."""

import errno
import os
import sqlite3

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.door.failing import Failing
from shared.local.server import MotoServer

PLACE = Place("123456789012", "us-east-1", "test")
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/logs.db")
CALLS = [
    ("s3", "list_buckets", "ServiceUnavailable", "InternalError"),
    ("iam", "list_roles", "ServiceUnavailable", "InternalFailure"),
    ("sqs", "list_queues", "ServiceUnavailableException", "InternalFailure"),
    ("ec2", "describe_vpcs", "Unavailable", "InternalError"),
    ("lambda", "list_functions", "ServiceUnavailableException", "InternalFailure"),
    ("stepfunctions", "list_state_machines", "ServiceUnavailableException", "InternalFailure"),
]


class Inside:
    """A cloud that raises what it is given, then goes on."""

    def __init__(self, moto):
        self.moto = moto
        self.raises = []

    def __call__(self, environ, start):
        if self.raises:
            raise self.raises.pop()
        return self.moto(environ, start)


@pytest.fixture
def cloud(tmp_path):
    inside = []

    def wrap(moto):
        inside.append(Inside(moto))
        return Failing(inside[0], tmp_path)

    with MotoServer(wrap=wrap) as server:
        server.start()
        aws = connect_endpoint(PLACE, server.endpoint, AccessKey("id", "secret"))

        def client(service, tries=1):
            options = Config(retries={"total_max_attempts": tries}, s3={"addressing_style": "path"})
            return aws.session.client(service, endpoint_url=server.endpoint, config=options)

        yield inside[0], client


@pytest.mark.parametrize(("service", "call", "full", "fault"), CALLS)
def test_boto3_reads_the_code_and_the_words(cloud, service, call, full, fault, caplog):
    inside, client = cloud
    ask = getattr(client(service), call)
    inside.raises = [FULL]
    with pytest.raises(ClientError) as caught:
        ask()
    told = caught.value.response
    assert (told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"]) == (503, full)
    assert told["Error"]["Message"] == (
        "the embedded cloud cannot write: /somewhere/logs.db: No space left on device; free space there"
    )
    assert [each.getMessage() for each in caplog.records] == [
        "calls are answered with 503: /somewhere/logs.db: No space left on device; fix: free space there"
    ]
    inside.raises = [ZeroDivisionError("of ours")]
    with pytest.raises(ClientError, match="a fault in the embedded cloud: ZeroDivisionError: of ours") as caught:
        ask()
    assert caught.value.response["Error"]["Code"] == fault
    assert caplog.records[-1].exc_info
    ask()


def test_boto3_tries_a_full_disk_again_and_goes_on_when_there_is_space(cloud):
    inside, client = cloud
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    inside.raises = [full]
    assert client("sqs", tries=2).list_queues()["ResponseMetadata"]["RetryAttempts"] == 1


def test_a_service_of_motos_that_fails_is_told_with_words(cloud):
    _, client = cloud
    sqs = client("sqs")
    sqs.meta.events.register("before-call.sqs.*", lambda params, **_: params.update(body=b"[]"))  # moto wants a mapping
    with pytest.raises(ClientError, match="a fault in the embedded cloud: ") as caught:
        sqs.create_queue(QueueName="q")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def test_of_a_client_that_is_gone_nothing_is_written_down(cloud, caplog):
    inside, client = cloud
    inside.raises = [ConnectionResetError()]
    with pytest.raises(ClientError):
        client("sqs").list_queues()
    assert caplog.records == []
