"""Every path of item-map. Run with: lanes test topics item-map"""

import pytest

from shared.config.aws_facts import HISTORY_EVENTS
from shared.run.items import MOST_ITEMS, load_items
from shared.testing import raises, returns, sequence, silent

BUSY = raises("Lambda.TooManyRequestsException")
SLOW = raises("DynamoDb.ProvisionedThroughputExceededException")


@pytest.fixture
def item_map(workflow):
    return workflow.of("topics", "item-map")


def listed(*items):
    return returns({"Items": [{"items": {"L": [{"S": item} for item in items]}}]})


def test_each_item_waits_and_is_logged(item_map):
    run = item_map.run({"waitDurationSeconds": 2}, mocks={"Read the list": listed("a", "b", "c")})
    assert run.output == [{"S": "a"}, {"S": "b"}, {"S": "c"}]  # the handler's own answers
    assert run.path == ["Read the list", "Any items?", "Items", "Success"]
    assert run.paths("Items") == [["Wait", "In time?", "Log item"]] * 3
    assert [visit.began for visit in run.visits("Log item")] == [2, 4, 6]  # one at a time


def test_items_at_a_time_wait_at_the_same_time(item_map):
    run = item_map.run({"maxConcurrency": 3}, mocks={"Read the list": listed("a", "b", "c")})
    assert [visit.began for visit in run.visits("Log item")] == [2, 2, 2]


def test_a_list_of_one_is_a_list(item_map):
    assert item_map.run({}, mocks={"Read the list": listed("one")}).output == [{"S": "one"}]


def test_a_list_that_was_loaded_is_read_as_dynamodb_types_it(item_map):
    load_items(item_map.cloud.aws, item_map.lane.tables[0], [{"topic": "Sea", "name": "Grace"}, "Economics"])
    run = item_map.run({"maxConcurrency": 3})  # the table is in memory: what is not mocked asks there
    assert run.output == [{"M": {"topic": {"S": "Sea"}, "name": {"S": "Grace"}}}, {"S": "Economics"}]


def test_an_item_takes_so_many_events_that_a_full_list_leaves_room(item_map):
    few, more = (len(item_map.run({}, mocks={"Read the list": listed(*items)}).history) for items in ("abc", "abcd"))
    assert (more - few) * MOST_ITEMS + few < 0.95 * HISTORY_EVENTS.value


@pytest.mark.parametrize("empty", [{"Items": []}, {"Items": [{"items": {"L": []}}]}])
def test_an_empty_table_says_how_to_fill_it(empty, item_map):
    run = item_map.run({}, mocks={"Read the list": returns(empty)})
    assert (run.error, run.path) == ("EmptyTable", ["Read the list", "Any items?", "No items"])
    assert f"table {item_map.lane.tables[0].name} holds no list" in run.cause


def test_a_wait_that_is_longer_than_the_time_is_cut_and_fails(item_map):
    given = {"waitDurationSeconds": 25, "timeoutDurationSeconds": 20}
    run = item_map.run(given, mocks={"Read the list": listed("a")})
    assert (run.status, run.error, run.seconds) == ("FAILED", "States.Timeout", 20)
    assert run.paths("Items") == [["Wait", "In time?", "Too late"]]
    assert "raise it" in run.cause


def test_later_items_have_what_is_left_of_the_time(item_map):
    given = {"waitDurationSeconds": 8, "timeoutDurationSeconds": 20}
    run = item_map.run(given, mocks={"Read the list": listed("a", "b", "c")})
    assert (run.error, run.seconds) == ("States.Timeout", 20)
    assert [visit.began for visit in run.visits("Log item")] == [8, 16]


def test_a_function_that_does_not_answer_in_time_is_a_timeout(item_map):
    given = {"waitDurationSeconds": 2, "timeoutDurationSeconds": 20}
    run = item_map.run(given, mocks={"Read the list": listed("a"), "Log item": silent()})
    assert (run.error, run.seconds, run.attempts("Log item")) == ("States.Timeout", 20, 1)


def test_busy_services_are_asked_again_with_growing_waits(item_map):
    log = sequence(*[BUSY] * 6, returns({"Payload": "said"}))
    mocks = {"Read the list": sequence(*[SLOW] * 6, listed("a")), "Log item": log}
    run = item_map.run({"timeoutDurationSeconds": 86_400}, mocks=mocks)
    assert run.output == ["said"]
    assert run.waits == [2, 4, 8, 16, 32, 64] * 2


def test_they_are_given_up_after_seven_attempts(item_map):
    run = item_map.run({}, mocks={"Read the list": SLOW})
    assert (run.error, run.attempts("Read the list")) == ("DynamoDb.ProvisionedThroughputExceededException", 7)


def test_what_a_function_raises_is_not_tried_again(item_map):
    run = item_map.run({}, mocks={"Read the list": listed("a", "b"), "Log item": raises("Broken")})
    assert (run.error, run.attempts("Log item")) == ("Broken", 1)


def test_what_the_input_leaves_out_is_as_in_the_teams_file(item_map):
    mocks = {"Read the list": listed("a")}
    assert item_map.run({"waitDurationSeconds": None}, mocks=mocks, exactly=True).seconds == 2
    assert item_map.run({"waitDurationSeconds": "5"}, mocks=mocks, exactly=True).seconds == 5
