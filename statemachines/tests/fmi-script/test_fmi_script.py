"""Every path of fmi-script; ranks that talk are in tests/workflows. Run with: lanes test team1 fmi-script"""

import pytest

from shared.testing import per_item, raises, returns, sequence

BUSY = raises("Lambda.TooManyRequestsException")
GROWING = [2, 4, 8, 16, 32, 64]
MEETS = returns({"Payload": {"status": "healthy"}})


@pytest.fixture
def fmi_script(workflow):
    under = workflow.of("team1", "fmi-script")
    under.cloud.client("s3").put_object(Bucket=under.lane.bucket, Key="scripts/hello.py", Body=b"print('hello')\n")
    return under


GIVEN = {"world_size": 3, "script": "scripts/hello.py"}


def executed(call):
    return {"Payload": {"rank": call["Payload"]["rank"], "seconds": call["Payload"]["rank"] / 2}}


def test_a_program_runs_on_every_rank(fmi_script):
    mocks = {"Rendezvous check": MEETS, "Execute": executed}  # Init is its own handler
    run = fmi_script.run(GIVEN, mocks=mocks)
    assert run.path == ["Rendezvous check", "Init", "Ranks", "Done"]
    assert [visit.input["rank"] for visit in run.visits("Execute")] == [0, 1, 2]
    bucket = fmi_script.lane.bucket
    assert run.output["script"] == f"s3://{bucket}/scripts/hello.py"
    assert run.output["results"].startswith(f"s3://{bucket}/results")
    assert (run.output["world_size"], run.output["slowest_rank_seconds"]) == (3, 1)


def test_the_payload_of_the_field_is_taken(fmi_script):
    given = {"world_size": "2", "bucket": fmi_script.lane.bucket, "script": "scripts/hello.py"}
    run = fmi_script.run(given, mocks={"Rendezvous check": MEETS, "Execute": executed}, exactly=True)
    assert run.output["world_size"] == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**GIVEN, "script": "scripts/nowhere.py"}, "scripts/nowhere.py"),
        ({**GIVEN, "world_size": 0}, "world_size"),
        ({**GIVEN, "bucket": "somebody-elses"}, "bucket"),
    ],
)
def test_init_refuses_what_cannot_run_before_any_rank_starts(given, said, fmi_script):
    run = fmi_script.run(given, mocks={"Rendezvous check": MEETS}, exactly=True)
    assert (run.status, run.path[-1]) == ("FAILED", "Init")
    assert said in run.cause


def test_no_rank_starts_where_none_can_meet(fmi_script):
    run = fmi_script.run(GIVEN, mocks={"Rendezvous check": raises("RendezvousDown")})
    assert (run.error, run.path) == ("RendezvousDown", ["Rendezvous check"])


@pytest.mark.parametrize("state", ["Rendezvous check", "Init", "Execute"])
def test_a_busy_lambda_is_asked_again_with_growing_waits(state, fmi_script):
    init = returns({"Payload": {**GIVEN, "run_id": "test", "result_path": "results"}})
    mocks = {"Rendezvous check": MEETS, "Init": init, "Execute": executed}
    answer = mocks[state]
    again = sequence(*[BUSY] * 6, answer)
    mock = per_item({0: answer, 1: again, 2: answer}) if state == "Execute" else again
    run = fmi_script.run(GIVEN, mocks={**mocks, state: mock})
    assert run.succeeded
    assert run.waits == GROWING


def test_one_rank_that_fails_ends_the_run(fmi_script):
    fails = per_item(lambda index: raises("ProgramFailed") if index == 1 else returns({"Payload": {"seconds": 1}}))
    run = fmi_script.run(GIVEN, mocks={"Rendezvous check": MEETS, "Execute": fails})
    assert (run.error, run.path[-1]) == ("States.ExceedToleratedFailureThreshold", "Ranks")
