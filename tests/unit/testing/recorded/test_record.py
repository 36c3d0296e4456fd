"""A run becomes a file beside a test, and the file replays as the run was: here runs of our own workflows."""

import io
import json
from datetime import UTC, datetime

import pytest

from shared.errors import LanesError
from shared.testing import per_item, raises, returns, sequence
from shared.testing.errors import MocksDoNotFit
from shared.testing.recorded.happened import what_happened
from shared.testing.recorded.record import record
from tests.unit.testing.histories import FakeStates

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BUSY = raises("Lambda.TooManyRequestsException", "busy", after=0.25)


class FakeS3:
    """The bucket that a run read of: objects by key, and when each was changed last."""

    def __init__(self, objects, changed=LONG_AGO):
        self._objects, self._changed = objects, changed

    def get_object(self, Bucket, Key):
        return {"Body": io.BytesIO(self._objects[Key]), "LastModified": self._changed}


@pytest.fixture
def recorded(workflow, tmp_path):
    """Return a function that records a run of a workflow, and returns what a test gets of it, and the file."""

    def go(under, run, s3=None, run_id="run-1"):
        execution = run._execution
        made = record(under, run_id, what_happened(FakeStates(execution), execution.arn), s3)
        path = tmp_path / "run.json"
        path.write_text(made.text)
        return under.recorded(path), json.loads(made.text), made.notes

    return go


@pytest.fixture
def item_map(workflow):
    return workflow.of("topics", "item-map")


def items(*values):
    return returns({"Items": [{"items": {"L": [{"S": each} for each in values]}}]})


def said(value):
    return returns({"Payload": {"S": value}, "StatusCode": 200}, after=1.5)


def test_an_inline_map_with_a_retry_replays_item_by_item(item_map, recorded):
    mocks = {"Read the list": items("a", "b"), "Log item": per_item({0: sequence(BUSY, said("a")), 1: said("b")})}
    run = item_map.run({"maxConcurrency": 2}, mocks=mocks, name="run-1")
    then, data, notes = recorded(item_map, run)
    assert notes == ()
    assert (then.status, then.path) == ("SUCCEEDED", ["Read the list", "Any items?", "Items", "Success"])
    again = then.replay()
    assert (again.status, again.output, again.path) == (then.status, then.output, then.path)
    assert again.output == [{"S": "a"}, {"S": "b"}]
    assert again.waits == [2.0]
    assert again.seconds == run.seconds
    calls = [call for call in data["calls"] if call["state"] == "Log item"]
    assert [(call["items"], call.get("raises")) for call in calls] == [
        ({"Items": 0}, "Lambda.TooManyRequestsException"),
        ({"Items": 1}, None),
        ({"Items": 0}, None),
    ]
    assert calls[0]["after"] == 0.25


def test_a_run_that_failed_is_a_test_that_expects_the_failure(item_map, recorded):
    run = item_map.run({}, mocks={"Read the list": items()}, name="run-1")
    then, data, _ = recorded(item_map, run)
    assert (then.status, then.error) == ("FAILED", "EmptyTable")
    assert "${lane.table.item-map.items}" in data["cause"]
    again = then.replay()
    assert (again.status, again.error, again.cause, again.path) == (then.status, then.error, then.cause, then.path)


def test_a_timeout_is_found_again_in_virtual_time(item_map, recorded):
    run = item_map.run(
        {"waitDurationSeconds": 25, "timeoutDurationSeconds": 20}, mocks={"Read the list": items("a")}, name="run-1"
    )
    then, *_ = recorded(item_map, run)
    assert (then.error, then.replay().seconds) == ("States.Timeout", 20.0)


def test_a_call_that_never_ended_is_never_answered_again(item_map, recorded):
    mocks = {
        "Read the list": items("a", "b"),
        "Log item": per_item({0: returns({"Payload": 1}, after=20), 1: raises("Broken", "as it is", after=1)}),
    }
    given = {"maxConcurrency": 2, "waitDurationSeconds": 0}
    then, data, _ = recorded(item_map, item_map.run(given, mocks=mocks, name="run-1"))
    assert (then.status, then.error) == ("FAILED", "Broken")
    assert {"state": "Log item", "items": {"Items": 0}, "never": True} in data["calls"]
    assert then.replay().error == "Broken"


def test_real_handlers_take_the_recorded_input(item_map, recorded):
    mocks = {"Read the list": items("a"), "Log item": returns({"Payload": "another code's answer"})}
    then, *_ = recorded(item_map, item_map.run({"waitDurationSeconds": 0}, mocks=mocks, name="run-1"))
    assert then.replay().output == ["another code's answer"]
    assert then.replay(real=["Log item"]).output == [{"S": "a"}]
    with pytest.raises(LanesError, match="unknown state 'Log'"):
        then.replay(real=["Log"])


def test_a_recording_is_held_to_the_calls_that_are_made(item_map, recorded, tmp_path):
    _, data, _ = recorded(item_map, item_map.run({}, mocks={"Read the list": items()}, name="run-1"))
    data["calls"][0]["returns"] = {"Items": [{"items": {"L": [{"S": "a"}]}}]}
    (tmp_path / "other.json").write_text(json.dumps(data))
    with pytest.raises(
        MocksDoNotFit, match="Log item: the recording has 0 calls in item 0 of Items, and this is call 1"
    ):
        item_map.recorded(tmp_path / "other.json").replay()


@pytest.fixture
def random_mean(workflow):
    return workflow.of("wssr", "random-mean")


@pytest.fixture
def drawn(random_mean):
    """A run of three draws, and the bucket that it read."""
    draws = json.dumps([{f"name{number}": f"run-1+{number}"} for number in range(3)]).encode()
    random_mean.cloud.client("s3").put_object(Bucket=random_mean.lane.bucket, Key="runs/run-1/draws.json", Body=draws)
    mocks = {
        "Generate batch number": returns({"Payload": {"statusCode": 200}}),
        # Its second child ends first, so the oldest history is not the first item's.
        "Draw": per_item(lambda index: returns({"Payload": f"drew {index}"}, after=3 - index)),
        "Collect and average": returns({"Payload": {"mean": 500.0, "by": "run-1"}}),
    }
    run = random_mean.run({"repetitions": 3}, mocks=mocks, name="run-1")
    return run, FakeS3({"runs/run-1/draws.json": draws})


def test_children_of_a_distributed_map_and_what_it_read(drawn, random_mean, recorded):
    run, s3 = drawn
    then, data, _ = recorded(random_mean, run, s3)
    (where,) = data["objects"]
    assert where == "s3://${lane.bucket}/runs/${lane.run}/draws.json"
    draws = {call["items"]["Draws"]: call["returns"]["Payload"] for call in data["calls"] if call["state"] == "Draw"}
    assert draws == {0: "drew 0", 1: "drew 1", 2: "drew 2"}
    again = then.replay()
    assert again.output == then.output == {"mean": 500.0, "by": "test"}
    assert again.attempts("Draw") == 3
    assert "run-1" not in json.dumps(data)
    assert random_mean.lane.place.account not in json.dumps(data)


def test_what_changed_since_the_run_is_no_record_of_it(drawn, random_mean, recorded):
    run, s3 = drawn
    s3._changed = datetime(2099, 1, 1, tzinfo=UTC)
    with pytest.raises(LanesError, match=r"draws.json: it has changed since the run") as caught:
        recorded(random_mean, run, s3)
    assert "record a run of the workflow as it is now" in caught.value.fix


def test_what_is_made_anew_is_compared_by_its_form(workflow, recorded):
    cosmic = workflow.of("team2", "cosmic")
    manifest = json.dumps([{"rank": 0}, {"rank": 1}]).encode()
    cosmic.cloud.client("s3").put_object(Bucket=cosmic.lane.bucket, Key="m.json", Body=manifest)
    mocks = {
        "Init": returns({"Payload": {"fmi_enabled": False, "manifest": "m.json", "world_size": 2}}),
        "Inference": lambda arguments: {"Payload": {"rank": arguments["Payload"]["rank"]}},
        "Summarize": lambda arguments: {"Payload": {"at": arguments["Payload"]["ranks_done"], "n": 2}},
    }
    run = cosmic.run({}, mocks=mocks, name="run-1")
    then, data, _ = recorded(cosmic, run, FakeS3({"m.json": manifest}))
    assert data["output"] == {"at": run.output["at"], "n": 2}  # a call's own answer stays as it was
    assert then.replay().output == then.output


def test_credentials_are_masked_and_told(item_map, recorded):
    mocks = {
        "Read the list": items("a"),
        "Log item": returns({"Payload": {"password": "open sesame", "said": "it is open sesame"}}),
    }
    then, data, notes = recorded(item_map, item_map.run({}, mocks=mocks, name="run-1"))
    assert "open sesame" not in json.dumps(data)
    assert notes == (
        "masked, as a credential: the output: [0].password",
        "masked, as a credential: an answer to 'Log item': Payload.password",
    )
    assert then.replay().output == [{"password": "<masked>", "said": "it is <masked>"}]


def test_what_is_too_big_for_a_test_is_refused_by_name(item_map, recorded):
    mocks = {"Read the list": items(*"abc"), "Log item": returns({"Payload": "x" * 250_000})}
    run = item_map.run(
        {"maxConcurrency": 40}, mocks={**mocks, "Read the list": items(*map(str, range(24)))}, name="run-1"
    )
    with pytest.raises(LanesError, match=r"takes [\d.]+ MB, and a test keeps 5 MB at most: state 'Log item' 6.0 MB"):
        recorded(item_map, run)


def test_a_run_of_another_definition_is_refused_with_what_differs(item_map, workflow, recorded):
    other = workflow.of("team1", "fmi-script")
    run = item_map.run({}, mocks={"Read the list": items()}, name="run-1")
    with pytest.raises(LanesError, match="Rendezvous check") as caught:
        recorded(other, run)
    assert caught.value.where == "run-1"


def test_what_is_no_recording_is_said(item_map, tmp_path):
    path = tmp_path / "run.json"
    with pytest.raises(LanesError, match="No such file"):
        item_map.recorded(path)
    for text in ("{", "[]", '{"status": "SUCCEEDED"}', '{"status": 1, "input": {}, "path": [], "calls": []}'):
        path.write_text(text)
        with pytest.raises(LanesError, match="this is no recording"):
            item_map.recorded(path)
