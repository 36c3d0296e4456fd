"""item-map, end to end: a list loaded by the command line, mapped over on the embedded cloud, logged item by item."""

import json

import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def lane(project):
    return project.lane("topics")


def test_the_sample_list_is_there_for_a_first_run(lanes, aws, lane):
    result = lanes("run", "topics", "item-map", "--json", "--waitDurationSeconds", 0)
    assert result.code == 0, result.err
    finished = json.loads(result.out)
    assert finished["output"] == [{"S": "Computer Science"}, {"S": "Economics"}, {"S": "Mathematics"}]
    assert [row["rank"] for row in finished["ranks"]] == [0, 1, 2]
    group = lane.functions["item-map-log"].log_group
    said = [event["message"].strip() for event in aws.logs.filter_log_events(logGroupName=group)["events"]]
    assert '{"item": {"S": "Economics"}}' in said


def test_a_loaded_list_takes_the_place_of_the_one_before(lanes, root):
    file = root / "statemachines/samples/listofdicts.json"
    loaded = json.loads(lanes("items", "load", "topics", file, "--json").out)
    assert loaded["items"] == 3
    assert loaded["table"].startswith("topics-item-map-items-")
    result = lanes("run", "topics", "item-map", "--json", "--waitDurationSeconds", 0, "--maxConcurrency", 3)
    first, *_ = json.loads(result.out)["output"]
    assert first == {"M": {"topic": {"S": "Computer Science"}, "name": {"S": "Grace Hopper"}}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', "this is an object, not a list"),
        ("3", "this is a number, not a list"),
        ("[", "this is not JSON"),
        ("[]", "the list is empty"),
        ('["a", 3, null]', "item 1 is 3; item 2 is null, neither a text nor an object"),
    ],
)
def test_what_is_no_list_of_items_is_refused(lanes, tmp_path, text, said):
    path = tmp_path / "wrong.json"
    path.write_text(text)
    result = lanes("items", "load", "topics", path)
    assert result.code == 2
    assert said in result.err
    assert "wrong.json" in result.err


def test_a_file_that_is_not_there_and_a_team_without_a_table(lanes, root):
    assert "No such file" in lanes("items", "load", "topics", "nowhere.json").err
    result = lanes("items", "load", "team2", root / "statemachines/samples/simplelist.json")
    assert result.code == 2
    assert "team team2 has no table" in result.err


def test_destroying_the_lane_takes_its_table(lanes, aws, lane):
    assert lanes("deploy", "topics", "--yes").code == 0
    (table,) = lane.tables
    assert table.name in aws.client("dynamodb").list_tables()["TableNames"]
    assert lanes("destroy", "topics", "--yes").code == 0
    assert table.name not in aws.client("dynamodb").list_tables()["TableNames"]
