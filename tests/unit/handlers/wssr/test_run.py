"""The model and both chunks, in a real R, on a bucket in process."""

import csv
import io
import re

import pytest

from shared.handlers.process import ScriptFailed
from shared.handlers.wssr.collate import MissingIteration
from shared.handlers.wssr.rscript import MissingR

FIGURES = {"iterations": 2, "years": 4, "seed": 7, "headcount": 300, "joiners": 24}
KEY = "wssr/{}/workforce.csv"


@pytest.fixture
def run(step, store):
    """Run all iterations and collate; returns what collate returns."""

    def go(run_id, **changed):
        event = {**FIGURES, **changed, "run_id": run_id}
        for iteration in range(1, event["iterations"] + 1):
            assert step("simulate")({**event, "iteration": iteration}, None) == iteration
        return step("collate")(event, None)

    return go


@pytest.fixture
def rows(store):
    return lambda run_id: list(csv.DictReader(io.StringIO(store.body(KEY.format(run_id)).decode())))


def test_a_run_leaves_one_object_a_table_and_a_plot(with_r, run, store, rows):
    answer = run("run-1")
    assert answer["iterations"] == 2
    assert set(answer["results"]) == {"all", "workforce", "ensemble"}
    for uri in answer["results"].values():
        assert store.body(uri.removeprefix("s3://wssr-data-0badcafe/"))
    plot = answer["results"]["ensemble"].removeprefix("s3://wssr-data-0badcafe/")
    assert re.match(rb"<\?xml|%PDF", store.body(plot))
    table = rows("run-1")
    cells = [(row["year"], row["grade"], row["age_band"]) for row in table]
    assert len(cells) == len(set(cells)) == 5 * 5 * 5
    assert {grade for _, grade, _ in cells} == set("ABCDE")
    nobody_is_lost_and_nobody_made_up(table)


def nobody_is_lost_and_nobody_made_up(table):
    totals = {}
    for row in table:
        year = totals.setdefault(int(row["year"]), dict.fromkeys(("headcount", "joiners", "leavers", "retirements"), 0))
        for name in year:
            year[name] += float(row[f"{name}_mean"])
    assert list(totals) == [0, 1, 2, 3, 4]
    assert totals[0] == {"headcount": 300, "joiners": 0, "leavers": 0, "retirements": 0}
    for year in range(1, 5):
        now, before = totals[year], totals[year - 1]
        moved = now["joiners"] - now["leavers"] - now["retirements"]
        assert now["headcount"] == pytest.approx(before["headcount"] + moved)
        assert now["leavers"] > 0
    assert sum(year["retirements"] for year in totals.values()) > 0


def test_one_seed_is_one_table_and_another_is_another(with_r, run, store):
    run("first", iterations=1)
    run("second", iterations=1)
    run("other", iterations=1, seed=8)
    tables = [store.body(KEY.format(name)) for name in ("first", "second", "other")]
    assert tables[0] == tables[1] != tables[2]


def test_iterations_differ_and_one_is_the_same_among_fewer(with_r, run, store, rows):
    run("two")
    run("one", iterations=1)
    assert store.body("wssr/two/iterations/1.rds") == store.body("wssr/one/iterations/1.rds")
    assert store.body("wssr/two/iterations/1.rds") != store.body("wssr/two/iterations/2.rds")
    spread = [row for row in rows("two") if row["headcount_p05"] != row["headcount_p95"]]
    assert spread
    assert all(row["year"] != "0" for row in spread)


def test_nobody_joins_and_all_are_gone_in_the_end(with_r, run, rows):
    run("run-1", iterations=1, joiners=0, years=60)
    assert sum(float(row["headcount_mean"]) for row in rows("run-1") if row["year"] == "60") == 0


def test_a_lost_iteration_is_named(step, store):
    store.put("wssr/run-1/iterations/1.rds")
    with pytest.raises(MissingIteration, match="1 of 2 iterations left no rows: 2"):
        step("collate")({**FIGURES, "run_id": "run-1"}, None)


def test_another_iterations_rows_are_refused(with_r, step, store):
    step("simulate")({**FIGURES, "run_id": "run-1", "iteration": 1}, None)
    store.put("wssr/run-1/iterations/2.rds", store.body("wssr/run-1/iterations/1.rds"))
    with pytest.raises(ScriptFailed, match=r"(?s)collation: collate\.R ended with exit status 1.*iteration 2 holds"):
        step("collate")({**FIGURES, "run_id": "run-1"}, None)


def test_what_is_no_rds_is_refused(with_r, step, store):
    for number in (1, 2):
        store.put(f"wssr/run-1/iterations/{number}.rds", b"no rows")
    with pytest.raises(ScriptFailed, match=r"(?s)collate\.R.*unknown input format"):
        step("collate")({**FIGURES, "run_id": "run-1"}, None)


def test_a_step_without_r_says_so_and_writes_nothing(without_r, step, store):
    with pytest.raises(MissingR, match="R is not installed"):
        step("simulate")({**FIGURES, "run_id": "run-1", "iteration": 1}, None)
    assert store.keys() == []
