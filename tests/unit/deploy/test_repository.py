"""ECR repositories, planned and applied against moto."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.config.lane import Image, Place
from shared.deploy.resources import DATA_REMOVED_BY, repository

PLACE = Place("123456789012", "us-east-1", "dev")
IMAGE = Image("wssr/wssr-simulate-0badcafe", "base", (), libraries=False, entrypoint=())
TAGS = {"team": "wssr", "managed-by": "teamlanes"}
LANE: Any = SimpleNamespace(team="wssr", place=PLACE)
WANT = repository.desired(LANE, IMAGE, TAGS)


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        ecr = boto3.client("ecr", region_name=PLACE.region)
        yield SimpleNamespace(client={"ecr": ecr}.__getitem__)


def carry_out(step, aws):
    for call in step.calls:
        getattr(aws.client(call.service), call.method)(**call.params)


def test_it_is_made_with_its_tags_and_then_left_alone(aws):
    assert repository.current(aws, WANT.name) is None
    step = repository.steps(WANT, None)
    assert step.action == "create"
    carry_out(step, aws)
    have = repository.current(aws, WANT.name)
    assert have == WANT
    assert repository.steps(WANT, have).action == "nothing"


def test_what_somebody_changed_is_put_right(aws):
    carry_out(repository.steps(WANT, None), aws)
    ecr = aws.client("ecr")
    ecr.put_image_tag_mutability(repositoryName=WANT.name, imageTagMutability="IMMUTABLE")
    ecr.delete_repository_policy(repositoryName=WANT.name)
    ecr.untag_resource(resourceArn=WANT.properties["arn"], tagKeys=["team"])
    step = repository.steps(WANT, repository.current(aws, WANT.name))
    assert step.action == "update"
    assert step.diff[0] == "mutability: IMMUTABLE -> MUTABLE"
    assert step.diff[1].startswith("policy: none -> {")
    assert step.diff[2] == "tag team: none -> wssr"
    carry_out(step, aws)
    assert repository.current(aws, WANT.name) == WANT


def test_it_lets_lambda_fetch_for_the_teams_functions_and_nobody_else_in():
    (allow,) = WANT.properties["policy"]["Statement"]
    assert allow["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert allow["Action"] == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    own = "arn:aws:lambda:us-east-1:123456789012:function:wssr-*"
    assert allow["Condition"] == {"ArnLike": {"aws:SourceArn": own}}


def test_names_are_those_in_the_teams_own_folder(aws):
    ecr = aws.client("ecr")
    for name in ("wssr/a-0badcafe", "wssr2/a-0badcafe", "wssr-a-0badcafe", "other/wssr/a"):
        ecr.create_repository(repositoryName=name)
    assert list(repository.names(aws, "wssr")) == ["wssr/a-0badcafe"]


def test_it_goes_with_its_images_and_only_with_its_lane(aws):
    carry_out(repository.steps(WANT, None), aws)
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}'
    aws.client("ecr").put_image(repositoryName=WANT.name, imageManifest=manifest, imageTag="latest")
    carry_out(repository.remove(repository.current(aws, WANT.name)), aws)
    assert repository.current(aws, WANT.name) is None
    assert repository.KIND in DATA_REMOVED_BY
