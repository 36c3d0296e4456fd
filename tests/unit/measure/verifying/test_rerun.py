"""What keeps a run from being made again is told before any cloud is started."""

import hashlib
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from shared.config.load import load_project
from shared.config.template import render_definition
from shared.measure.reports.evidence import Stored
from shared.measure.reports.read_provenance import code_digests
from shared.measure.verifying.rerun import Bench, NotRecomputable, check_same, key_of, make_again
from tests.helpers.project import REPOSITORY
from tests.helpers.reported_run import evidence, manifest, provenance


@pytest.fixture(scope="module")
def project():
    return load_project(REPOSITORY)


@pytest.fixture(scope="module")
def lane(project):
    return project.lane("team2")


@pytest.fixture(scope="module")
def code(project, lane):
    return code_digests(project, lane, "cosmic")


@pytest.fixture
def claim(lane, code):
    """Return a maker of a report of this project's own workflow, with changes."""

    def make(*, run=None, of=None, definition=None):
        told = evidence().model_copy(update={"definition": definition or render_definition(lane, "cosmic")})
        told = told.model_copy(update={"run": told.run.model_copy(update=run or {})})
        return manifest(told, provenance(**{"account": lane.place.account, "code": code, **(of or {})}))

    return make


def test_code_is_the_handlers_with_their_model_and_what_describes_the_workflow(code):
    assert {
        "shared/handlers/cosmic/quality.py",
        "shared/handlers/cosmic/astromae.onnx",
        "statemachines/cosmic.asl.json",
        "statemachines/cosmic.yaml",
        "statemachines/cosmic.requirements.txt",
    } <= set(code)
    assert not any(name.startswith(("shared/measure", "tests")) for name in code)


def test_a_run_of_this_project_can_be_made_again(project, lane, claim):
    assert check_same(project, claim()) == lane


def test_names_of_another_account_are_no_difference(project, claim, lane):
    import json

    text = json.dumps(render_definition(lane, "cosmic")).replace(lane.place.account, "999988887777")
    check_same(project, claim(definition=json.loads(text), of={"account": "999988887777"}))


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ({"team": "team99"}, "this project has no team team99"),
        ({"workflow": "ours"}, "team2 has no workflow ours"),
        ({"status": "ABORTED"}, "the run is ABORTED"),
        ({"status": "RUNNING", "stopped": None}, "the run is RUNNING"),
    ],
)
def test_a_run_that_is_not_known_here_cannot(project, claim, run, why):
    with pytest.raises(NotRecomputable, match=why):
        check_same(project, claim(run=run))


@pytest.mark.parametrize("name", ["shared/handlers/cosmic/quality.py", "statemachines/cosmic.yaml"])
def test_other_code_is_named_by_its_file(project, claim, code, name):
    with pytest.raises(NotRecomputable, match=f"other code: {name}$"):
        check_same(project, claim(of={"code": {**code, name: "0" * 64}}))
    with pytest.raises(NotRecomputable, match=f"other code: {name}$"):
        check_same(project, claim(of={"code": {key: value for key, value in code.items() if key != name}}))


def test_a_report_without_digests_of_code_cannot(project, claim):
    with pytest.raises(NotRecomputable, match="no digests of its code"):
        check_same(project, claim(of={"code": {}}))


def test_another_definition_is_named_by_its_place(project, claim, lane):
    changed = {**render_definition(lane, "cosmic"), "TimeoutSeconds": 7}
    with pytest.raises(NotRecomputable, match="TimeoutSeconds is 7, here it is"):
        check_same(project, claim(definition=changed))


def test_reports_of_one_input_and_data_share_their_runs(claim):
    first = claim()
    assert key_of(first) == key_of(claim(run={"id": "20270101T000000Z-ffffff"}))
    assert key_of(first) != key_of(claim(run={"input": '{"world_size": 4, "seed": 17}'}))
    assert key_of(first) != key_of(claim(of={"data": ()}))


def test_a_run_whose_ranks_meet_at_a_place_of_their_own_is_not_made_again(claim, lane):
    given = '{"world_size": 4, "rendezvous_endpoint": "evil.example:5000"}'
    with pytest.raises(NotRecomputable, match=r"meet at evil\.example:5000, .* reaches nothing outside"):
        make_again(None, lane, claim(run={"input": given}), print)


class Here:
    """A cloud in which nothing runs; like a rehearsal it fills an empty folder with the sample."""

    def __init__(self, s3, bucket):
        self.s3, self.bucket = s3, bucket

    def keys(self):
        return {each["Key"] for each in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])}

    def check_room(self, *_):
        pass

    def make_ready(self, *_):
        if not self.keys():
            for name in ("one.npz", "two.npz"):
                self.s3.put_object(Bucket=self.bucket, Key=f"datasets/sample/{name}", Body=name.encode())

    def meeting_here(self, *_):
        raise NotRecomputable(f"nothing runs here, on {sorted(self.keys())}")


def test_a_report_of_less_data_leaves_the_sample_whole_for_the_next(project, claim, lane, tmp_path):
    def stored(name, text):
        return Stored(key=f"datasets/sample/{name}", bytes=len(text), sha256=hashlib.sha256(text.encode()).hexdigest())

    whole = [stored(name, name) for name in ("one.npz", "two.npz")]
    own = stored("two.npz", "my own data")
    (tmp_path / "own").write_text("my own data")
    given = '{"world_size": 2, "data_prefix": "datasets/sample"}'
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=lane.bucket)
        here = Here(s3, lane.bucket)
        bench = Bench(project, SimpleNamespace(s3=s3), here, tmp_path, 2, 1.0)
        for data in (whole, whole[:1], [whole[0], own], whole):
            with pytest.raises(NotRecomputable, match=f"nothing runs here, on .*{data[-1].key}'\\]$"):
                make_again(bench, lane, claim(run={"input": given}, of={"data": tuple(data), "tables": ()}), print)
