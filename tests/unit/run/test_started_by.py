"""What started a run is told by its name, or by its input."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from shared.run.listing import Execution
from shared.run.start import new_run_id
from shared.run.started_by import Start, by_input, by_name, starts_of

MACHINE = "arn:aws:states:us-east-1:123456789012:execution:team1-survey-0a1b2c3d:run-7"


def lane():
    survey = SimpleNamespace(name="team1-survey-0a1b2c3d", schedules=SimpleNamespace(by_key={"a": 1, "a-b": 2}))
    place = SimpleNamespace(arn=lambda service, rest: f"arn:aws:{service}:us-east-1:123456789012:{rest}")
    return SimpleNamespace(workflows={"survey": survey}, place=place)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("20261129T000000Z-0a1b2c", Start("hand")),
        ("schedule-nightly-d32c5kddcf5bb8c3", Start("schedule", "nightly")),
        ("schedule-a-b-d32c5kddcf5bb8c3", Start("schedule", "a-b")),
        ("schedule-a-0f3c-11ee", Start("schedule", "a")),  # an id with a hyphen, of a schedule that the card has
        ("upload-incoming-a-csv-0123456789abcdef01234567", Start("upload")),
        ("uploads-100-0123456789abcdef01234567", Start("upload")),
        ("my-own-name", Start("unknown")),
    ],
)
def test_a_name_tells_what_started_the_run(name, start):
    assert by_name(name, ("a", "a-b")) == start


@pytest.mark.parametrize(
    ("told", "given", "start"),
    [
        (Start("upload"), {"object": {"key": "incoming/a b.csv"}}, "by upload incoming/a b.csv"),
        (Start("upload"), {"objects": [{"key": "x"}]}, "by upload x"),
        (Start("upload"), {"objects": [{"key": "x"}, {"key": "y"}]}, "by upload of 2 objects"),
        (Start("upload"), {}, "by upload"),
        (Start("unknown"), {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": MACHINE}, "by workflow survey/run-7"),
        (Start("unknown"), {"a": 1}, ""),
        (Start("hand"), {"a": 1}, "by hand"),
    ],
)
def test_an_input_tells_what_the_name_does_not(told, given, start):
    assert str(by_input(told, given, lane())) == start


def test_only_inputs_that_tell_something_are_read():
    asked = []

    def describe_execution(executionArn):
        asked.append(executionArn)
        return {"input": '{"object": {"key": "incoming/a.csv"}}'}

    aws = SimpleNamespace(states=SimpleNamespace(describe_execution=describe_execution))
    now = datetime(2026, 11, 29, tzinfo=UTC)
    names = (new_run_id(now), "schedule-a-d32c", "upload-a-0123456789abcdef01234567")
    runs = [Execution(name, "survey", "SUCCEEDED", now, 1.0) for name in names]
    assert [str(start) for start in starts_of(aws, lane(), runs)] == [
        "by hand", "by schedule a", "by upload incoming/a.csv"
    ]  # fmt: skip
    assert asked == [f"arn:aws:states:us-east-1:123456789012:execution:team1-survey-0a1b2c3d:{names[2]}"]
