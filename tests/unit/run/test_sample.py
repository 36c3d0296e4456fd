"""The sample goes where the team's file says, if nothing lies there, and nowhere else."""

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from moto import mock_aws

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.config.load import load_project
from shared.run.sample import place_own_sample, place_sample


@pytest.fixture
def project():
    return load_project(Path(__file__).parents[3])


@pytest.fixture
def aws(project):
    with mock_aws():
        place = Place("123456789012", "us-east-1", "dev")
        connected = SimpleNamespace(s3=connect_endpoint(place, "", AccessKey("id", "secret")).session.client("s3"))
        connected.s3.create_bucket(Bucket=project.lane("team2").bucket)
        yield connected


def keys(aws, lane):
    return [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket=lane.bucket).get("Contents", [])]


class Killed(BaseException):
    """Ends the command where it is, as Ctrl-C does."""


class CutOff:
    """An S3 that ends the command after so many uploaded files."""

    def __init__(self, s3, files):
        self._s3, self._left = s3, files

    def __getattr__(self, name):
        return getattr(self._s3, name)

    def upload_file(self, *words, **settings):
        if self._left == 0:
            raise Killed
        self._left -= 1
        return self._s3.upload_file(*words, **settings)


def test_an_empty_folder_gets_it_once(project, aws, tmp_path):
    lane, card = project.lane("team2"), project.card("team2", "cosmic")
    payload = dict(lane.workflows["cosmic"].parameters)
    assert "4 files" in place_sample(card, lane, payload, aws, tmp_path)
    assert len(keys(aws, lane)) == 4
    assert all(key.startswith("datasets/") for key in keys(aws, lane))
    assert place_sample(card, lane, payload, aws, tmp_path) is None
    assert list(tmp_path.glob("cloud-*")) == []


def test_what_lies_in_other_folders_is_no_matter(project, aws, tmp_path):
    lane, card = project.lane("team2"), project.card("team2", "cosmic")
    aws.s3.put_object(Bucket=lane.bucket, Key="mine/part.safetensors", Body=b"mine")
    assert "4 files" in place_sample(card, lane, dict(lane.workflows["cosmic"].parameters), aws, tmp_path)


@pytest.fixture
def half_done(project, aws, tmp_path):
    """A bucket in which the upload was cut off."""
    lane, card = project.lane("team2"), project.card("team2", "cosmic")
    payload = dict(lane.workflows["cosmic"].parameters)
    with pytest.raises(Killed):
        place_sample(card, lane, payload, SimpleNamespace(s3=CutOff(aws.s3, 2)), tmp_path)
    assert 0 < len(keys(aws, lane)) < 4
    return lane, card, payload


def test_an_upload_that_was_cut_off_is_finished(half_done, aws, tmp_path):
    lane, card, payload = half_done
    assert "4 files" in place_sample(card, lane, payload, aws, tmp_path)
    assert [key.partition("/")[0] for key in keys(aws, lane)] == ["datasets"] * 4
    assert place_sample(card, lane, payload, aws, tmp_path) is None


def test_ones_own_objects_are_not_mixed_with_the_rest_of_the_sample(half_done, aws, tmp_path):
    lane, card, payload = half_done
    aws.s3.put_object(Bucket=lane.bucket, Key="datasets/mine.safetensors", Body=b"mine")
    before = keys(aws, lane)
    assert place_sample(card, lane, payload, aws, tmp_path) is None
    assert keys(aws, lane) == before


def test_a_run_that_looks_elsewhere_gets_none(project, aws, tmp_path):
    lane, card = project.lane("team2"), project.card("team2", "cosmic")
    payload = {**lane.workflows["cosmic"].parameters, "data_prefix": "mine"}
    assert place_sample(card, lane, payload, aws, tmp_path) is None
    assert keys(aws, lane) == []


# What a team's own workflow brings in its folder


@pytest.fixture
def own(project, tmp_path):
    """Return a lane whose workflow lies in a folder with two sample files, one of them hidden, and one below."""
    for name in ("sky.csv", ".hidden", "days/one.csv"):
        path = tmp_path / "sample" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    lane = project.lane("team2")
    workflow = dataclasses.replace(lane.workflows["cosmic"], folder=tmp_path)
    return dataclasses.replace(lane, workflows={"cosmic": workflow})


def test_each_file_of_the_folder_goes_to_its_own_key_once(own, aws):
    assert place_own_sample(own, "cosmic", aws) == f"put 2 sample files of cosmic into s3://{own.bucket}/"
    assert keys(aws, own) == ["days/one.csv", "sky.csv"]
    assert place_own_sample(own, "cosmic", aws) is None


def test_what_is_there_is_left_alone(own, aws):
    aws.s3.put_object(Bucket=own.bucket, Key="sky.csv", Body=b"mine")
    aws.s3.put_object(Bucket=own.bucket, Key="days/one.csv.old", Body=b"mine")
    assert place_own_sample(own, "cosmic", aws) == f"put 1 sample file of cosmic into s3://{own.bucket}/"
    assert aws.s3.get_object(Bucket=own.bucket, Key="sky.csv")["Body"].read() == b"mine"


def test_a_workflow_without_a_folder_or_a_sample_has_none(project, own, aws, tmp_path):
    assert place_own_sample(project.lane("team2"), "cosmic", aws) is None
    shutil.rmtree(tmp_path / "sample")
    assert place_own_sample(own, "cosmic", aws) is None
