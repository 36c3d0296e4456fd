"""``lanes up --as-aws``: what it says of itself, what does not go with it, and what a run and the doctor tell of it."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from shared.aws.client import connect_endpoint
from shared.cli import console
from shared.cli.main import app
from shared.config.aws_facts import HISTORY_CALLS, Throttle
from shared.config.load import load_project
from shared.errors import LanesError, UsageError
from shared.local.cloud import EmbeddedCloud
from shared.local.doctor import examine_pace
from shared.local.pacing.account import Account
from shared.local.standing import Pace
from shared.local.state import STATE_DIR, Running, State
from shared.run.clouds import Rehearsal
from tests.helpers.clock import Clock

LISTS = ("stepfunctions", "ListStateMachines")


@pytest.fixture
def lanes(tmp_path, copy_project, monkeypatch):
    root = copy_project(tmp_path / "project")
    monkeypatch.chdir(root)
    return lambda *words: CliRunner().invoke(app, words)


@pytest.fixture
def place(lanes, tmp_path):
    return load_project(tmp_path / "project").place


@pytest.fixture
def kept(tmp_path, place):
    """Return a function that runs a cloud in this process which commands take for that of lanes up."""
    state = State(tmp_path / "project" / STATE_DIR)
    assert state.lock.acquire()
    given = {LISTS: Throttle(1, 1, "", HISTORY_CALLS.read)}
    account = Account(place.region, throttles=lambda _: given, clock=Clock())
    with EmbeddedCloud(place, tmp_path / "cloud", account=account) as cloud:

        def make(*, as_aws=True):
            where = cloud.endpoint, 1, place.account, place.region, "now"
            state.write(Running(*where, any_key=False, key=cloud.key, as_aws=as_aws))
            return connect_endpoint(place, cloud.endpoint, cloud.key), account, state

        yield make
    state.lock.release()


def throttle(aws):
    """Make a call more than the account may make."""
    once = Config(retries={"total_max_attempts": 1})
    states = aws.session.client("stepfunctions", endpoint_url=aws.target.endpoint, config=once)
    states.list_state_machines()
    with pytest.raises(ClientError, match="Rate exceeded"):
        states.list_state_machines()


def test_it_does_not_go_with_speed(lanes):
    error = lanes("up", "--as-aws", "--speed", "60").exception
    assert isinstance(error, UsageError)
    assert "--speed shortens" in str(error)


def test_it_says_so_and_a_cloud_without_it_is_not_taken_for_one(lanes, kept):
    kept()
    assert "it paces as an account in us-east-1, for all teams together" in lanes("up", "--as-aws").stderr
    kept(as_aws=False)
    assert "it paces" not in lanes("up").stderr
    error = lanes("up", "--as-aws").exception
    assert isinstance(error, LanesError)
    assert "without --as-aws" in str(error)


def test_the_doctor_tells_what_was_throttled_and_nothing_of_a_cloud_that_is_not_paced(lanes, kept):
    aws, _, _ = kept()
    throttle(aws)
    told = lanes("doctor").stdout
    assert "Cloud's times: paced as an account in us-east-1; 1 call was throttled" in " ".join(told.split())
    kept(as_aws=False)
    assert "Cloud's times" not in lanes("doctor").stdout


@pytest.mark.parametrize(
    ("pace", "well", "told"),
    [
        (Pace("r", {}), True, "no call was throttled"),
        (Pace("r", {"a:B": 2}), True, "2 calls were throttled: a:B 2"),
        (Pace("r", {}, 2, 8.0), False, "its times are this machine's, not AWS's: 2 invocations waited"),
    ],
)
def test_times_that_are_the_machine_s_are_a_warning_with_the_way_out(pace, well, told):
    finding = examine_pace(pace)
    assert (finding.ok, finding.warning, finding.optional) == (well, True, True)
    assert told in finding.found
    assert "lanes predict" in finding.fix


def test_a_run_is_told_what_came_while_it_ran(lanes, kept, tmp_path):
    aws, account, state = kept()
    account.kept_waiting(50.0)  # before the run
    say = Rehearsal(load_project(tmp_path / "project"), aws, state, console.note).watch_times()
    assert "kept no start and no invocation waiting" in say()
    throttle(aws)
    account.kept_waiting(7.0)
    assert "not AWS's: 1 invocation waited for this machine, 7.0 s together" in say()
    assert "meanwhile 1 call was throttled: stepfunctions:ListStateMachines 1" in say()


def test_a_run_in_a_cloud_that_is_not_paced_is_told_nothing(lanes, kept, tmp_path):
    aws, _, state = kept(as_aws=False)
    assert Rehearsal(load_project(tmp_path / "project"), aws, state, console.note).watch_times()() == ""
