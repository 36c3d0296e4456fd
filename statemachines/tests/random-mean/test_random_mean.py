"""Every path of random-mean, its handlers real where they need no database. Run with: lanes test wssr random-mean"""

import json

import pytest

from shared.testing import per_item, raises, returns, sequence

BUSY, KILLED = raises("Lambda.TooManyRequestsException"), raises("Runtime.ExitError")
GROWING = [2, 4, 8, 16, 32, 64]
SIX_EACH = [BUSY, KILLED] * 6


@pytest.fixture
def random_mean(workflow):
    return workflow.of("wssr", "random-mean")


def draws(run):
    return run.visits("Draw")


def test_numbers_are_drawn_kept_and_averaged(random_mean):
    run = random_mean.run({"repetitions": 5})  # all its own handlers, and a bucket in memory
    assert run.path == ["Generate batch number", "Draws", "Collect and average", "Success"]
    assert run.paths("Draws") == [["Delay", "Draw"]] * 5
    s3, bucket = random_mean.cloud.client("s3"), random_mean.lane.bucket
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="generated_numbers/")["Contents"]
    assert [each["Key"] for each in listed] == [f"generated_numbers/test+{number}.csv" for number in range(5)]
    kept = [int(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()) for each in listed]
    assert run.output == sum(kept) / 5


@pytest.mark.parametrize(
    ("delay", "waited", "slept"), [(0, 0, 0), (5.5, 0, 5.5), (6, 6, 0), ("600", 600, 0), (7.2, 8, 0)]
)
def test_a_long_delay_is_waited_outside_the_function_and_a_short_one_in_it(delay, waited, slept, random_mean):
    asked = []
    run = random_mean.run(
        {"repetitions": 3, "delay_seconds": delay},
        functions={"draw": lambda event, _context: asked.append(event)},
        mocks={"Collect and average": returns({"Payload": 500.0})},
    )
    assert run.output == 500.0
    assert [(visit.began, event["sleep_seconds"]) for visit, event in zip(draws(run), asked, strict=True)] == [
        (waited, slept)
    ] * 3


@pytest.mark.parametrize("given", [{"repetitions": "4"}, {"repetitions": 4, "storage": None, "delay_seconds": ""}])
def test_the_payloads_of_the_field_are_taken(given, random_mean):
    assert random_mean.run(given, exactly=True).attempts("Draw") == 4


@pytest.mark.parametrize("value", [0, -1, 10_000_000, "many", 2.5])
def test_repetitions_that_cannot_be_fail_the_run_by_name(value, random_mean):
    run = random_mean.run({"repetitions": value}, exactly=True)
    assert (run.status, run.error, run.path) == ("FAILED", "BadInput", ["Generate batch number"])
    assert "repetitions is" in run.cause


def test_a_killed_worker_is_tried_again_like_a_busy_service(random_mean):
    names = json.dumps([{"name1": "test+0"}, {"name2": "test+1"}]).encode()  # as the mocked first step writes them
    s3 = random_mean.cloud.client("s3")
    s3.put_object(Bucket=random_mean.lane.bucket, Key="runs/test/draws.json", Body=names)
    generated = returns({"Payload": {"statusCode": 200}})
    collected = returns({"Payload": 1.5})
    fails = per_item(
        lambda index: sequence(*SIX_EACH, returns({"Payload": "r"})) if index else returns({"Payload": "r"})
    )
    mocks = {
        "Generate batch number": sequence(*SIX_EACH, generated),
        "Draw": fails,
        "Collect and average": sequence(*SIX_EACH, collected),
    }
    run = random_mean.run({"repetitions": 2}, mocks=mocks)
    assert run.output == 1.5
    each = [wait for pair in zip(GROWING, GROWING, strict=True) for wait in pair]  # each rule counts for itself
    assert run.waits == each * 3


def test_a_draw_that_fails_fails_the_run(random_mean):
    draw = per_item(lambda index: raises("Broken") if index == 1 else returns({"Payload": "r"}))
    run = random_mean.run({"repetitions": 3}, mocks={"Draw": draw})
    assert (run.error, run.path[-1]) == ("States.ExceedToleratedFailureThreshold", "Draws")


def test_a_draw_that_is_missing_is_told(random_mean):
    run = random_mean.run({"repetitions": 3}, mocks={"Draw": returns({"Payload": "kept nothing"})})
    assert (run.status, run.path[-1]) == ("FAILED", "Collect and average")
    assert run.attempts("Collect and average") == 1
