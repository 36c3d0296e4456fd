"""A workflow's table: made with its lane, left alone when it holds what nobody named any more, gone with the lane."""

import dataclasses

import pytest

from shared.config.resources import Key, Table
from shared.deploy.guard import OwnershipError
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.resources import table

NAME = "team2-cosmic-items-7078ea12"


@pytest.fixture
def with_table(make_lane):
    """Return a function that makes a team's lane with one table."""

    def make(team="team2", key="id"):
        lane = make_lane(team)
        tables = {"items": Table(f"{team}-cosmic-items-7078ea12", Key(key))}
        workflow = dataclasses.replace(lane.workflows["cosmic"], tables=tables)
        return dataclasses.replace(lane, workflows={"cosmic": workflow})

    return make


def changes(todo):
    return [(step.action, step.name) for step in todo.changes if step.kind == "table"]


def test_it_is_made_with_its_tags_and_then_left_alone(with_table, project, aws):
    lane = with_table()
    assert changes(prepare_lane(lane, project, aws).deploy()) == [("create", NAME)]
    assert prepare_lane(lane, project, aws).plan().changes == ()
    found = table.current(aws, NAME)
    assert found.properties == {"arn": lane.table_arn(lane.tables[0]), "key": "id", "billing": "PAY_PER_REQUEST"}
    assert found.tags["team"] == "team2"


def test_a_lost_tag_and_provisioned_billing_are_mended(with_table, project, aws):
    lane = with_table()
    prepare_lane(lane, project, aws).deploy()
    dynamodb = aws.client("dynamodb")
    dynamodb.untag_resource(ResourceArn=lane.table_arn(lane.tables[0]), TagKeys=["course"])
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    dynamodb.update_table(TableName=NAME, BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    assert changes(prepare_lane(lane, project, aws).deploy()) == [("update", NAME)]
    assert prepare_lane(lane, project, aws).plan().changes == ()


def test_another_teams_table_is_refused(with_table, project, aws):
    prepare_lane(with_table("team3"), project, aws).deploy()
    lane = with_table()
    stolen = {"items": Table("team3-cosmic-items-7078ea12", Key("id"))}
    workflow = dataclasses.replace(lane.workflows["cosmic"], tables=stolen)
    with pytest.raises(OwnershipError, match="table team3-cosmic-items-7078ea12 belongs to team team3"):
        prepare_lane(dataclasses.replace(lane, workflows={"cosmic": workflow}), project, aws).plan()


def test_another_key_is_refused_for_the_items_sake(with_table, project, aws):
    prepare_lane(with_table(), project, aws).deploy()
    with pytest.raises(OwnershipError, match="keyed by 'id', not by 'other'"):
        prepare_lane(with_table(key="other"), project, aws).plan()


def test_what_no_workflow_names_any_more_stays_until_the_lane_goes(with_table, make_lane, project, aws):
    prepare_lane(with_table(), project, aws).deploy()
    prepare_lane(make_lane(), project, aws).deploy()
    assert table.current(aws, NAME) is not None
    destroy(make_lane(), aws)
    assert table.current(aws, NAME) is None
