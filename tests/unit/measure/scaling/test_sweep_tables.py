import csv
import io

import pytest

from shared.measure.scaling.sweep_tables import average_by_world, best, summarize_sweep, write_cells, write_points


@pytest.fixture
def records():
    """Worlds of 1, 2 and 4 by two batch sizes, with three repeats. The middle one is true; one run failed."""
    made = []
    for repeat, factor in ((1, 0.5), (2, 1.0), (3, 3.0)):
        for world, batch, seconds in ((1, 8, 8.0), (2, 8, 4.0), (4, 8, 4.0), (1, 16, 6.0), (2, 16, 3.0), (4, 16, 2.0)):
            took = seconds * factor
            made.append(
                {
                    "key": f"{repeat}/{world}/{batch}",
                    "status": "SUCCEEDED",
                    "axes": {"world_size": world, "batch_size": batch},
                    "repeat": repeat,
                    "wall_seconds": took,
                    "wall_throughput": 120 / took,
                    "aggregate_throughput": 240 / took,
                    "memory_mb": 100 + repeat,
                    "cost_usd": world * took / 1000,
                }
            )
    made[-1] |= {"status": "FAILED", "error": "no"}
    return made


def test_medians_spread_speed_up_and_efficiency(records):
    points = {tuple(point.axes.values()): point for point in summarize_sweep(records)}
    four = points[4, 8]
    assert (four.runs, four.failed) == (3, 0)
    spread = four.figures["wall_seconds"]
    assert (spread.median, spread.low, spread.high) == (4.0, 2.0, 12.0)
    assert (four.speedup, four.efficiency) == (2.0, 0.5)
    assert (points[1, 16].speedup, points[2, 16].speedup) == (1.0, 2.0)
    assert (points[4, 16].runs, points[4, 16].failed) == (2, 1)


def test_the_fields_tables(records):
    points = summarize_sweep(records)
    first, second, _ = average_by_world(points)
    assert (first.world_size, first.seconds, first.wall_throughput) == (1, 7.0, (15 + 20) / 2)
    assert (second.world_size, second.seconds, second.aggregate_throughput) == (2, 3.5, (60 + 80) / 2)
    assert best(points).axes == {"world_size": 4, "batch_size": 16}


def test_a_sweep_without_worlds_has_no_speed_up(records):
    for record in records:
        record["axes"] = {"batch_size": record["axes"]["batch_size"]}
    points = summarize_sweep(records)
    assert {point.speedup for point in points} == {None}
    assert average_by_world(points) == []


def test_nothing_measured_has_no_tables():
    assert summarize_sweep([{"status": "ERROR", "axes": {"world_size": 1}}]) == []
    assert best([]) is None


def test_csv_files_have_a_row_for_each_run_and_each_configuration(records):
    runs, points = io.StringIO(), io.StringIO()
    write_cells(records, runs)
    write_points(summarize_sweep(records), points)
    rows = list(csv.DictReader(io.StringIO(runs.getvalue())))
    assert len(rows) == 18
    assert (rows[-1]["status"], rows[-1]["error"]) == ("FAILED", "no")
    configurations = list(csv.DictReader(io.StringIO(points.getvalue())))
    assert len(configurations) == 6
    assert (
        configurations[2] | {"wall_seconds_median": "4.0", "speedup": "2.0", "efficiency": "0.5"} == configurations[2]
    )


@pytest.mark.parametrize("text", ["=cmd|'/c calc'!A1", "+1", "-1+2", "@SUM(1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_text_in_a_csv_file(records, text):
    file = io.StringIO()
    hostile = records[0] | {"error": text, "axes": {"world_size": -1, "name": text}}
    write_cells([hostile], file)
    (row,) = csv.DictReader(io.StringIO(file.getvalue(), newline=""))
    assert row["error"] == row["name"] == "'" + text.replace("\r", "\n")
    assert row["world_size"] == "-1"  # a number is no formula
