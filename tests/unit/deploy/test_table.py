"""A workflow's table: made with its lane, left alone when it holds what nobody named any more, gone with the lane."""

import dataclasses
from types import SimpleNamespace

import pytest

from shared.config.resources import Index, Key, Table
from shared.deploy.apply import apply
from shared.deploy.guard import OwnershipError
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.model import Call
from shared.deploy.plan import plan_changes
from shared.deploy.resources import table, wanted_resources
from shared.deploy.sources import read_sources
from shared.deploy.watch import Watch
from shared.errors import LanesError

NAME = "team2-cosmic-items-7078ea12"
WORD, DAY = Key("word"), Key("day", "number")
BY_DAY, BY_WHO = Index("by-day", DAY, WORD), Index("by-who", Key("who"))


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
    assert found.properties == {
        "arn": lane.table_arn(lane.tables[0]),
        "key": "id:string",
        "billing": "PAY_PER_REQUEST",
        "indexes": {},
        "ttl": None,
        "ttl_is_changing": False,
    }
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
    with pytest.raises(OwnershipError, match="keyed by 'id:string', not by 'other:string'"):
        prepare_lane(with_table(key="other"), project, aws).plan()


def test_what_no_workflow_names_any_more_stays_until_the_lane_goes(with_table, make_lane, project, aws):
    prepare_lane(with_table(), project, aws).deploy()
    prepare_lane(make_lane(), project, aws).deploy()
    assert table.current(aws, NAME) is not None
    destroy(make_lane(), aws)
    assert table.current(aws, NAME) is None


# Sort keys, indexes and ttl


@pytest.fixture
def deploy(make_lane, aws):
    """Return a function that deploys a lane with one table, less its code, and returns the table's steps."""

    def run(own):
        lane = make_lane()
        workflow = dataclasses.replace(lane.workflows["cosmic"], tables={"items": own})
        lane = dataclasses.replace(lane, workflows={"cosmic": workflow})

        def plan():
            return plan_changes(lane, wanted_resources(read_sources(lane)), aws)

        todo = plan()
        apply(todo, aws, Watch(sleep=lambda _: None))
        assert plan().changes == ()
        return [step for step in todo.changes if step.kind == "table"]

    return run


def made(*indexes, ttl=None, sort_key=DAY):
    return Table(NAME, WORD, sort_key, indexes, ttl)


def updates(steps):
    """Return what each UpdateTable of *steps* makes or removes, with the attributes that it declares."""
    calls = [call for step in steps for call in step.calls if isinstance(call, Call) and call.method == "update_table"]
    found = []
    for call in calls:
        (update,) = call.params["GlobalSecondaryIndexUpdates"]
        ((kind, body),) = update.items()
        declared = [each["AttributeName"] for each in call.params.get("AttributeDefinitions", ())]
        found.append((kind, body["IndexName"], *declared))
    return found


def test_a_table_is_made_with_its_sort_key_its_indexes_and_its_ttl(deploy, aws):
    deploy(made(BY_DAY, BY_WHO, ttl="expires"))
    found = table.current(aws, NAME).properties
    assert found["key"] == "word:string, day:number"
    assert found["indexes"] == {"by-day": "day:number, word:string", "by-who": "who:string"}
    assert found["ttl"] == "expires"
    rows = aws.client("dynamodb")
    rows.put_item(TableName=NAME, Item={"word": {"S": "star"}, "day": {"N": "7"}, "who": {"S": "ann"}})
    asked = {"KeyConditionExpression": "who = :who", "ExpressionAttributeValues": {":who": {"S": "ann"}}}
    assert rows.query(TableName=NAME, IndexName="by-who", **asked)["Items"][0]["word"] == {"S": "star"}


def test_indexes_are_made_and_removed_one_at_a_time_and_the_removed_ones_first(deploy):
    deploy(made(BY_WHO))
    later, other = Index("by-day", DAY), Index("by-who", Key("who", "number"))
    assert updates(deploy(made(later, other))) == [
        ("Delete", "by-who"),
        ("Create", "by-day", "word", "day"),
        ("Create", "by-who", "word", "day", "who"),
    ]
    assert updates(deploy(made(later))) == [("Delete", "by-who")]


def test_an_index_that_lacks_attributes_is_made_anew(deploy, aws):
    deploy(made())
    by_hand = {
        "IndexName": "by-day",
        "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}, {"AttributeName": "word", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    declared = [{"AttributeName": "word", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "N"}]
    aws.client("dynamodb").update_table(
        TableName=NAME, AttributeDefinitions=declared, GlobalSecondaryIndexUpdates=[{"Create": by_hand}]
    )
    steps = deploy(made(BY_DAY))
    assert updates(steps) == [("Delete", "by-day"), ("Create", "by-day", "word", "day")]
    assert steps[0].diff == ("indexes.by-day: day:number, word:string (KEYS_ONLY) -> day:number, word:string",)


def test_items_stay_when_indexes_and_ttl_change(deploy, aws):
    deploy(made())
    rows = aws.client("dynamodb")
    rows.put_item(TableName=NAME, Item={"word": {"S": "star"}, "day": {"N": "7"}})
    deploy(made(BY_DAY, ttl="expires"))
    deploy(made())
    assert rows.scan(TableName=NAME)["Count"] == 1


def test_another_sort_key_is_refused_for_the_items_sake(deploy):
    deploy(made())
    with pytest.raises(OwnershipError, match="keyed by 'word:string, day:number', not by 'word:string'"):
        deploy(made(sort_key=None))


def test_ttl_goes_on_and_off_but_not_from_one_attribute_to_another(deploy, aws):
    deploy(made(ttl="expires"))
    with pytest.raises(LanesError, match="cannot go on to 'until' at once"):
        deploy(made(ttl="until"))
    deploy(made())
    assert table.current(aws, NAME).properties["ttl"] is None
    deploy(made(ttl="until"))


def test_ttl_that_dynamodb_is_still_changing_is_refused_with_the_time_to_wait():
    properties = {"arn": "", "key": "k:string", "billing": "x", "indexes": {}, "ttl": None}
    want = table.Resource(table.KIND, NAME, {}, properties)
    have = dataclasses.replace(want, properties={**want.properties, "ttl": "expires", "ttl_is_changing": True})
    with pytest.raises(LanesError, match="deploy again in an hour"):
        table.steps(want, have)


def test_a_table_that_is_still_being_made_is_not_asked_for_its_ttl(aws, deploy):
    deploy(made(ttl="expires"))
    real = aws.client("dynamodb")

    class Creating:
        def __getattr__(self, name):
            if name == "describe_time_to_live":
                pytest.fail("DynamoDB refuses that while it makes the table")
            return getattr(real, name)

        def describe_table(self, **asked):
            told = real.describe_table(**asked)
            return {"Table": {**told["Table"], "TableStatus": "CREATING"}}

    found = table.current(SimpleNamespace(client=lambda _service: Creating()), NAME)
    assert (found.properties["ttl"], found.properties["ttl_is_changing"]) == (None, False)
