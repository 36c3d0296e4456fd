"""What of a run's data is another's on another account: hidden in a recording, and shown again as it is there."""

import json
from dataclasses import replace

import pytest

from shared.config.load import load_project
from shared.errors import LanesError
from shared.testing.recorded.own_names import OwnNames
from tests.helpers.project import REPOSITORY


@pytest.fixture(scope="module")
def lane():
    return load_project(REPOSITORY).lane("topics")


def test_names_become_placeholders_and_come_back_as_another_account_has_them(lane):
    (table,) = lane.tables
    data = {
        "function": lane.function_arn("item-map-log"),
        lane.bucket: [f"s3://{lane.bucket}/runs/r-1/x", table.name],
        "machine": lane.state_machine_arn("item-map"),
        "count": [1, None, True, "123456789012345"],
    }
    hidden = OwnNames(lane, "r-1").hidden(data)
    assert hidden == {
        "function": "arn:aws:lambda:${lane.region}:${lane.account}:function:${lane.function.item-map-log}",
        "${lane.bucket}": ["s3://${lane.bucket}/runs/${lane.run}/x", "${lane.table.item-map.items}"],
        "machine": "arn:aws:states:${lane.region}:${lane.account}:stateMachine:${lane.workflow.item-map}",
        "count": [1, None, True, "123456789012345"],
    }
    assert OwnNames(lane, "r-1").shown(hidden) == data
    elsewhere = replace(lane, place=replace(lane.place, account="999999999999"), bucket="another")
    shown = json.dumps(OwnNames(elsewhere, "r-2").shown(hidden))
    assert '"s3://another/runs/r-2/x"' in shown
    assert lane.place.account + ":" not in shown


def test_what_the_lane_has_no_more_is_said(lane):
    with pytest.raises(LanesError, match=r"\$\{lane\.table\.gone\.it\}, and the lane has no such thing"):
        OwnNames(lane, "r").shown(["${lane.table.gone.it}"])


def test_data_that_looks_like_a_placeholder_is_refused(lane):
    with pytest.raises(LanesError, match="which a recording uses for names"):
        OwnNames(lane, "r").hidden({"a": "${lane.bucket}"})
    assert OwnNames(lane, "r").hidden("${bucket}") == "${bucket}"
