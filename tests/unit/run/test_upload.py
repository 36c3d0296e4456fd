"""Files of this machine on their way into a run."""

from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from shared.config.lane import Parameter
from shared.errors import LanesError, UsageError
from shared.run.upload import upload_files

SPECS = (
    Parameter("script", "string", None, "The program.", upload="scripts"),
    Parameter("world_size", "integer", 4, "Ranks."),
)
LANE = SimpleNamespace(bucket="the-bucket", place=SimpleNamespace(account="123456789012"))


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=LANE.bucket)
        yield SimpleNamespace(s3=s3)


def keys(aws):
    return [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket=LANE.bucket).get("Contents", [])]


def upload(aws, value):
    return upload_files(aws, LANE, SPECS, {"script": str(value), "world_size": "2"}, "run-1")


def test_a_file_lies_under_the_runs_id(aws, tmp_path):
    (tmp_path / "a.py").write_text("print()")
    assert upload(aws, tmp_path / "a.py") == {"script": "scripts/run-1/a.py"}
    assert keys(aws) == ["scripts/run-1/a.py"]


def test_a_folder_ends_in_a_slash_and_brings_all_but_what_is_hidden_or_compiled(aws, tmp_path, monkeypatch):
    for name in ("job/__main__.py", "job/deep/b.txt", "job/.git/x", "job/__pycache__/c.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    monkeypatch.chdir(tmp_path / "job")
    assert upload(aws, ".") == {"script": "scripts/run-1/job/"}
    assert keys(aws) == ["scripts/run-1/job/__main__.py", "scripts/run-1/job/deep/b.txt"]


def test_what_is_in_the_bucket_already_is_taken_from_there(aws):
    aws.s3.put_object(Bucket=LANE.bucket, Key="mine/a.py", Body=b"")
    assert upload(aws, "mine/a.py") == {"script": "mine/a.py"}
    assert upload(aws, "mine/") == {"script": "mine/"}
    assert keys(aws) == ["mine/a.py"]


@pytest.mark.parametrize("value", ["nowhere.py", "mine/a", "empty"])
def test_what_is_nowhere_is_told_before_the_run(aws, tmp_path, monkeypatch, value):
    aws.s3.put_object(Bucket=LANE.bucket, Key="mine/a.py", Body=b"")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="there is no file"):
        upload(aws, value)


def test_only_what_was_written_on_the_command_line_means_this_machine(aws):
    assert upload_files(aws, LANE, SPECS, {}, "run-1") == {}


def test_a_bucket_that_refuses_is_named(aws, tmp_path):
    (tmp_path / "a.py").write_text("")
    aws.s3.delete_bucket(Bucket=LANE.bucket)
    with pytest.raises(LanesError, match=r"s3://the-bucket/scripts/run-1/a\.py: script cannot be uploaded"):
        upload(aws, tmp_path / "a.py")
