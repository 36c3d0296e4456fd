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


def cold(records, repeat, world, count=3):
    """Have a run begin cold, and take ten times as long for it."""
    for record in records:
        if (record["repeat"], record["axes"]) == (repeat, {"world_size": world, "batch_size": 8}):
            record.update(cold_starts=count, wall_seconds=10 * record["wall_seconds"])
    return records


def test_a_cold_run_is_told_and_does_not_spoil_the_speed_up(records):
    points = {tuple(point.axes.values()): point for point in summarize_sweep(cold(records, 2, 1))}
    one, four = points[1, 8], points[4, 8]
    assert (one.runs, one.cold, four.cold) == (3, 1, 0)
    assert one.figures["wall_seconds"].median == 24.0  # 4, 24, 80: by all runs
    assert one.warm["wall_seconds"].median == 14.0  # 4, 24: by the warm ones
    assert four.warm == four.figures
    assert four.speedup == 14.0 / 4.0
    assert (four.mixed, four.interval) == (False, None)  # two warm runs have no interval


def test_a_speed_up_of_warm_runs_over_cold_ones_is_marked(records):
    for repeat in (1, 2, 3):
        cold(records, repeat, 1)
    points = {tuple(point.axes.values()): point for point in summarize_sweep(records)}
    assert points[1, 8].warm is None
    assert (points[4, 8].mixed, points[4, 8].speedup) == (True, 20.0)
    assert (points[4, 16].mixed, points[1, 8].mixed) == (False, False)


def test_cold_runs_of_both_worlds_are_alike(records):
    for repeat in (1, 2, 3):
        cold(cold(records, repeat, 1), repeat, 4)
    four = next(point for point in summarize_sweep(records) if tuple(point.axes.values()) == (4, 8))
    assert (four.cold, four.mixed, four.speedup) == (3, False, 2.0)


def test_a_speed_up_of_three_runs_has_an_interval(records):
    points = {tuple(point.axes.values()): point for point in summarize_sweep(records)}
    interval = points[2, 8].interval
    assert (interval.ratio, interval.before, interval.after) == (2.0, 3, 3)
    assert interval.low < 2.0 < interval.high
    assert points[1, 8].interval is None  # it is what the others are compared with
    assert points[4, 16].interval is None  # one of its runs failed


def test_the_fields_tables(records):
    points = summarize_sweep(records)
    first, second, _ = average_by_world(points)
    assert (first.world_size, first.seconds, first.wall_throughput) == (1, 7.0, (15 + 20) / 2)
    assert (second.world_size, second.seconds, second.aggregate_throughput) == (2, 3.5, (60 + 80) / 2)
    assert (second.configurations, second.runs, second.cold) == (2, 6, 0)
    assert (second.least, second.greatest) == (3.0, 4.0)
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
    assert (configurations[1]["speedup"], configurations[1]["warm_wall_seconds_median"]) == ("2.0", "4.0")
    assert float(configurations[1]["speedup_low"]) < 2 < float(configurations[1]["speedup_high"])
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
