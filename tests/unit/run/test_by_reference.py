"""Inputs and outputs that go by reference: into the team's bucket, and what Step Functions would not take."""

import io
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.config.lane import Parameter
from shared.errors import LanesError, UsageError
from shared.run.by_reference import check_size, refer
from shared.run.output import read_output
from shared.run.payload import check_bucket
from shared.run.start import Run, start

REGIONS = Parameter("regions", "array", None, "", by_reference=True)
NOTE = Parameter("note", "string", None, "")
REFERENCE = {"bucket": "bucket", "key": "inputs/run-1/regions.json"}


class FakeS3:
    """Objects of one bucket by key."""

    def __init__(self, objects=()):
        self.objects = dict(objects)

    def put_object(self, *, Bucket, Key, Body, ContentType, ExpectedBucketOwner):
        assert (Bucket, ContentType, ExpectedBucketOwner) == ("bucket", "application/json", "123456789012")
        self.objects[Key] = Body

    def head_object(self, *, Bucket, Key, ExpectedBucketOwner):
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")

    def get_object(self, *, Bucket, Key, ExpectedBucketOwner):
        body = self.objects[Key]
        return {"ContentLength": len(body), "Body": io.BytesIO(body)}


class Started:
    """A Step Functions that notes what it was started with."""

    def start_execution(self, **given):
        self.input = given["input"]
        return {"executionArn": f"arn:{given['name']}"}


@pytest.fixture
def lane(lane):
    workflow = replace(lane.workflows["w"], specs=(REGIONS, NOTE), output_by_reference=True)
    return replace(lane, workflows={"w": workflow})


def test_a_value_goes_into_the_bucket_whatever_its_size(lane):
    aws = SimpleNamespace(s3=FakeS3(), states=Started())
    start(aws, lane, "w", {"regions": [{"ü": 1}], "note": "n"}, "run-1")
    assert json.loads(aws.states.input) == {"regions": REFERENCE, "note": "n"}
    assert aws.s3.objects == {"inputs/run-1/regions.json": '[{"ü":1}]'.encode()}


def test_a_reference_that_was_given_and_what_was_left_out_stay(lane):
    aws = SimpleNamespace(s3=FakeS3({"inputs/run-1/regions.json": b"[]"}), states=Started())
    start(aws, lane, "w", {"regions": REFERENCE}, "run-2")
    assert json.loads(aws.states.input) == {"regions": REFERENCE}
    assert refer(lane, "w", {"regions": None}, "run-2").payload == {"regions": None}


def test_a_reference_to_nothing_starts_nothing(lane):
    aws = SimpleNamespace(s3=FakeS3(), states=Started())
    with pytest.raises(UsageError, match=r"s3://bucket/inputs/run-1/regions.json: regions is a reference, and there"):
        start(aws, lane, "w", {"regions": REFERENCE}, "run-2")
    assert not hasattr(aws.states, "input")


def test_a_reference_into_another_teams_bucket_is_refused(lane):
    check_bucket(lane, "w", {"regions": REFERENCE})
    with pytest.raises(UsageError, match="regions refers to 'theirs', and this team's functions reach bucket"):
        check_bucket(lane, "w", {"regions": {"bucket": "theirs", "key": "k"}})


def test_the_limit_is_of_what_the_execution_gets_in_bytes(lane):
    most = 262_144 - len('{"note":""}')
    check_size(lane, "w", {"note": "n" * most})
    check_size(lane, "w", {"note": "", "regions": ["x" * most]})
    with pytest.raises(UsageError, match=r"w has 262,145 bytes, .* takes 262,144; the largest: note 262,136") as caught:
        check_size(lane, "w", {"note": "n" * (most - 1) + "ü"})
    assert "say byReference: true of note" in str(caught.value.fix)


def test_an_input_that_may_be_any_json_has_the_same_limit(lane):
    workflow = replace(lane.workflows["w"], specs=())
    lane = replace(lane, workflows={"w": workflow})
    check_size(lane, "w", ["x" * (262_144 - 4)])
    with pytest.raises(UsageError, match="262,145 bytes"):
        check_size(lane, "w", ["x" * (262_144 - 3)])


def test_an_output_is_read_from_where_it_lies(lane):
    run, aws = Run("run-1", "arn", lane, "w"), SimpleNamespace(s3=FakeS3({"results/x.json": b"[1, 2]"}))
    output = {"bucket": "bucket", "key": "results/x.json"}
    read = read_output(aws, run, output)
    assert (read.value, read.bytes, read.is_read) == ([1, 2], 6, True)
    assert not read_output(aws, run, output, most=5).is_read
    plain = replace(lane, workflows={"w": replace(lane.workflows["w"], output_by_reference=False)})
    assert read_output(aws, replace(run, lane=plain), output) is None


@pytest.mark.parametrize("output", [{"rows": 3}, {"bucket": "theirs", "key": "k"}, None])
def test_an_output_that_is_no_reference_is_told(lane, output):
    with pytest.raises(LanesError, match="the output is no reference into bucket"):
        read_output(SimpleNamespace(s3=FakeS3()), Run("run-1", "arn", lane, "w"), output)
