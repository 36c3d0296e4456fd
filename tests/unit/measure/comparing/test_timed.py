"""A run as a sample: of the cloud, with all that makes its time, or of a sweep's journal."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from shared.errors import UsageError
from shared.measure.billing.cost import Cost
from shared.measure.comparing.groups import unlike
from shared.measure.comparing.reading import read_pinned, sweep_groups
from shared.measure.comparing.run_figures import RunFigures, StateTime
from shared.measure.comparing.timed import Side, references, timed_cell, timed_side
from shared.measure.scaling.sweep import Journal, make_cells, run_sweep

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FIGURES = RunFigures(
    (StateTime("Work", 2, 1.0, 3.0),), None, Cost(()), rank_seconds=(1.0, 3.0), invocations=4, cold=1,
    memory={"Work": 1769},
)  # fmt: skip


def side(payload, output='{"records": 1250}', definition=None, figures=FIGURES, status="SUCCEEDED"):
    found = SimpleNamespace(
        run=SimpleNamespace(id="one", workflow="cosmic"), status=status, seconds=9.0, started=NOW, stopped=NOW,
        input=json.dumps(payload), output=output,
    )  # fmt: skip
    return Side(found, definition or {"States": {}}, figures)


def timed(*args, deployed=None, tags=None, **more):
    return timed_side(side(*args, **more), "aws", deployed or {}, tags or {})


def test_a_run_tells_all_that_makes_its_time():
    told = timed({"world_size": 4, "names": ["a", "b"], "deep": {"x": 1}})
    assert (told.seconds, told.ranks, told.states, told.cold) == (9.0, (1.0, 3.0), {"Work": 3.0}, 1)
    assert {key: value for key, value in told.setting.items() if key != "definition"} == {
        "workflow": "cosmic", "cloud": "aws", "records": "1250", "memory of Work": "1769 MB",
        "input world size": "4", "input names.0": "a", "input names.1": "b", "input deep.x": "1",
    }  # fmt: skip
    assert told.setting["definition"] != timed({}, definition={"States": {"Init": {}}}).setting["definition"]


def test_code_is_told_by_when_a_function_was_changed():
    deployed = {"init": NOW - timedelta(hours=1), "work": NOW + timedelta(hours=1)}
    setting = timed({}, deployed=deployed).setting
    assert setting["code of init"] == "that of 2026-11-30 11:00:00"
    assert setting["code of work"] == "one from before 2026-11-30 13:00:00"


def test_inputs_by_reference_are_compared_by_what_is_in_them():
    payload = [{"items": {"bucket": "b", "key": f"inputs/{name}/items.json"}} for name in ("run1", "run2")]
    assert list(references(payload[0])) == ["inputs/run1/items.json"]
    same = {"inputs/run1/items.json": "e1", "inputs/run2/items.json": "e1"}
    assert list(unlike([timed(payload[0], tags=same)], [timed(payload[1], tags=same)])) == []
    other = same | {"inputs/run2/items.json": "e2"}
    assert list(unlike([timed(payload[0], tags=other)], [timed(payload[1], tags=other)])) == [
        "input items differs: an object with entity tag e1 before, an object with entity tag e2 after"
    ]
    assert timed(payload[0]).setting["input items"] == "an object that is gone"


def test_a_long_value_is_told_by_its_beginning_and_its_hash():
    first, second = (timed({"text": "x" * 100 + end}).setting["input text"] for end in "ab")
    assert first.startswith("x" * 20 + "... (sha256 ")
    assert first != second


def test_a_run_of_which_nothing_was_measured_says_so():
    told = timed(None, figures=None, status="FAILED", output=None)
    assert told.setting["input"] == "null"
    assert told.remarks == ("one did not succeed (FAILED), so its times end where it ended",)


def measured(seconds):
    ranks = [[0, 100, seconds / 2, 12.0], [1, 100, seconds / 3, None]]
    figures = {"wall_seconds": seconds, "cost_usd": 0.1, "records": 200, "cold_starts": 3, "ranks": ranks}
    return {"status": "SUCCEEDED", "run_id": f"r{seconds}", "measured_at": NOW.isoformat(), **figures}


ABOUT = {"team": "t", "workflow": "w", "where": "embedded", "memory": {"work": 512}, "code": "c1"}


def sweep(folder, code="c1", worlds=(1, 2), factor=1.0, repeat=3):
    cells = make_cells({"world_size": worlds, "batch": [8, 16]}, {"prefix": "p"}, repeat, {**ABOUT, "code": code})
    run_sweep(
        cells,
        Journal(folder / "cells.jsonl"),
        lambda cell: measured(factor * (10 + 0.1 * cell.repeat) / cell.axes["world_size"]),
        lambda _: None,
    )
    return str(folder)


def test_a_cell_tells_what_made_its_time(tmp_path):
    ((_, before, after),) = sweep_groups(
        read_pinned(f"{sweep(tmp_path)}:world-size=1:batch=8"), read_pinned(f"{tmp_path}:world-size=2:batch=8")
    )
    one = before.runs[0]
    assert one.setting == {
        "workflow": "w", "cloud": "embedded", "code": "c1", "memory of work": "512 MB", "records": "200",
        "input prefix": "p", "input world size": "1", "input batch": "8",
    }  # fmt: skip
    assert (one.cold, one.invocations, len(one.ranks), len(before.runs), len(after.runs)) == (1, 2, 2, 3, 3)


def test_a_cell_of_an_old_journal_says_what_is_not_known():
    told = timed_cell({"key": "k", "axes": {"world_size": 1}, "wall_seconds": 3.0, "status": "SUCCEEDED"})
    assert told.setting == {"input world size": "1"}
    assert "of before settings were recorded" in told.remarks[0]


def test_two_sweeps_are_compared_place_by_place(tmp_path):
    first = read_pinned(sweep(tmp_path / "a"))
    second = read_pinned(sweep(tmp_path / "b", "c2", worlds=(2, 4), factor=0.5))
    found = sweep_groups(first, second)
    assert [place for place, _, _ in found] == ["world_size=2 batch=8", "world_size=2 batch=16"]
    _, before, after = found[0]
    assert (before.seconds, after.seconds) == ((5.05, 5.1, 5.15), (2.525, 2.55, 2.575))
    assert list(unlike(before.runs, after.runs)) == ["code differs: c1 before, c2 after"]


def test_a_pinned_axis_is_not_compared_over(tmp_path):
    folder = sweep(tmp_path)
    found = sweep_groups(read_pinned(f"{folder}:world-size=1"), read_pinned(f"{folder}:world-size=2"))
    assert [place for place, _, _ in found] == ["batch=8", "batch=16"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", ":depth=1", "depth is no axis of the sweep"),
        (":world-size=9", "", "have no configuration in common"),
        (":world-size=1", ":world-size=2:batch=8", "have no configuration in common"),
    ],
)
def test_what_cannot_be_paired_is_refused(tmp_path, before, after, said):
    folder = sweep(tmp_path)
    with pytest.raises(UsageError, match=said):
        sweep_groups(read_pinned(f"{folder}{before}"), read_pinned(f"{folder}{after}"))


def test_a_word_that_is_no_folder_is_a_run(tmp_path):
    assert read_pinned("20261130T191838Z-bf3f0f") is None
    with pytest.raises(UsageError, match="does not name a configuration"):
        read_pinned(f"{tmp_path}:world-size")
