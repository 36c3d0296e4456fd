import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import LanesError, UsageError
from shared.measure.scaling.sweep import Journal, make_cells, most_ranks, read_sweep, run_sweep

ABOUT = {"team": "t", "workflow": "w"}


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "sweeps" / "cells.jsonl")


@pytest.fixture
def cells():
    return make_cells({"world_size": [1, 2], "batch_size": [8, 16]}, {"prefix": "p"}, 2, ABOUT)


def good(cell):
    return {"status": "SUCCEEDED", "wall_seconds": float(cell.axes["world_size"])}


def test_repeats_are_the_outer_loop(cells):
    places = [(cell.repeat, *cell.axes.values()) for cell in cells]
    assert places == [(r, w, b) for r in (1, 2) for w in (1, 2) for b in (8, 16)]
    assert cells[0].payload == {"prefix": "p", "world_size": 1, "batch_size": 8}
    assert len({cell.key for cell in cells}) == len(cells)


def order(cells, journal):
    """Return (repeat, place) of the cells as they run."""
    ran = []
    run_sweep(cells, journal, lambda cell: ran.append(cell) or good(cell), lambda _: None)
    return [(cell.repeat, tuple(cell.axes.values())) for cell in ran]


def test_each_round_runs_all_configurations_in_an_order_of_its_own(journal):
    cells = make_cells({"world_size": [1, 2, 4, 8], "batch_size": [8, 16]}, {}, 4, ABOUT)
    ran = order(cells, journal)
    rounds = [[place for repeat, place in ran if repeat == number] for number in (1, 2, 3, 4)]
    assert [repeat for repeat, _ in ran] == [number for number in (1, 2, 3, 4) for _ in range(8)]
    assert all(len(set(places)) == 8 for places in rounds)
    assert len({tuple(places) for places in rounds}) == 4
    assert len({places[0] for places in rounds}) > 1  # not the same one is first, and cold, each time


def test_an_interrupted_sweep_goes_on_in_the_same_order(journal, tmp_path):
    cells = make_cells({"world_size": [1, 2, 4], "batch_size": [8, 16]}, {}, 2, ABOUT)
    whole = order(cells, Journal(tmp_path / "other" / "cells.jsonl"))

    def until_the_fifth(cell):
        if len(journal.read()) == 5:
            raise KeyboardInterrupt
        return good(cell)

    with pytest.raises(KeyboardInterrupt):
        run_sweep(cells, journal, until_the_fifth, lambda _: None)
    assert order(cells, journal) == whole[5:]


def test_a_warm_up_takes_the_largest_world(cells):
    assert most_ranks(cells).axes == {"world_size": 2, "batch_size": 8}
    assert most_ranks(make_cells({"batch_size": [8, 16]}, {}, 1, ABOUT)).axes == {"batch_size": 8}


def test_runs_of_other_code_are_counted_by_what_is_other(journal):
    axes = {"world_size": [1, 2]}
    old = make_cells(axes, {"prefix": "p"}, 2, {**ABOUT, "code": "1"})
    new = make_cells(axes, {"prefix": "p"}, 2, {**ABOUT, "code": "2"})
    run_sweep(old, journal, good, lambda _: None)
    assert journal.count_done(new) == 0
    assert journal.others(new) == {"other code": 4}
    assert journal.others(old) == {}
    moved = make_cells(axes, {"prefix": "q"}, 1, {**ABOUT, "code": "2"})
    assert journal.others(moved) == {"other code and input": 2}
    journal.append({"key": "before", "status": "SUCCEEDED", "axes": {"world_size": 1}, "repeat": 1})
    assert journal.others(moved)["a setting that was not recorded"] == 1


def test_a_sweep_of_other_code_is_not_read_with_the_newest(journal):
    for code in ("1", "2"):
        cells = make_cells({"world_size": [2, 1]}, {}, 2, {**ABOUT, "code": code})
        run_sweep(cells, journal, good, lambda _: None)
    found = read_sweep(journal.path.parent)
    assert [(each["repeat"], each["axes"]["world_size"]) for each in found] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert {each["setting"]["code"] for each in found} == {"2"}


def test_a_long_value_of_the_input_is_recorded_by_its_hash():
    (cell,) = make_cells({"x": [1]}, {"map": {str(number): "key" for number in range(100)}, "prefix": "p"}, 1, ABOUT)
    assert cell.setting["input"]["prefix"] == "p"
    assert cell.setting["input"]["map"].startswith("sha256:")


def test_a_key_holds_all_that_changes_a_result(cells):
    axes = {"world_size": [1, 2], "batch_size": [8, 16]}
    assert make_cells(axes, {"prefix": "p"}, 1, ABOUT)[0].key == cells[0].key
    assert make_cells(axes, {"prefix": "q"}, 1, ABOUT)[0].key != cells[0].key
    assert make_cells(axes, {"prefix": "p"}, 1, {**ABOUT, "where": "aws"})[0].key != cells[0].key


def test_progress_tells_the_time_left(cells, journal):
    seen, ticks = [], iter(range(100))
    run_sweep(cells, journal, good, seen.append, clock=lambda: next(ticks) * 10.0)
    assert [progress.done for progress in seen] == list(range(1, 9))
    assert [progress.seconds_left for progress in seen] == [70.0, 60.0, 50.0, 40.0, 30.0, 20.0, 10.0, 0.0]


def test_an_interruption_loses_nothing_and_a_failed_cell_runs_again(cells, journal):
    ran = []

    def measure(cell):
        ran.append(cell.key)
        if len(ran) == 3:
            raise LanesError("no room")
        if len(ran) == 6:
            raise KeyboardInterrupt
        return good(cell)

    with pytest.raises(KeyboardInterrupt):
        run_sweep(cells, journal, measure, lambda _: None)
    records = run_sweep(cells, journal, measure, lambda _: None)
    assert [record["status"] for record in records] == ["SUCCEEDED"] * 8
    as_they_run = [cell.key for cell in sorted(cells, key=lambda cell: (cell.repeat, cell.key))]
    assert ran[6:] == [as_they_run[2], *as_they_run[5:]]
    assert run_sweep(cells, journal, None, lambda _: None) == records


def test_one_failed_cell_does_not_lose_the_others(cells, journal):
    def measure(cell):
        if cell.axes == {"world_size": 2, "batch_size": 8}:
            raise LanesError("no room", where="here")
        return good(cell)

    records = run_sweep(cells, journal, measure, lambda _: None)
    assert [record["status"] for record in records].count("ERROR") == 2
    assert records[2]["error"] == "here: no room"  # in the order of the cells, not in that of the runs
    assert len(journal.path.read_text().splitlines()) == 8


@given(cut=st.integers(min_value=0, max_value=400))
def test_a_journal_cut_off_anywhere_goes_on(tmp_path_factory, cut):
    journal = Journal(tmp_path_factory.mktemp("cut") / "cells.jsonl")
    cells = make_cells({"x": [1, 2, 3, 4]}, {}, 1, ABOUT)
    run_sweep(cells, journal, lambda _: {"status": "SUCCEEDED"}, lambda _: None)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[:cut])
    again = []
    run_sweep(cells, journal, lambda cell: again.append(cell) or {"status": "SUCCEEDED"}, lambda _: None)
    assert len(journal.read()) == 4
    assert len(again) >= 4 - len(whole[:cut].splitlines())
    assert all(json.loads(line) for line in journal.path.read_text().splitlines())


def test_a_damaged_line_is_named(journal, cells):
    run_sweep(cells[:2], journal, good, lambda _: None)
    text = journal.path.read_text()
    journal.path.write_text("oh\n" + text)
    with pytest.raises(LanesError, match=r"cells\.jsonl:1: this line"):
        journal.read()


def test_the_journal_counts_the_cells_it_has_results_of(journal, cells):
    assert journal.count_done(cells) == 0
    journal.append({"key": cells[0].key, "status": "SUCCEEDED"})
    journal.append({"key": cells[1].key, "status": "FAILED"})
    assert journal.count_done(cells) == 1


def test_of_two_sweeps_in_a_folder_the_newest_is_read(journal):
    for key, axes in (("a", {"world_size": 1}), ("b", {"batch_size": 8}), ("c", {"batch_size": 16})):
        journal.append({"key": key, "status": "SUCCEEDED", "axes": axes})
    assert [record["key"] for record in read_sweep(journal.path.parent)] == ["b", "c"]


def test_a_folder_without_a_sweep_is_refused(tmp_path):
    with pytest.raises(UsageError, match="there is no sweep in this folder"):
        read_sweep(tmp_path)
