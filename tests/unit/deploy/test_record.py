"""Deploy records: what they say, when they are believed, and why a plan changes something."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deploy.apply import ApplyError
from shared.deploy.causes import causes_of
from shared.deploy.deploys import read_deploys
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.model import Resource
from shared.deploy.record import (
    Record,
    Records,
    digest_one,
    digest_wanted,
    read_all_records,
    read_record,
    read_records,
    record_name,
)
from shared.deploy.revision import Revision, read_revision

BEGUN = datetime(2026, 12, 1, tzinfo=UTC)
WANTED = (Resource("thing", "a", {"team": "t"}, {"size": 1}), Resource("thing", "b", {}, {"code_sha256": "x"}))
DONE = Record(digest_wanted(WANTED).whole, BEGUN, "arn", None, {"create": 2}, complete=True)


@given(
    st.text(max_size=40),
    st.datetimes(timezones=st.just(UTC)),
    st.none() | st.builds(Revision, st.text(max_size=40), changed=st.booleans()),
    st.dictionaries(st.sampled_from(["create", "nothing"]), st.integers(0, 10**6)),
    st.booleans(),
    st.frozensets(st.text("0123456789abcdef", min_size=8, max_size=8), max_size=20),
)
def test_a_record_is_read_as_it_was_written(by, begun, revision, steps, complete, each):
    record = Record("f" * 64, begun, by, revision, steps, complete=complete, each=each)
    assert read_record(record.text()) == record


@given(st.text() | st.sampled_from(["{}", "[]", "null", '{"format": 1}', '{"format": 2}', DONE.text()[:-9]]))
def test_what_is_no_record_is_read_as_none(text):
    assert read_record(text) is None


def test_a_record_of_a_large_lane_fits_a_parameter():
    each = frozenset(f"{i:08x}" for i in range(380))
    steps = dict.fromkeys(("create", "update", "replace", "delete", "nothing"), 10**6)
    arn = "arn:aws-us-gov:sts::123456789012:assumed-role/" + 128 * "r"
    record = Record("f" * 64, BEGUN, arn, Revision("f" * 40, changed=True), steps, complete=True, each=each)
    assert len(record.text()) <= 4096
    assert read_record(dataclasses.replace(record, each=each | {"g" * 8}).text()).each == frozenset()


@pytest.mark.parametrize(
    ("by_writer", "unread", "agrees"),
    [
        ({}, (), False),
        ({"platform": DONE}, (), True),
        ({"platform": DONE}, ("deployer",), False),
        ({"platform": dataclasses.replace(DONE, complete=False)}, (), False),
        ({"platform": DONE, "deployer": dataclasses.replace(DONE, complete=False)}, (), False),
        ({"platform": DONE, "deployer": dataclasses.replace(DONE, wanted="x", begun=BEGUN + timedelta(1))}, (), False),
        ({"platform": DONE, "deployer": dataclasses.replace(DONE, wanted="x", begun=BEGUN - timedelta(1))}, (), True),
    ],
)
def test_only_the_last_deploy_is_believed_and_none_that_is_unfinished(by_writer, unread, agrees):
    assert Records(by_writer, unread).agree_with(digest_wanted(WANTED)) is agrees


@pytest.mark.parametrize("change", [{"kind": "other"}, {"name": "c"}, {"tags": {}}, {"properties": {"size": 2}}])
def test_whatever_is_wanted_otherwise_changes_the_digest(change):
    other = (dataclasses.replace(WANTED[0], **change), WANTED[1])
    assert digest_wanted(other).whole != digest_wanted(WANTED).whole
    assert digest_one(other[0]) not in digest_wanted(WANTED).each


def test_a_deploy_is_written_down_and_believed_until_a_file_changes(lane, project, aws):
    deployment = prepare_lane(lane, project, aws)
    assert not deployment.as_recorded(read_records(lane, aws))
    deployment.deploy()
    records = read_all_records(lane.place, aws)
    assert set(records) == {"team2"}
    assert deployment.as_recorded(records["team2"])
    assert prepare_lane(lane, project, aws).deploy().changes == ()
    (first,) = read_deploys(lane, aws)
    assert (first.writer, first.record.complete, first.record.steps["create"] > 10) == ("platform", True, True)

    (project.root / "shared/handlers/cosmic/init.py").write_text("def handler(event, context):\n    return 2\n")
    changed = prepare_lane(lane, project, aws)
    assert not changed.as_recorded(records["team2"])
    causes = causes_of(changed.plan(), changed.wanted(), records["team2"])
    assert set(causes.values()) == {"the file"}
    changed.deploy()
    assert [each.record.steps.get("update") for each in read_deploys(lane, aws)] == [2, None]


def test_what_was_changed_by_hand_is_told_from_what_the_file_changed(lane, project, aws):
    prepare_lane(lane, project, aws).deploy()
    init, infer = lane.functions["cosmic-init"], lane.functions["cosmic-infer"]
    aws.lambda_.update_function_configuration(FunctionName=init.name, Timeout=77)
    bigger = dataclasses.replace(
        lane, functions={**lane.functions, "cosmic-infer": dataclasses.replace(infer, memory_mb=999)}
    )
    deployment, records = prepare_lane(bigger, project, aws), read_records(lane, aws)
    causes = causes_of(deployment.plan(), deployment.wanted(), records)
    assert causes == {("function", init.name): "by hand", ("function", infer.name): "the file"}
    same = prepare_lane(lane, project, aws)
    assert same.as_recorded(records)  # a claim: only what is wanted is looked at
    assert set(causes_of(same.plan(), same.wanted(), records).values()) == {"by hand"}
    assert set(causes_of(same.plan(), same.wanted(), Records()).values()) == {"unknown"}


def test_a_deploy_that_stops_midway_is_seen_to_be_unfinished(lane, project, aws):
    def stop(_):
        raise KeyboardInterrupt

    from shared.deploy.watch import Watch

    with pytest.raises(ApplyError):
        prepare_lane(lane, project, aws).deploy(Watch(on_step=stop))
    assert not read_records(lane, aws).newest.complete
    assert [each.record.complete for each in read_deploys(lane, aws)] == [False]


def test_destroying_a_lane_removes_its_records_first(lane, project, aws):
    prepare_lane(lane, project, aws).deploy()
    done = destroy(lane, aws)
    assert str(done.steps[0]) == f"delete deploy record {record_name(lane, 'platform')}"
    assert read_all_records(lane.place, aws) == {}
    assert read_deploys(lane, aws) == []


def test_no_checkout_has_no_revision(tmp_path):
    assert read_revision(tmp_path / "nowhere") is None
