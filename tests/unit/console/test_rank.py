"""The page of a rank, over a cloud in this process, with a function that prints and raises."""

import re

import pytest

from shared.config.load import load_project
from tests.helpers.console import cloud_here, console_client, desk_of, page, record
from tests.helpers.eventually import eventually
from tests.helpers.project import REPOSITORY
from tests.helpers.runs_here import RunsHere

HANDLER = """
import json

def handle(event, context):
    print(json.dumps({"progress": {"run_id": event["run"], "rank": event["rank"], "done": 1, "of": 1}}))
    print("<script>alert(1)</script>")
    print("password=hunter2hunter2")
    for number in range(event.get("lines", 0)):
        print(f"line {number} {'x' * 100}")
    if event.get("bad"):
        raise ValueError(f"<script>alert({event['rank']})</script>")
    return {"rank": event["rank"], "secret_key": "hunter2hunter2"}
"""
RETRY = [{"ErrorEquals": ["ValueError"], "IntervalSeconds": 1, "MaxAttempts": 1}]


@pytest.fixture(scope="module")
def project():
    return load_project(REPOSITORY)


@pytest.fixture(scope="module")
def lane(project):
    return project.lane("team2")


@pytest.fixture(scope="module")
def aws(project, tmp_path_factory):
    with cloud_here(project, tmp_path_factory.mktemp("cloud")) as aws:
        yield aws


@pytest.fixture(scope="module")
def runs(aws, lane):
    runs = RunsHere(aws, lane, "cosmic")
    runs.make_function(function(lane), HANDLER)
    return runs


@pytest.fixture
def client(project, aws):
    return console_client(desk_of(project, aws))


def function(lane):
    return lane.functions[lane.workflows["cosmic"].functions["inference"]].name


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def calls(lane):
    payload = {"rank.$": "$.rank", "lines.$": "$.lines", "bad.$": "$.bad", "run.$": "$$.Execution.Name"}
    called = {"FunctionName": function(lane), "Payload": payload}
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": called, "Retry": RETRY}
    return machine(Work={**task, "OutputPath": "$.Payload", "End": True})


def inline(lane):
    return machine(Ranks={"Type": "Map", "ItemProcessor": calls(lane), "End": True})


def distributed(lane):
    payload = calls(lane)
    given = payload["States"]["Work"]["Parameters"]["Payload"]
    given["run.$"] = "$.run"
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **payload}
    return machine(Ranks={"Type": "Map", "Label": "Ranks", "ItemProcessor": processor, "End": True})


def item(rank, *, bad=False, lines=0, **more):
    return {"rank": rank, "bad": bad, "lines": lines, **more}


@pytest.fixture(scope="module")
def failed(runs, lane):
    """A run of an inline Map whose rank 2 fails, twice."""
    return runs.ended(inline(lane), [item(rank, bad=rank == 2) for rank in range(3)])


def test_a_rank_that_failed_has_its_error_its_calls_and_its_log_on_one_page(client, failed):
    told = record(client, f"/runs/{failed}/ranks/2")
    assert (told["status"], told["error"]) == ("FAILED", "ValueError")
    assert [(call["attempt"], call["status"]) for call in told["calls"]] == [(1, "FAILED"), (2, "FAILED")]
    assert told["calls"][1]["waited_seconds"] >= 1
    assert "raise ValueError" in told["traceback"][0]
    assert told["debug"] == f"lanes debug team2 {failed} --rank 2"
    assert len(told["reports"]) == 2
    assert told["cost"]["usd"] > 0
    assert any("alert(1)" in line for line in told["log"]["first"])
    text = page(client, f"/runs/{failed}/ranks/2")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in text
    assert f"<title>Rank 2 of {failed}: failed" in text
    assert "style=" not in text


def test_secrets_are_shown_nowhere(client, failed):
    for address in (f"/runs/{failed}/ranks/2", f"/runs/{failed}/ranks/0", f"/runs/{failed}/ranks/0.json"):
        assert "hunter2" not in client.get(address).text
    assert "hunter2" not in client.get(f"/runs/{failed}/ranks/0/log.txt").text


def test_the_log_of_an_earlier_call_is_there_too(client, failed):
    first, second = (record(client, f"/runs/{failed}/ranks/2?call={call}") for call in (1, 2))
    assert first["log"]["first"][0] != second["log"]["first"][0]
    assert first["calls"][0]["request"] in first["log"]["first"][0]
    assert second["calls"][1]["request"] in second["log"]["first"][0]


def test_a_rank_that_succeeded_has_its_event_and_its_result(client, failed):
    told = record(client, f"/runs/{failed}/ranks/0")
    assert (told["status"], told["event"]["rank"], told["result"]["rank"]) == ("SUCCEEDED", 0, 0)
    assert (told["error"], told["traceback"]) == ("", [])


def test_ranks_are_linked_to_each_other(client, failed):
    text = page(client, f"/runs/{failed}/ranks/1")
    links = dict(re.findall(r'id="(before|after|next-failed)"[^>]* href="([^"]+)"', text))
    assert links == {
        "before": f"/runs/{failed}/ranks/0",
        "after": f"/runs/{failed}/ranks/2",
        "next-failed": f"/runs/{failed}/ranks/2",
    }


def test_a_rank_that_is_not_there_says_how_to_look_on(client, failed):
    text = page(client, f"/runs/{failed}/ranks/77")
    assert "There is no rank 77 in Ranks" in text
    assert f"lanes logs team2 {failed}" in text
    assert client.get(f"/runs/{failed}/ranks/77/log.txt").status_code == 404


def test_a_rank_of_a_distributed_map_is_found_among_its_children(client, runs, lane):
    run_id = runs.ended(distributed(lane), [item(rank, run="x") for rank in range(5)])
    eventually(lambda: "status" in record(client, f"/runs/{run_id}/ranks/3"))
    told = record(client, f"/runs/{run_id}/ranks/3")
    assert (told["status"], told["rank"], told["event"]["rank"], told["result"]["rank"]) == ("SUCCEEDED", 3, 3, 3)
    assert len(told["log"]["first"]) >= 5
    assert told["debug"].endswith("--rank 3")
    at = record(client, f"/runs/{run_id}/ranks/0?at=0")
    assert at["rank"] == at["event"]["rank"]


def test_megabytes_of_log_are_cut_on_the_page_and_whole_as_a_file(client, runs, lane):
    run_id = runs.ended(inline(lane), [item(0, lines=20_000)])
    text = page(client, f"/runs/{run_id}/ranks/0")
    assert len(text) < 200_000
    assert "lines between are left out" in text
    assert "line 19999 " in text
    whole = client.get(f"/runs/{run_id}/ranks/0/log.txt")
    assert whole.headers["Content-Disposition"] == f"attachment; filename={run_id}-rank-0.log"
    assert whole.mimetype == "text/plain"
    assert sum(line.startswith("line ") for line in whole.text.splitlines()) == 20_000


def test_the_only_call_of_a_run_without_a_map_is_its_rank_0(client, runs, lane):
    run_id = runs.ended(calls(lane), item(0))
    told = record(client, f"/runs/{run_id}/ranks/0")
    assert (told["status"], told["result"]["rank"], told["debug"]) == ("SUCCEEDED", 0, f"lanes debug team2 {run_id}")
    assert client.get(f"/runs/{run_id}/ranks/1").status_code == 404


def test_a_run_that_calls_nothing_has_no_ranks(client, runs):
    run_id = runs.ended(machine(P={"Type": "Pass", "End": True}))
    answer = client.get(f"/runs/{run_id}/ranks/0")
    assert (answer.status_code, client.told) == (404, [])
    assert "so it has no ranks" in answer.text


def test_a_rank_that_runs_moves_until_it_ends(client, runs, aws):
    waits = machine(Ranks={"Type": "Map", "ItemProcessor": machine(W={"Type": "Wait", "Seconds": 600, "End": True})})
    waits["States"]["Ranks"]["End"] = True
    run_id = runs.start(waits, [item(0)])
    eventually(lambda: client.get(f"/runs/{run_id}/ranks/0").status_code == 200)  # there is none before its Map begins
    text = page(client, f"/runs/{run_id}/ranks/0")
    assert " data-moving" in text
    assert "It called nothing" in text
    aws.states.stop_execution(executionArn=runs.execution(run_id))
    eventually(lambda: record(client, f"/runs/{run_id}/ranks/0")["status"] == "ABORTED")
    eventually(lambda: " data-moving" not in page(client, f"/runs/{run_id}/ranks/0"))


@pytest.mark.parametrize("query", ["map=x", "map=99", "map=-1", "map=٣"])
def test_a_map_that_is_none_is_refused(client, failed, query):
    answer = client.get(f"/runs/{failed}/ranks/0?{query}")
    assert (answer.status_code, client.told) == (404, [])
