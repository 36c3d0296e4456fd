"""What pages show where a call is refused, for a while or for good: over a cloud in this process, as if it were AWS."""

import pytest
from botocore.exceptions import ClientError

from shared.config.load import load_project
from shared.console.lanes import LaneLooks
from shared.console.live_runs import LiveRuns
from shared.console.readings import Readings
from tests.helpers.clock import Clock
from tests.helpers.console import cloud_here, console_client, desk_of
from tests.helpers.eventually import eventually
from tests.helpers.project import REPOSITORY
from tests.helpers.runs_here import RunsHere

FAILS = {
    "StartAt": "Bad?",
    "States": {
        "Bad?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.bad", "IsPresent": True, "Next": "Break"}],
            "Default": "Work",
        },
        "Work": {"Type": "Pass", "End": True},
        "Break": {"Type": "Fail", "Error": "Bad.Luck", "Cause": "no luck"},
    },
}
RANKS = {
    "StartAt": "Ranks",
    "States": {
        "Ranks": {
            "Type": "Map",
            "Label": "Ranks",
            "End": True,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **FAILS},
        }
    },
}
THROTTLED, DENIED = "ThrottlingException", "AccessDeniedException"


class Refuses:
    """Refuses calls: ``code`` is what is said of those that ``which`` picks out; ``calls`` are all that were made."""

    def __init__(self):
        self.heal()

    def heal(self):
        self.code, self.which, self.calls = "", set(), []

    def refuse(self, code, *which):
        self.code, self.which, self.calls = code, set(which), []

    def __call__(self, model, **_):
        self.calls.append(model.name)
        if self.code and (model.name in self.which or not self.which):
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, model.name)


@pytest.fixture(scope="module")
def project():
    return load_project(REPOSITORY)


@pytest.fixture(scope="module")
def refuses():
    return Refuses()


@pytest.fixture(scope="module")
def run_id(aws, project):
    runs = RunsHere(aws, project.lane("team2"), "cosmic")
    return runs.ended(RANKS, [{"rank": rank, "bad": True} if rank == 2 else {"rank": rank} for rank in range(4)])


@pytest.fixture(scope="module")
def aws(project, tmp_path_factory, refuses):
    with cloud_here(project, tmp_path_factory.mktemp("cloud")) as aws:
        aws.session.events.register("before-call", refuses)
        yield aws


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(project, aws, clock, refuses, run_id):
    refuses.heal()
    desk = desk_of(project, aws, writes=False, named=True)
    desk.readings = Readings(clock)
    desk.runs = LiveRuns(desk.readings, clock)
    desk.lanes = LaneLooks(start=lambda _: None)  # a plan takes seconds
    yield console_client(desk)
    refuses.heal()


def pages(run_id):
    of_run = (f"/runs/{run_id}", f"/runs/{run_id}/ranks", f"/runs/{run_id}/ranks/2")
    return ("/team2/runs", *of_run)


def looked_at(client, run_id, clock):
    """Open every page until nothing is being read in the background."""
    eventually(lambda: "Bad.Luck" in client.get(f"/runs/{run_id}/ranks").text)
    for address in pages(run_id):
        assert client.get(address).status_code == 200
    clock.now += 1000


def test_where_all_is_throttled_pages_show_what_was_known_and_say_so_and_recover(client, run_id, clock, refuses):
    looked_at(client, run_id, clock)
    refuses.refuse(THROTTLED)
    for address in (*pages(run_id)[:4], f"/runs/{run_id}.json"):
        told = client.get(address)
        assert (told.status_code, "asked too often" in told.text) == (200, True), address
        clock.now += 1000
    assert "Bad.Luck" in client.get(f"/runs/{run_id}").text
    assert "Bad.Luck" in client.get(f"/runs/{run_id}/ranks").text
    refuses.heal()
    clock.now += 1000
    for address in pages(run_id)[:4]:
        assert "asked too often" not in client.get(address).text
    assert client.told == []


def test_a_page_that_is_asked_again_at_once_asks_aws_nothing_again(client, run_id, clock, refuses):
    looked_at(client, run_id, clock)
    refuses.refuse(THROTTLED)
    for address in pages(run_id)[:4]:
        client.get(address)
    refuses.refuse(THROTTLED)
    for address in pages(run_id)[:4]:
        client.get(address)
    assert refuses.calls == []


SHOWN_WITHOUT = {
    "ListExecutions": ("run", "ranks"),
    "DescribeExecution": ("runs",),
    "GetExecutionHistory": ("runs", "run", "ranks"),
    "DescribeMapRun": ("runs", "run", "ranks", "rank"),
    "DescribeStateMachineForExecution": ("runs",),
    "FilterLogEvents": ("runs", "run", "ranks", "rank"),
}


@pytest.mark.parametrize("call", SHOWN_WITHOUT)
def test_a_call_that_is_denied_hides_what_only_it_tells_and_is_named(client, run_id, clock, refuses, call):
    refuses.refuse(DENIED, call)
    for name, address in zip(("runs", "run", "ranks", "rank"), pages(run_id), strict=True):
        told = client.get(address)
        if name in SHOWN_WITHOUT[call]:
            assert told.status_code == 200, (address, client.told)
        else:
            assert told.status_code in {502, 503}, address
            assert call in told.text or "may read" in told.text
    assert client.told == []


def test_a_run_whose_history_may_not_be_read_shows_its_state_and_says_so(client, run_id, refuses):
    refuses.refuse(DENIED, "GetExecutionHistory")
    text = client.get(f"/runs/{run_id}").text
    assert "These credentials may not call GetExecutionHistory" in text
    assert "✗</span> failed" in text


def test_a_run_whose_counts_may_not_be_read_still_says_why_it_failed(client, run_id, refuses):
    refuses.refuse(DENIED, "DescribeMapRun")
    text = client.get(f"/runs/{run_id}").text
    assert "These credentials may not call DescribeMapRun" in text
    client.get(f"/runs/{run_id}")
    assert refuses.calls.count("DescribeMapRun") <= 2
