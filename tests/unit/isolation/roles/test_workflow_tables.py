"""A state reads and writes its own lane's tables, by name, and no others."""

import dataclasses
from pathlib import Path

import pytest

from shared.config.load import load_project
from shared.isolation.roles.workflow_role import UngrantedError, workflow_policy


@pytest.fixture(scope="module")
def lane():
    return load_project(Path(__file__).parents[4]).lane("topics")


def granted(lane, api, name):
    definition = {"States": {"Read": {"Type": "Task", "Resource": f"arn:aws:states:::{api}", "Arguments": name}}}
    return workflow_policy(lane, lane.workflows["item-map"], definition)


@pytest.mark.parametrize("prefix", ["", "aws-sdk:"])
def test_a_query_is_granted_on_the_own_table_alone(lane, prefix):
    (table,) = lane.tables
    first, *_ = granted(lane, f"{prefix}dynamodb:query", {"TableName": table.name}).statements
    assert (first.actions, first.resources) == (("dynamodb:Query",), (lane.table_arn(table),))


@pytest.mark.parametrize("name", ["team2-cosmic-items-7078ea12", "{% $states.input.table %}", None])
def test_another_table_or_one_that_is_computed_is_refused(lane, name):
    with pytest.raises(UngrantedError):
        granted(lane, "dynamodb:query", {"TableName": name})


def test_what_is_not_reviewed_is_refused_on_the_own_table_too(lane):
    with pytest.raises(UngrantedError, match="dynamodb:deleteTable is not granted"):
        granted(lane, "aws-sdk:dynamodb:deleteTable", {"TableName": lane.tables[0].name})


def test_a_lane_without_tables_has_none_to_read(lane):
    bare = dataclasses.replace(lane.workflows["item-map"], tables={})
    with pytest.raises(UngrantedError, match="none of the tables of team topics"):
        granted(dataclasses.replace(lane, workflows={"item-map": bare}), "dynamodb:query", {"TableName": "x"})
