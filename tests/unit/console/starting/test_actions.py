"""Stopping a run, and redriving what failed of it, from a page."""

import re
from threading import Event
from types import SimpleNamespace

import jinja2
import pytest

from shared.console.launches import Launches, Whose
from shared.errors import LanesError
from shared.run.launch import ask, make_ready
from shared.run.start import start
from tests.helpers.console import console_client, desk_of
from tests.helpers.eventually import eventually

WHOSE = Whose("team9", "read", "/")


@pytest.fixture
def begin(desk, cloud, request):
    """Return a function that starts a run as a command does, and returns its id and its ARN."""

    def begin(workflow, given):
        number = begin.count = begin.count + 1
        lane, here = desk.lane("team9"), desk.prepare(desk.project, cloud, lambda _: None)
        asked = ask(lane, workflow, given, {})
        run_id = f"{request.node.name[:60]}-{number}"
        run = start(cloud, lane, workflow, make_ready(cloud, here, asked, run_id, lambda _: None), run_id)
        return run.id, run.arn

    begin.count = 0
    return begin


def status(cloud, arn):
    return cloud.states.describe_execution(executionArn=arn)["status"]


def test_a_run_is_stopped(console, cloud, begin):
    run, arn = begin("wait", {})
    answer = console.post(f"/runs/{run}/stop")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/runs/{run}")
    assert status(cloud, arn) == "ABORTED"
    assert console.post(f"/runs/{run}/stop").status_code == 303  # one that has ended stays as it is


def test_what_failed_is_redriven_and_once(console, cloud, desk, begin):
    run, arn = begin("read", {"key": "late.txt"})
    eventually(lambda: status(cloud, arn) == "FAILED")
    cloud.s3.put_object(Bucket=desk.lane("team9").bucket, Key="late.txt", Body=b"")
    first, second = (console.post(f"/runs/{run}/redrive", {"redrives": "0"}).headers["Location"] for _ in range(2))
    assert first == second == f"/launches/{run}-redrive-1"
    eventually(lambda: console.get(f"{first}.json").json["status"] != "RUNNING")
    over = console.get(f"{first}.json").json
    assert (over["status"], over["goes"]) == ("SUCCEEDED", f"/runs/{run}")
    eventually(lambda: status(cloud, arn) == "SUCCEEDED")
    assert cloud.states.describe_execution(executionArn=arn)["redriveCount"] == 1


def test_what_cannot_be_redriven_says_why(console, cloud, begin):
    run, arn = begin("wait", {"seconds": 0})
    eventually(lambda: status(cloud, arn) == "SUCCEEDED")
    address = console.post(f"/runs/{run}/redrive", {"redrives": "0"}).headers["Location"]
    eventually(lambda: console.get(f"{address}.json").json["status"] != "RUNNING")
    page = console.get(address).text
    assert "it has succeeded, so there is nothing to do again" in page
    assert "lanes run team9 wait starts a new one" in page
    assert f'href="/runs/{run}"' in page


def test_a_run_that_is_not_there_and_a_form_that_is_none_are_told(console, begin):
    assert console.post("/runs/none/stop").status_code == 400
    run, _ = begin("wait", {"seconds": 0})
    assert "how often the run was redriven" in console.post(f"/runs/{run}/redrive").text


def test_nothing_is_done_where_the_console_only_reads_or_the_team_is_not_named(project, cloud, begin):
    run, arn = begin("wait", {})
    only_reads = console_client(desk_of(project, cloud, writes=False, named=True))
    for act in ("stop", "redrive"):
        answer = only_reads.post(f"/runs/{run}/{act}", {"named": "team9", "redrives": "0"})
        assert answer.status_code == 503
        assert "this console only reads" in answer.text
    asks = console_client(desk_of(project, cloud, named=True))
    for act in ("stop", "redrive"):
        answer = asks.post(f"/runs/{run}/{act}", {"named": "team1", "redrives": "0"})
        assert "and the team&#39;s name was not given" in answer.text
    assert status(cloud, arn) == "RUNNING"
    assert asks.post(f"/runs/{run}/stop", {"named": "team9"}).status_code == 303
    assert status(cloud, arn) == "ABORTED"


def offered(state, *, writes=True, named=False):
    """Return what the macro offers for a run in this *state*."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("shared.console"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = '{% import "actions.html.j2" as act with context %}{{ act.actions(live, "team9", "read") }}'
    place = SimpleNamespace(writes=writes, named=named, account="123456789012", options=" --aws")
    live = SimpleNamespace(found=SimpleNamespace(run=SimpleNamespace(id="run-1"), status=state), redrives=2)
    return templates.from_string(page).render(place=place, form_key="k", live=live)


def test_each_status_has_its_actions():
    assert re.findall(r'action="([^"]+)"', offered("RUNNING")) == ["/runs/run-1/stop"]
    assert re.findall(r'action="([^"]+)"', offered("FAILED")) == ["/runs/run-1/redrive"]
    assert 'name="redrives" value="2"' in offered("TIMED_OUT")
    assert re.findall(r'action="([^"]+)"', offered("SUCCEEDED")) == []
    assert 'href="/team9/read/new?from=run-1"' in offered("SUCCEEDED")


def test_where_the_console_only_reads_it_tells_the_command():
    assert "lanes stop team9 run-1 --aws" in offered("RUNNING", writes=False)
    assert "lanes redrive team9 run-1 --aws" in offered("FAILED", writes=False)
    assert "<form" not in offered("RUNNING", writes=False) + offered("FAILED", writes=False)


def test_where_an_account_is_changed_the_action_names_it_and_asks_for_the_team():
    told = offered("RUNNING", named=True)
    assert "This changes account 123456789012" in told
    assert '<label for="named-stop">' in told
    assert 'id="named-stop" name="named" required' in told


def test_the_end_of_the_console_ends_what_is_under_way_at_its_next_step():
    launches, reached, go, done = Launches(patience=0), Event(), Event(), []

    def work(_, note):
        note("first")
        reached.set()
        go.wait(60)
        note("second")
        done.append("started")

    launch = launches.begin("a", "", WHOSE, work, lambda: "b")
    assert reached.wait(60)
    launches.close()
    go.set()
    eventually(lambda: launch.over)
    assert done == []
    assert launch.lines == ("first",)
    assert "the console has ended before the run was started" in str(launch.error)


def test_what_failed_begins_anew_and_what_did_not_is_kept():
    launches, outcomes = Launches(), [LanesError("no"), None]

    def work(_id, _note):
        if error := outcomes.pop(0):
            raise error

    failed = launches.begin("a", "x", WHOSE, work, lambda: "b")
    eventually(lambda: failed.over)
    again = launches.begin("a", "x", WHOSE, work, lambda: "b")
    eventually(lambda: again.over)
    assert again is not failed
    assert again.id == failed.id == "a"
    assert launches.begin("a", "x", WHOSE, work, lambda: "b") is again
    assert launches.get("a") is again
    outcomes.append(None)
    other = launches.begin("a", "y", WHOSE, work, lambda: "b")
    assert other.id == "b"
    launches.close()


def test_the_oldest_are_forgotten_but_none_that_is_under_way():
    launches, go = Launches(), Event()
    slow = launches.begin("slow", "", WHOSE, lambda _id, _note: go.wait(60) and None, lambda: "")
    for number in range(120):
        launch = launches.begin(f"{number}", "", WHOSE, lambda _id, _note: None, lambda: "")
        eventually(lambda launch=launch: launch.over)
    assert launches.get("0") is None
    assert launches.get("slow") is slow
    assert launches.get("119") is not None
    go.set()
    launches.close()


def test_a_fault_of_ours_is_told_to_the_terminal_and_not_to_the_page(console, desk):
    def work(_id, _note):
        raise KeyError("secret inner name")

    told = []
    desk.launches.fault = lambda path, error: told.append((path, str(error)))
    launch = desk.launches.begin("fault", "", WHOSE, work, lambda: "")
    eventually(lambda: told)
    page = console.get(f"/launches/{launch.id}").text
    assert "this is a fault in lanes itself: KeyError" in page
    assert "secret inner name" not in page
    assert told == [("/launches/fault", "'secret inner name'")]
