"""``make bench`` says what became worse, and only that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.benchmarks import bench, ratios
from tests.benchmarks.bench import Row, read_recorded, rows_of, table, write_recorded


def row(*figures: float, more: bool = False) -> Row:
    return Row(figures, more)


@pytest.mark.parametrize(
    ("now", "recorded", "worse"),
    [
        (row(1.0, 1.1, 1.2), row(1.0, 1.1, 1.2), False),
        (row(1.3, 1.4, 1.5), row(1.0, 1.1, 1.2), True),
        (row(1.15, 1.19, 3.0), row(1.0, 1.1, 1.2), False),  # within what was recorded
        (row(1.205, 1.205, 1.205), row(1.1, 1.1, 1.2), False),  # less than a tenth
        (row(0.5, 0.5, 0.5), row(1.0, 1.1, 1.2), False),
        (row(0.5, 0.5, 0.5, more=True), row(0.9, 1.0, 1.1, more=True), True),
        (row(0.85, 0.92, 0.99, more=True), row(0.9, 1.0, 1.1, more=True), False),
        (row(2.0, 2.0, 2.0, more=True), row(0.9, 1.0, 1.1, more=True), False),
    ],
)
def test_worse_is_beyond_the_spread_and_a_tenth(now: Row, recorded: Row, *, worse: bool) -> None:
    assert now.worse_than(recorded) is worse


def test_what_benchmarks_tell_is_collected_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ratios.tell("unheard", 1.0)
    monkeypatch.setenv(ratios.FILE, str(tmp_path / "told"))
    for ratio in (1.0, 3.0, 2.0):
        ratios.tell("a / b", ratio)
    ratios.tell("rate / floor", 0.9, more_is_better=True)
    found = rows_of((tmp_path / "told").read_text().splitlines())
    assert found == {"a / b": row(1.0, 3.0, 2.0), "rate / floor": row(0.9, more=True)}
    assert found["a / b"].median == 2.0


def test_a_record_keeps_the_rows_that_were_not_measured_again(tmp_path: Path) -> None:
    place = tmp_path / "recorded.json"
    assert read_recorded(place) == ("nothing is recorded", {})
    write_recorded(place, {"a": row(1.0), "b": row(2.0, more=True)})
    write_recorded(place, {"a": row(1.5, 1.25)})
    about, rows = read_recorded(place)
    assert rows == {"a": row(1.5, 1.25), "b": row(2.0, more=True)}
    assert re.fullmatch(r"recorded \d{4}-\d\d-\d\d, \d+ cores, Python 3\.\d+\.\d+.*", about)


def test_the_table_names_what_became_worse_and_what_is_new() -> None:
    told = table({"slow": row(2.0), "same": row(1.0), "other": row(1.0)}, {"slow": row(1.0), "same": row(1.0)})
    assert [line.split()[-1] for line in told.splitlines()] == ["WORSE", "1.00)", "new"]


@pytest.mark.parametrize("name", bench.BENCHMARKS)
def test_each_benchmark_is_there_and_tells_ratios(name: str) -> None:
    script = Path(bench.__file__).with_name(bench.BENCHMARKS[name][0])
    assert re.search(r"^ +tell\(", script.read_text(), re.MULTILINE)
