"""The page of a run's ranks, over a cloud in this process: machines without functions, so that nothing is started."""

import re

import pytest

from shared.config.load import load_project
from shared.console.heat_grid import draw_grid
from shared.run.ranks import RankMap, RankRow, Ranks, count
from tests.helpers.console import cloud_here, console_client, desk_of, page, record
from tests.helpers.eventually import eventually
from tests.helpers.project import REPOSITORY
from tests.helpers.runs_here import RunsHere

HOSTILE = "<script>alert(1)</script>"
PASS = {"Type": "Pass", "End": True}
MOST_BYTES = 300_000


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def mapped(processor, **more):
    return {"Type": "Map", "ItemProcessor": processor, "End": True, **more}


def distributed(processor, kind="STANDARD", **more):
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **processor}
    return mapped(processor, Label="Ranks", ResultPath=None, **more)


FAILS = {
    "Bad?": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.bad", "IsPresent": True, "Next": "Break"}],
        "Default": "Work",
    },
    "Work": PASS,
    "Break": {"Type": "Fail", "Error": "Bad.Luck", "Cause": HOSTILE},
}
WAITS = {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}


@pytest.fixture(scope="module")
def project():
    return load_project(REPOSITORY)


@pytest.fixture(scope="module")
def aws(project, tmp_path_factory):
    with cloud_here(project, tmp_path_factory.mktemp("cloud")) as aws:
        yield aws


@pytest.fixture(scope="module")
def runs(aws, project):
    return RunsHere(aws, project.lane("team2"), "cosmic")


@pytest.fixture
def client(project, aws):
    return console_client(desk_of(project, aws))


def items(count, bad=()):
    return [{"rank": rank, "bad": True} if rank in bad else {"rank": rank} for rank in range(count)]


def whole(client, address):
    """Return the page once nothing of it is still read."""
    eventually(lambda: " data-moving" not in page(client, address))
    return page(client, address)


@pytest.fixture(scope="module")
def ten_thousand(runs):
    """A run of 10,000 children, of which every thousandth fails."""
    bad = range(0, 10_000, 1000)
    return runs.ended(machine(Ranks=distributed(machine(**FAILS), ToleratedFailureCount=10)), items(10_000, bad))


def test_ten_thousand_ranks_are_a_small_page_that_finds_those_that_failed(client, ten_thousand):
    address = f"/runs/{ten_thousand}/ranks"
    text = whole(client, address)
    assert len(text.encode()) < MOST_BYTES
    assert text.count("<tr>") <= 100 + 4
    assert "<script>alert" not in text
    assert "style=" not in text
    told = record(client, address)
    assert (told["counts"]["FAILED"], told["counts"]["SUCCEEDED"], told["total"]) == (10, 9990, 10_000)
    assert {row["number"] for row in told["rows"][:10]} == set(range(0, 10_000, 1000))
    assert [(each["error"], each["count"]) for each in told["errors"]] == [("Bad.Luck", 10)]
    assert len(told["letters"]) == 10_000
    assert told["letters"].count("f") == 10


def test_filters_are_of_the_server(client, ten_thousand):
    address = f"/runs/{ten_thousand}/ranks"
    whole(client, address)
    assert record(client, f"{address}?status=bad")["fitting"] == 10
    assert record(client, f"{address}?error=Bad.Luck&from=2000&to=4000")["fitting"] == 3
    assert record(client, f"{address}?status=SUCCEEDED&order=rank&page=2")["page"] == 2
    last = record(client, f"{address}?order=rank&page=100")
    assert (len(last["rows"]), last["rows"][-1]["place"]) == (100, 9999)
    assert record(client, f"{address}?slower=1e6")["fitting"] == 0
    assert "There is no page 101" in page(client, f"{address}?page=101")
    assert client.get(f"{address}?status=odd").status_code == 404


def test_a_page_that_was_seen_is_not_sent_again(client, ten_thousand):
    address = f"/runs/{ten_thousand}/ranks"
    whole(client, address)
    seen = client.get(address).headers["X-Lanes-Version"]
    assert client.get(f"{address}?seen={seen}").status_code == 204


def test_the_form_opens_a_rank(client, ten_thousand):
    address = f"/runs/{ten_thousand}/ranks"
    whole(client, address)
    text = page(client, f"{address}?rank=4321")
    assert f"<title>Rank 4321 of {ten_thousand}: succeeded" in text
    assert record(client, f"/runs/{ten_thousand}/ranks/3000")["error"] == "Bad.Luck"


@pytest.fixture(scope="module")
def a_thousand(runs):
    """A run of an inline Map of 1,000 items, of which some fail at once."""
    return runs.ended(machine(Ranks=mapped(machine(**FAILS))), items(1000, {700, 701, 702}))


def test_a_thousand_items_have_those_that_failed_first_and_a_strip(client, a_thousand):
    text = whole(client, f"/runs/{a_thousand}/ranks")
    told = record(client, f"/runs/{a_thousand}/ranks")
    assert told["total"] == sum(told["counts"].values()) == 1000
    assert told["rows"][0]["status"] == "FAILED"
    assert told["rows"][0]["number"] in {700, 701, 702}
    assert len(told["rows"]) == 100
    assert 'viewBox="0 0 100 10"' in text
    assert "did not succeed" in text
    assert HOSTILE not in text


def test_four_ranks_are_a_table_in_order(client, runs):
    run_id = runs.ended(machine(Ranks=mapped(machine(**FAILS))), items(4))
    text = whole(client, f"/runs/{run_id}/ranks")
    assert "Go to rank" not in text
    assert 'id="grid"' not in text
    assert [row["number"] for row in record(client, f"/runs/{run_id}/ranks")["rows"]] == [0, 1, 2, 3]
    assert "4, none failed" in text


def test_while_it_runs_counts_change_and_what_failed_appears(client, runs, aws):
    one_fails = {
        **FAILS,
        "Bad?": {**FAILS["Bad?"], "Default": "Wait"},
        **WAITS,
    }
    del one_fails["Work"]
    run_id = runs.start(
        machine(Ranks=distributed(machine(**one_fails), ToleratedFailureCount=5, MaxConcurrency=3)), items(8, {0})
    )
    address = f"/runs/{run_id}/ranks"
    eventually(lambda: any(row["error"] for row in record(client, address).get("rows", [])))
    told = record(client, address)
    assert (told["counts"]["FAILED"], told["counts"]["RUNNING"], told["counts"]["PENDING"]) == (1, 3, 4)
    assert told["total"] == 8
    text = page(client, address)
    assert " data-moving" in text
    assert f"<title>Ranks of {run_id}: 1 of 8 failed, running" in text
    aws.states.stop_execution(executionArn=runs.execution(run_id))
    assert "ABORTED" in {row["status"] for row in wholly(client, address)["rows"]}


def wholly(client, address):
    whole(client, address)
    return record(client, address)


def test_several_maps_are_chosen_from_the_largest_first(client, runs):
    first = {**mapped(machine(A=PASS), ItemsPath="$.few"), "ResultPath": None, "Next": "Many"}
    del first["End"]
    run_id = runs.ended(
        machine(Few=first, Many=mapped(machine(B=PASS), ItemsPath="$.many")), {"few": items(2), "many": items(3)}
    )
    told = wholly(client, f"/runs/{run_id}/ranks")
    assert [(each["name"], each["total"]) for each in told["maps"]] == [("Many", 3), ("Few", 2)]
    few = told["maps"][1]["key"]
    assert record(client, f"/runs/{run_id}/ranks?map={few}")["total"] == 2
    text = page(client, f"/runs/{run_id}/ranks?map={few}")
    assert f"/runs/{run_id}/ranks/1?map={few}" in text
    assert client.get(f"/runs/{run_id}/ranks?map=9999").status_code == 404


def test_items_that_call_their_ranks_otherwise_are_opened_by_their_places(client, runs):
    given = [{"rank": rank} for rank in (*range(100, 159), 100)]
    run_id = runs.ended(machine(Ranks=mapped(machine(A=PASS))), given)
    told = wholly(client, f"/runs/{run_id}/ranks")
    by_place = {row["place"]: row["address"] for row in told["rows"]}
    assert by_place[3] == f"/runs/{run_id}/ranks/103"
    assert by_place[59] == f"/runs/{run_id}/ranks/100?at=59"
    assert re.search('data-noun="item" .* data-query="at="', page(client, f"/runs/{run_id}/ranks"))
    assert record(client, f"/runs/{run_id}/ranks/3?at=3")["rank"] == 103
    assert "There is no rank 60" in page(client, f"/runs/{run_id}/ranks/60?at=60")


def test_of_express_children_there_are_counts_alone(client, runs):
    run_id = runs.ended(machine(Ranks=distributed(machine(A=PASS), "EXPRESS")), items(60))
    address = f"/runs/{run_id}/ranks"
    eventually(lambda: record(client, address).get("counts", {}).get("SUCCEEDED") == 60)
    text, told = page(client, address), record(client, address)
    assert (told["rows"], told["letters"]) == ([], None)
    assert " data-moving" in text  # the log that would tell of them may be a minute late
    assert "express executions" in text
    assert "express executions" in page(client, f"/runs/{run_id}/ranks/3")


def test_a_run_without_a_map_says_so(client, runs):
    run_id = runs.ended(machine(A=PASS))
    assert "has no Map, so the run has no ranks" in whole(client, f"/runs/{run_id}/ranks")


def test_a_run_that_ended_before_its_map_says_so(client, runs):
    first = {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "Ranks"}], "Default": "Break"}
    run_id = runs.ended(machine(First=first, Ranks=mapped(machine(A=PASS)), Break=FAILS["Break"]), {})
    assert "ended before it came to a Map" in whole(client, f"/runs/{run_id}/ranks")


def test_a_map_without_items_says_so(client, runs):
    run_id = runs.ended(machine(Ranks=mapped(machine(A=PASS))), [])
    assert "Ranks has no items" in whole(client, f"/runs/{run_id}/ranks")


def test_no_run_has_no_ranks(client):
    answer = client.get("/runs/nothing/ranks")
    assert (answer.status_code, client.told) == (404, [])


# --- The grid


def drawn(rows, total=None):
    counts = count(rows)
    counts["PENDING"] += (total or len(rows)) - len(rows)
    return draw_grid(Ranks(RankMap(1, "Ranks", "inline", len(rows)), counts, tuple(rows)))


def row(place, status="SUCCEEDED", seconds=1.0):
    return RankRow(place, place, status, None, seconds)


def cells_of(svg, name):
    """Return the places that the path of a class covers."""
    columns = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
    path = re.search(rf'stroke="url\(#heat-{name}\)" d="([^"]*)"', svg)
    found, line, column = [], 0, 0
    for kind, across, down, length in re.findall(r"([Mm])(-?\d+) ([\d.]+)h(\d+)", path[1] if path else ""):
        line, column = (int(float(down)), int(across)) if kind == "M" else (line, column + int(across))
        found += [line * columns + column + step for step in range(int(length))]
        column += int(length)
    return found


def test_each_cell_is_drawn_once_in_the_path_of_its_class():
    rows = [row(place, "FAILED" if place % 7 == 0 else "SUCCEEDED", float(place % 5)) for place in range(250)]
    grid = drawn(rows, 260)
    names = {"f": "bad", "a": "q0", "b": "q1", "c": "q2", "d": "q3", "s": "slow", "w": "waiting"}
    for letter, name in names.items():
        assert cells_of(grid.svg, name) == [place for place, each in enumerate(grid.letters) if each == letter]
    assert len(grid.letters) == sum(key.count for key in grid.legend) == 260
    assert grid.svg.count("<path stroke") == len(grid.words)


def test_the_worst_of_ten_thousand_is_still_small():
    rows = [
        row(place, "FAILED" if place % 5 == 4 else "SUCCEEDED", float(place * 7919 % 1000)) for place in range(10_000)
    ]
    assert len(drawn(rows).svg) < MOST_BYTES / 2
    assert drawn(rows).columns == 100
