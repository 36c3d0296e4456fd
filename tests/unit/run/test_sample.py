"""The sample goes into an empty bucket, where the team's file says, and nowhere else."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from moto import mock_aws

from shared.config.lane import Place
from shared.config.load import load_project
from shared.deploy.aws import connect_endpoint
from shared.run.sample import place_sample


@pytest.fixture
def project():
    return load_project(Path(__file__).parents[3])


@pytest.fixture
def aws(project):
    with mock_aws():
        place = Place("123456789012", "us-east-1", "dev")
        connected = SimpleNamespace(s3=connect_endpoint(place, "").session.client("s3"))
        connected.s3.create_bucket(Bucket=project.lane("team2").bucket)
        yield connected


def keys(aws, lane):
    return [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket=lane.bucket).get("Contents", [])]


def test_an_empty_bucket_gets_it_once(project, aws):
    lane, card = project.lane("team2"), project.cards["cosmic"]
    payload = dict(lane.workflows["cosmic"].parameters)
    assert "4 files" in place_sample(card, lane, payload, aws)
    assert len(keys(aws, lane)) == 4
    assert all(key.startswith("datasets/") for key in keys(aws, lane))
    assert place_sample(card, lane, payload, aws) is None


def test_a_run_that_looks_elsewhere_gets_none(project, aws):
    lane, card = project.lane("team2"), project.cards["cosmic"]
    payload = {**lane.workflows["cosmic"].parameters, "data_prefix": "mine"}
    assert place_sample(card, lane, payload, aws) is None
    assert keys(aws, lane) == []
