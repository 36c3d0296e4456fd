"""Every path of cosmic, its functions mocked: real ones are in tests/workflows. Run with: lanes test team2 cosmic"""

import json

import pytest

from shared.testing import per_item, raises, returns, sequence

BUSY = raises("Lambda.TooManyRequestsException")
GROWING = [2, 4, 8, 16, 32, 64]


@pytest.fixture
def cosmic(workflow):
    cosmic = workflow.of("team2", "cosmic")
    manifest = json.dumps([{"rank": rank} for rank in range(3)]).encode()
    cosmic.cloud.client("s3").put_object(Bucket=cosmic.lane.bucket, Key="runs/test/manifest.json", Body=manifest)
    return cosmic


def init(call, *, fmi):
    """Answer as Init does: what it was told, and what is needed of its own."""
    given = call["Payload"]
    manifest = f"runs/{given['run_id']}/manifest.json"
    return {"Payload": {"run_id": given["run_id"], "fmi_enabled": fmi, "manifest": manifest, "world_size": 3}}


def mocks(*, fmi=False, **more):
    return {
        "Init": lambda call: init(call, fmi=fmi),
        "Rendezvous check": returns({"Payload": {"status": "healthy"}}),
        "Inference": lambda call: {"Payload": {"rank": call["Payload"]["rank"], "much": "x" * 100}},
        "Summarize": lambda call: {"Payload": {"joined": call["Payload"]["run"]["run_id"]}},
        **more,
    }


@pytest.mark.parametrize("fmi", [True, False])
def test_the_rendezvous_is_checked_where_ranks_talk(fmi, cosmic):
    run = cosmic.run({}, mocks=mocks(fmi=fmi))
    check = ["Rendezvous check"] * fmi
    assert run.path == ["Init", "With FMI?", *check, "Ranks", "Summarize", "Done"]
    assert run.output == {"joined": "test"}
    assert [visit.output for visit in run.visits("Inference")] == [{"rank": rank} for rank in range(3)]


@pytest.mark.parametrize("state", ["Init", "Rendezvous check", "Inference", "Summarize"])
def test_a_busy_lambda_is_asked_again_with_growing_waits(state, cosmic):
    fmi = state == "Rendezvous check"
    answer = mocks(fmi=fmi)[state]
    again = sequence(*[BUSY] * 6, answer)
    mock = per_item({0: answer, 1: again, 2: answer}) if state == "Inference" else again
    run = cosmic.run({}, mocks=mocks(fmi=fmi, **{state: mock}))
    assert run.succeeded
    assert run.waits == GROWING


@pytest.mark.parametrize("state", ["Init", "Rendezvous check", "Summarize"])
def test_a_step_that_fails_ends_the_run_by_its_name(state, cosmic):
    run = cosmic.run({}, mocks=mocks(fmi=True, **{state: raises("CorruptPartition", "part 3")}))
    assert (run.status, run.error, run.cause, run.path[-1]) == ("FAILED", "CorruptPartition", "part 3", state)
    assert run.attempts(state) == 1


def test_one_rank_that_fails_ends_the_run_before_anything_is_joined(cosmic):
    fails = per_item(lambda index: raises("CorruptPartition") if index == 2 else returns({"Payload": {"rank": index}}))
    run = cosmic.run({}, mocks=mocks(Inference=fails))
    assert (run.error, run.path[-1]) == ("States.ExceedToleratedFailureThreshold", "Ranks")


def test_a_manifest_that_is_not_there_ends_the_run(cosmic):
    elsewhere = returns({"Payload": {"fmi_enabled": False, "manifest": "nowhere.json", "world_size": 3}})
    run = cosmic.run({}, mocks=mocks(Init=elsewhere))
    assert (run.error, run.path[-1]) == ("States.ItemReaderFailed", "Ranks")


def test_init_is_told_the_run_and_its_input(cosmic):
    run = cosmic.run({"world_size": 3}, mocks=mocks(Init=lambda call: init(call, fmi=False)))
    (visit,) = run.visits("Init")
    assert visit.input["world_size"] == 3
    assert visit.output["manifest"] == "runs/test/manifest.json"
