"""Waits of the workflows on a clock that moves when told to: to the second, and without a second's sleep."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.config.template import render_definition
from shared.local.asl.engine import Engine
from shared.local.asl.execution import Execution
from shared.local.asl.history import MAX_EVENTS
from shared.local.asl.identity import Identity
from shared.local.asl.machine import Machine
from shared.local.asl.scheduler import VirtualScheduler
from shared.local.asl.services import Services
from shared.local.server import MotoServer
from shared.run.items import MOST_ITEMS, load_items, read_items

REPOSITORY = Path(__file__).parents[2]
SIMPLE = REPOSITORY / "statemachines/samples/simplelist.json"


@pytest.fixture(scope="module")
def project():
    return load_project(REPOSITORY)


@pytest.fixture(scope="module")
def aws(project):
    with MotoServer() as server:
        server.start()
        yield connect_endpoint(project.place, server.endpoint, AccessKey("id", "secret"))


@dataclass(frozen=True)
class Invocation:
    payload: bytes
    function_error: str | None = None
    request_id: str = "request-1"
    version: str = "$LATEST"


@dataclass
class World:
    """Runs a lane's workflow on a virtual clock. ``calls`` holds (seconds since the start, function, event)."""

    lane: object
    endpoint: str
    answer: Callable[[str, dict[str, Any]], object]
    calls: list[tuple[float, str, Any]] = field(default_factory=list)

    def run(self, workflow, given, name="r"):
        scheduler = VirtualScheduler()
        began = scheduler.now()

        def invoke(function, payload):
            event = json.loads(payload)
            self.calls.append((round(scheduler.now() - began, 3), function.split("-")[-2], event))
            return Invocation(json.dumps(self.answer(function, event)).encode())

        engine = Engine(scheduler, invoke, Services(self.endpoint), random=Random(7))
        machine = self.lane.state_machine_arn(workflow)
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        identity = Identity(arn, name, machine, machine.rsplit(":", 1)[1], "arn:aws:iam::123456789012:role/r")
        definition = Machine(render_definition(self.lane, workflow))
        execution = Execution(engine, definition, identity, json.dumps(given))
        execution.start(given)
        scheduler.run()
        engine.close()
        return execution, round(scheduler.now() - began, 3)


@pytest.fixture(scope="module")
def topics(project, aws):
    """The lane of topics with its table; nothing else of it needs to be there."""
    lane = project.lane("topics")
    (table,) = lane.tables
    aws.client("dynamodb").create_table(
        TableName=table.name,
        KeySchema=[{"AttributeName": table.key.name, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": table.key.name, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return lane


@pytest.fixture
def item_map(topics, aws):
    load_items(aws, topics.tables[0], read_items(SIMPLE))
    return World(topics, aws.target.endpoint, lambda _, event: event["item"])


def test_one_at_a_time_items_are_two_seconds_apart(item_map):
    execution, took = item_map.run("item-map", {})
    assert execution.status == "SUCCEEDED"
    assert [at for at, _, _ in item_map.calls] == [2, 4, 6]
    assert took == 6
    assert execution.output == [{"S": "Computer Science"}, {"S": "Economics"}, {"S": "Mathematics"}]


def test_an_item_takes_so_many_events_that_a_full_list_leaves_room(topics, aws, item_map):
    few = len(item_map.run("item-map", {})[0].history.events)
    load_items(aws, topics.tables[0], [*read_items(SIMPLE), "Physics"])
    more = len(item_map.run("item-map", {}, name="longer")[0].history.events)
    assert (more - few) * MOST_ITEMS + few < 0.95 * MAX_EVENTS


def test_three_at_a_time_items_are_together(item_map):
    execution, took = item_map.run("item-map", {"maxConcurrency": "3"})
    assert execution.status == "SUCCEEDED"
    assert [at for at, _, _ in item_map.calls] == [2, 2, 2]
    assert took == 2


def test_what_is_null_or_empty_is_as_in_the_teams_file(item_map):
    given = {"waitDurationSeconds": None, "maxConcurrency": "", "timeoutDurationSeconds": None}
    execution, took = item_map.run("item-map", given)
    assert (execution.status, took) == ("SUCCEEDED", 6)


def test_a_wait_of_25_seconds_with_a_timeout_of_20_fails_at_20(item_map):
    execution, took = item_map.run("item-map", {"waitDurationSeconds": 25, "timeoutDurationSeconds": 20})
    assert (execution.status, execution.error) == ("FAILED", "States.Timeout")
    assert "timeoutDurationSeconds, 20 s" in execution.cause
    assert item_map.calls == []
    assert took == 20


def test_the_timeout_is_the_whole_runs(item_map):
    execution, took = item_map.run("item-map", {"waitDurationSeconds": 8, "timeoutDurationSeconds": 20})
    assert (execution.status, execution.error) == ("FAILED", "States.Timeout")
    assert [at for at, _, _ in item_map.calls] == [8, 16]
    assert took == 20


def test_objects_arrive_as_dynamodb_types_them(topics, aws, item_map):
    load_items(aws, topics.tables[0], read_items(SIMPLE.with_name("listofdicts.json")))
    execution, _ = item_map.run("item-map", {"maxConcurrency": 3})
    assert execution.status == "SUCCEEDED"
    assert item_map.calls[0][2]["item"] == {"M": {"topic": {"S": "Computer Science"}, "name": {"S": "Grace Hopper"}}}


def test_a_list_of_one_is_a_list(topics, aws, item_map):
    load_items(aws, topics.tables[0], ["one"])
    execution, _ = item_map.run("item-map", {})
    assert execution.output == [{"S": "one"}]


def test_an_empty_table_is_an_error_that_says_how_to_fill_it(topics, aws, item_map):
    aws.client("dynamodb").delete_item(TableName=topics.tables[0].name, Key={"id": {"S": "list"}})
    execution, _ = item_map.run("item-map", {})
    assert (execution.status, execution.error) == ("FAILED", "EmptyTable")
    assert "lanes items load" in execution.cause


@pytest.fixture
def random_mean(project, aws):
    lane = project.lane("wssr")
    aws.s3.create_bucket(Bucket=lane.bucket)
    names = [{f"name{number + 1}": f"r+{number}"} for number in range(3)]
    aws.s3.put_object(Bucket=lane.bucket, Key="runs/r/draws.json", Body=json.dumps(names))
    answers = {"generate": {"statusCode": 200, "body": {"csv_name": names}}, "draw": "r", "collect": 500.0}
    return World(lane, aws.target.endpoint, lambda function, _: answers[function.split("-")[-2]])


@pytest.mark.parametrize(
    ("delay", "waited", "slept"), [(0, 0, 0), (5.5, 0, 5.5), (6, 6, 0), ("600", 600, 0), (7.2, 8, 0)]
)
def test_a_long_delay_is_waited_outside_the_function_and_a_short_one_in_it(random_mean, delay, waited, slept):
    execution, _ = random_mean.run("random-mean", {"repetitions": 3, "delay_seconds": delay})
    assert execution.status == "SUCCEEDED", execution.cause
    draws = [(at, event["sleep_seconds"]) for at, step, event in random_mean.calls if step == "draw"]
    assert draws == [(waited, slept)] * 3
    assert execution.output == 500.0
