"""The cloud of one process: what it answers, what it refuses, and that it leaves nothing behind."""

import json
import os
import socket
import subprocess
import sys
import threading

import pytest
from botocore.exceptions import ClientError

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.errors import LanesError
from shared.local.asl.services import Services
from shared.local.cloud import EmbeddedCloud
from shared.local.door.sessions import Issuer

PLACE = Place("210987654321", "eu-west-1", "test")


def test_answers_as_the_account_and_region_of_its_place(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        aws = connect_endpoint(PLACE, cloud.endpoint, cloud.key)
        assert aws.client("sts").get_caller_identity()["Account"] == PLACE.account
        assert aws.client("logs").meta.region_name == PLACE.region


def test_starts_empty_each_time(tmp_path):
    for _ in range(2):
        with EmbeddedCloud(PLACE, tmp_path) as cloud:
            s3 = connect_endpoint(PLACE, cloud.endpoint, cloud.key).s3
            assert s3.list_buckets()["Buckets"] == []
            s3.create_bucket(Bucket="some-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def test_large_objects_come_back_whole_and_leave_no_file(tmp_path):
    body = bytes(range(256)) * 40_000  # 10 MB: beyond what moto holds in memory
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        s3 = connect_endpoint(PLACE, cloud.endpoint, cloud.key).s3
        s3.create_bucket(Bucket="some-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="some-bucket", Key="large", Body=body)
        assert s3.get_object(Bucket="some-bucket", Key="large")["Body"].read() == body
    assert [path.name for path in (tmp_path / "scratch").iterdir()] == [".lock"]


def test_listens_on_loopback_only_and_closes_its_port(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        host, port = cloud.endpoint.removeprefix("http://").split(":")
        assert host == "127.0.0.1"
        connect_endpoint(PLACE, cloud.endpoint, cloud.key).s3.list_buckets()  # a connection that is kept open
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)


def test_ends_its_threads(tmp_path):
    before = set(threading.enumerate())
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        connect_endpoint(PLACE, cloud.endpoint, cloud.key).s3.list_buckets()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=5)
        assert not thread.is_alive()


def test_a_taken_port_is_said_with_the_fix(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LanesError, match=f"port {port} is taken") as caught:
            EmbeddedCloud(PLACE, tmp_path, port=port).__enter__()
    assert "--port" in str(caught.value)
    with EmbeddedCloud(PLACE, tmp_path, port=port):
        pass  # the failed start left nothing in the way


def test_one_cloud_a_process(tmp_path):
    with (
        EmbeddedCloud(PLACE, tmp_path),
        pytest.raises(LanesError, match="already"),
        EmbeddedCloud(PLACE, tmp_path),
    ):
        pass


def test_a_scratch_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "scratch").write_text("a file is in the way")
    with pytest.raises(LanesError, match="no scratch space"), EmbeddedCloud(PLACE, tmp_path):
        pass


def test_a_proxy_of_the_environment_is_not_asked_for_the_loopback(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        assert connect_endpoint(PLACE, cloud.endpoint, cloud.key).s3.list_buckets()["Buckets"] == []
        engine = Services(cloud.endpoint, Issuer(cloud.key))
        assert engine.client("s3", PLACE.region).list_buckets()["Buckets"] == []
        engine.close()


def test_the_users_profile_and_files_for_aws_are_not_read(tmp_path, monkeypatch):
    broken = tmp_path / "config"
    broken.write_text("no section\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(broken))
    monkeypatch.setenv("AWS_PROFILE", "gone")
    assert connect_endpoint(PLACE, "http://127.0.0.1:9", AccessKey("id", "secret")).s3.meta.region_name == PLACE.region
    engine = Services("http://127.0.0.1:9")
    assert engine.client("s3", PLACE.region).meta.region_name == PLACE.region
    engine.close()


def test_a_profile_that_is_not_there_does_not_stop_it():
    code = "from pathlib import Path; from shared.config.lane import Place\n"
    code += "from shared.local.cloud import EmbeddedCloud\nimport os, tempfile\n"
    code += "with tempfile.TemporaryDirectory() as folder:\n"
    code += "  with EmbeddedCloud(Place('1' * 12, 'us-east-1', 't'), Path(folder)): pass\n"
    code += "print(os.environ['AWS_PROFILE'], 'MOTO_ACCOUNT_ID' in os.environ)"
    environment = {**os.environ, "AWS_PROFILE": "gone"}
    command = [sys.executable, "-c", code]  # its own process: moto is imported once
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("gone False\n", "")


@pytest.fixture
def bucket(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        s3 = connect_endpoint(PLACE, cloud.endpoint, cloud.key).s3
        s3.create_bucket(Bucket="some-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

        def protect(**statement):
            everything = ["arn:aws:s3:::some-bucket", "arn:aws:s3:::some-bucket/*"]
            deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything}
            policy = {"Version": "2012-10-17", "Statement": [deny | statement]}
            s3.put_bucket_policy(Bucket="some-bucket", Policy=json.dumps(policy))
            return s3

        yield protect


def test_a_policy_against_plain_http_does_not_lock_the_loopback_out(bucket):
    s3 = bucket(Condition={"Bool": {"aws:SecureTransport": "false"}})
    s3.put_object(Bucket="some-bucket", Key="key", Body=b"body")
    assert s3.get_object(Bucket="some-bucket", Key="key")["Body"].read() == b"body"


def test_a_policy_without_conditions_holds(bucket):
    s3 = bucket(Action="s3:PutObject")
    with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
        s3.put_object(Bucket="some-bucket", Key="key", Body=b"body")
