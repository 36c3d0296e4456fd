"""``lanes compare`` as typed: which words are groups, what is refused, and what two sweeps say."""

import json

import pytest

from shared.cli.compare import read_groups
from shared.errors import UsageError
from shared.measure.scaling.sweep import Journal, make_cells, run_sweep


@pytest.mark.parametrize(
    ("typed", "groups"),
    [
        ("a b", [["a"], ["b"]]),
        ("a,b c,d", [["a", "b"], ["c", "d"]]),
        ("a b vs c d", [["a", "b"], ["c", "d"]]),
        ("a,b vs c,d", [["a", "b"], ["c", "d"]]),
        ("a b,c d", [["a"], ["b", "c"], ["d"]]),
        ("a vs b vs c", [["a"], ["b"], ["c"]]),
    ],
)
def test_words_are_groups(typed, groups):
    assert read_groups(typed.split()) == groups


@pytest.mark.parametrize("typed", ["a", "a,b", "a vs", "vs b", "a ,"])
def test_one_group_is_not_compared(typed):
    with pytest.raises(UsageError, match="two runs, or two groups, are compared"):
        read_groups(typed.split())


def test_a_run_is_named_once():
    with pytest.raises(UsageError, match="a is named twice"):
        read_groups(["a,b", "a"])


@pytest.fixture
def swept(tmp_path):
    """Two sweeps: in the second, batches of 16 are twice as fast."""
    for name, factor in (("before", 1.0), ("after", 0.5)):
        cells = make_cells({"batch": [8, 16]}, {}, 5, {"where": "aws", "code": name, "workflow": "w", "memory": {}})

        def measure(cell, factor=factor):
            seconds = (10 + 0.1 * cell.repeat) * (factor if cell.axes["batch"] == 16 else 1)
            return {"status": "SUCCEEDED", "run_id": cell.key, "wall_seconds": seconds, "cost_usd": 0.1, "ranks": []}

        run_sweep(cells, Journal(tmp_path / name / "cells.jsonl"), measure, lambda _: None)
    return str(tmp_path / "before"), str(tmp_path / "after")


def test_two_sweeps_are_compared_without_a_cloud(lanes, swept, here):
    code, out, _ = lanes("compare", "team2", *swept)
    assert code == 0
    assert "batch=16: faster by 50 % (95 %: 49..51 %, 5 runs against 5)" in out
    assert "batch=8: no difference that 5 runs against 5 can show (+0 %" in out
    assert "- code differs: before before, after after" in out
    assert "of 2 intervals of 95 %, each misses one time in 20" in out
    assert all(len(line) <= 120 for line in out.splitlines() if not line.startswith(("before ", "after ")))
    assert not (here / ".lanes" / "deploy.lock").exists()


def test_two_sweeps_are_compared_as_json(lanes, swept):
    _, out, _ = lanes("compare", "team2", f"{swept[0]}:batch=8", f"{swept[1]}:batch=16", "--json")
    (told,) = json.loads(out)
    assert (told["place"], told["whole"]["after"]["count"]) == ("", 5)
    assert told["whole"]["interval"]["high"] < 0.6
    assert "input batch differs: 8 before, 16 after" in told["cautions"]


def test_a_sweep_is_not_compared_with_a_run(lanes, swept):
    code, _, err = lanes("compare", "team2", swept[0], "last")
    assert code == 2
    assert "a sweep is compared with a sweep, and runs with runs" in err
