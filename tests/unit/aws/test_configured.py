"""With --aws, an endpoint that a shell or a file configures is refused by name before any call is made."""

import os
import socket

import pytest

from shared.aws.client import connect_aws
from shared.aws.configured import ConfiguredEndpointError
from shared.aws.target import TargetKind, aws_target, embedded_target, endpoint_target
from shared.config.lane import Place
from shared.errors import LanesError, UsageError
from shared.local.server import MotoServer

PLACE = Place("123456789012", "us-east-1", "dev")
CONFIG = """
[default]
region = us-east-1
[profile plain]
region = us-east-1
[profile global]
endpoint_url = http://127.0.0.1:1
[profile of-services]
services = emulated
[profile ignoring]
endpoint_url = http://127.0.0.1:1
ignore_configured_endpoint_urls = true
[services emulated]
s3 =
  endpoint_url = http://127.0.0.1:2
sqs =
  addressing_style = path
dynamodb =
  endpoint_url = http://127.0.0.1:3
[services nobodys]
s3 =
  endpoint_url = http://127.0.0.1:4
"""
CREDENTIALS = """
[default]
aws_access_key_id = AKIAEXAMPLE
aws_secret_access_key = example
[in-credentials]
aws_access_key_id = AKIAEXAMPLE
aws_secret_access_key = example
endpoint_url = http://127.0.0.1:5
"""


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """A shell whose AWS files are these, with no variable of AWS's beside."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "credentials").write_text(CREDENTIALS)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


@pytest.fixture
def cloud():
    server = MotoServer()
    server.start()
    yield server.endpoint
    server.stop()


@pytest.fixture
def listener():
    """A server that nobody should call; the test sees whether somebody did."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_STEP_FUNCTIONS"])
def test_a_variable_is_refused_by_name_before_any_call(name, listener, monkeypatch):
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv(name, url)
    with pytest.raises(ConfiguredEndpointError) as error:
        connect_aws(PLACE)
    assert f"--aws means AWS, and this would send calls elsewhere: {name}={url} in the environment" in str(error.value)
    assert "--endpoint URL" in error.value.fix
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("global", "endpoint_url = http://127.0.0.1:1 of profile global in {}/config"),
        ("in-credentials", "endpoint_url = http://127.0.0.1:5 of profile in-credentials in {}/credentials"),
        ("of-services", "http://127.0.0.1:2 of s3 in services emulated, which profile of-services names, in {}/config"),
        ("of-services", "http://127.0.0.1:3 of dynamodb in services emulated"),
    ],
)
@pytest.mark.parametrize("by", ["option", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_is_refused_with_its_file(profile, said, by, files, monkeypatch):
    if by != "option":
        monkeypatch.setenv(by, profile)
    with pytest.raises(ConfiguredEndpointError) as error:
        connect_aws(PLACE, profile if by == "option" else None)
    assert said.format(files) in error.value.what
    assert "127.0.0.1:4" not in error.value.what


def test_all_are_named_at_once(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:6")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:7")
    monkeypatch.setenv("AWS_PROFILE", "global")
    with pytest.raises(ConfiguredEndpointError) as error:
        connect_aws(PLACE)
    assert [each in error.value.what for each in ("127.0.0.1:6", "127.0.0.1:7", "127.0.0.1:1 ")] == [True] * 3


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:6", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": ""},
        {"AWS_PROFILE": "plain"},
        {"AWS_PROFILE": "ignoring"},
        {"AWS_ENDPOINT_URLS": "http://127.0.0.1:6"},
    ],
)
def test_what_botocore_does_not_follow_is_none(environment, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # as far as it gets: nobody listens there
    with pytest.raises(LanesError, match=r"AWS (cannot be reached|does not know these credentials): ") as error:
        connect_aws(PLACE)
    assert not isinstance(error.value, ConfiguredEndpointError)


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:9"])
def test_a_profile_or_file_that_cannot_be_read_is_told(endpoint, files, monkeypatch):
    with pytest.raises(LanesError, match="nobodys"):
        connect_aws(PLACE, "nobodys", endpoint)
    (files / "config").write_text("this is no such file")
    with pytest.raises(LanesError, match="config"):
        connect_aws(PLACE, endpoint=endpoint)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(LanesError, match="credentials"):
        connect_aws(PLACE, endpoint=endpoint)


def test_an_endpoint_on_purpose_goes_before_all_that_is_configured(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:6")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:7")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    aws = connect_aws(PLACE, endpoint=f"{cloud}/")
    assert (aws.target.kind, aws.target.endpoint, aws.target.embedded) == (TargetKind.ENDPOINT, cloud, False)
    assert aws.s3.list_buckets()["Buckets"] == []
    assert aws.caller.startswith("arn:aws:")


def test_that_aws_cannot_be_reached_is_no_fault_of_credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(LanesError, match="AWS cannot be reached: "):
        connect_aws(PLACE)


def test_what_does_not_answer_is_told_as_such(listener):
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(LanesError, match=f"nothing answers as AWS does at http://127.0.0.1:{port}: "):
        connect_aws(PLACE, endpoint=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("url", ["127.0.0.1:4566", "ftp://x", "http://", "http://h:x", "http://h/?q=1", "http://u:p@h"])
def test_what_is_no_url_of_a_server_is_refused(url):
    with pytest.raises(UsageError, match="is no URL of a server"):
        endpoint_target(PLACE, url)


def test_a_target_is_told_as_one_line_and_as_data():
    url = "http://127.0.0.1:4566"
    targets = aws_target(PLACE), embedded_target(PLACE, url), endpoint_target(PLACE, url)
    assert [str(each) for each in targets] == [
        "AWS account 123456789012 in us-east-1",
        "the embedded cloud (account 123456789012 in us-east-1)",
        "http://127.0.0.1:4566 in AWS's place (account 123456789012 in us-east-1)",
    ]
    assert [each.as_data() for each in targets] == [
        {"kind": kind, "account": "123456789012", "region": "us-east-1", "endpoint": endpoint}
        for kind, endpoint in (("aws", None), ("embedded", url), ("endpoint", url))
    ]
    assert [each.on_loopback for each in targets] == [False, True, True]
    assert not endpoint_target(PLACE, "https://vpce-1.s3.us-east-1.vpce.amazonaws.com").on_loopback
