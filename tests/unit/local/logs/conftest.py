"""CloudWatch of moto over a database in a folder, with a clock that tests move."""

from __future__ import annotations

import itertools
import time

import boto3
import pytest
from moto import mock_aws
from moto.core.base_backend import BackendDict

from shared.config.cloud_bounds import Bound, CloudBounds
from shared.local import logs
from shared.local.storage import Storage

KEYS = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
GROUP = "/aws/lambda/f"


class Clock:
    """Seconds since the epoch, from a whole minute on."""

    def __init__(self):
        self.seconds = float(int(time.time()) // 60 * 60)

    def __call__(self):
        return self.seconds

    @property
    def ms(self):
        return int(self.seconds * 1000)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def storage(tmp_path):
    return Storage(tmp_path / "data", persistent=False, bounds=CloudBounds(logs=Bound(30, 64)))


@pytest.fixture
def room(storage, clock):
    with mock_aws(), logs.install(storage, clock) as installed:
        yield installed
    BackendDict.reset()


@pytest.fixture
def cloudwatch(room):
    return boto3.client("logs", **KEYS)


@pytest.fixture
def stream(cloudwatch):
    """Make a group with a stream ``s``, and return what writes messages there, a millisecond apart from now on."""
    cloudwatch.create_log_group(logGroupName=GROUP)
    cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName="s")

    def put(*messages, at, stream="s"):
        events = [{"timestamp": when, "message": text} for when, text in zip(itertools.count(at), messages)]
        return cloudwatch.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)

    return put
