"""How runs, sweeps and results become rows."""

from types import SimpleNamespace

import pytest

from shared.measure.billing.bill import Bill
from shared.measure.billing.cost import cost_of
from shared.measure.billing.usage import Usage
from shared.measure.scaling.sweep_tables import summarize_sweep
from shared.notebook.results import read_results
from shared.notebook.rows import (
    any_columns,
    cell_columns,
    cell_rows,
    cost_rows,
    point_columns,
    point_rows,
    result_rows,
)


def record(world, seconds, **more):
    figures = {"wall_throughput": 10 / seconds, "aggregate_throughput": 20.0, "memory_mb": 100, "cost_usd": 0.5}
    return {
        "axes": {"world_size": world},
        "repeat": 1,
        "status": "SUCCEEDED",
        "wall_seconds": seconds,
        **figures,
        **more,
    }


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ([{"a": 1, "b": {"c": 2}}, {"a": 3}], [{"a": 1, "b.c": 2}, {"a": 3}]),
        ({"a": {"b": {"c": [1]}}}, [{"a.b.c": [1]}]),
        ([1, None], [{"value": 1}, {"value": None}]),
        ("done", [{"value": "done"}]),
        ([], []),
    ],
)
def test_results_are_a_row_for_each_item_of_a_list_else_one(value, rows):
    assert result_rows(value) == rows


def test_what_is_an_object_here_and_null_there_has_the_columns_of_the_object():
    rows = result_rows([{"rank": 0, "totals": {"records": 5}}, {"rank": 1, "totals": None}])
    assert [column.name for column in any_columns(rows)] == ["rank", "totals.records"]


def test_costs_add_up_to_the_total_with_what_ran_outside_of_runs():
    one, more = cost_of(Usage(lambda_requests=10)), cost_of(Usage(lambda_requests=25))
    bill = Bill({"r1": ("w", one), "r2": ("w", one)}, {"w": more, "v": one}, {}, cost_of(Usage(lambda_requests=35)))
    rows = cost_rows(bill)
    assert [(row["run_id"], row["workflow"]) for row in rows] == [("r1", "w"), ("r2", "w"), (None, "w"), (None, "v")]
    assert sum(row["usd"] for row in rows) == pytest.approx(bill.total.usd)


def test_a_sweep_has_its_axes_before_its_figures():
    records = [record(1, 4.0), record(2, 2.0), record(2, 9.0, status="ERROR", error="no")]
    assert [column.name for column in cell_columns(records)][:3] == ["world_size", "repeat", "status"]
    assert cell_rows(records)[2]["error"] == "no"
    points = summarize_sweep([*records[:2], record(2, 3.0), {**record(2, 1.0), "status": "ERROR"}])
    rows = point_rows(points)
    assert {column.name for column in point_columns(points)} == rows[0].keys()
    assert (rows[1]["runs"], rows[1]["failed"], rows[1]["wall_seconds_min"]) == (2, 1, 2.0)
    assert rows[1]["speedup"] == pytest.approx(4.0 / 2.5)


def test_results_are_read_of_the_teams_own_bucket_whatever_the_output_names(lane):
    asked = {}

    class Body:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def read(self):
            return b'[{"rank": 0}]'

    def get_object(**words):
        asked.update(words)
        return {"Body": Body()}

    aws = SimpleNamespace(s3=SimpleNamespace(get_object=get_object))
    output = {"results": {"bucket": "another", "combined": "results/r/combined_data.json"}}
    assert read_results(aws, lane, output) == [{"rank": 0}]
    assert asked == {
        "Bucket": lane.bucket,
        "Key": "results/r/combined_data.json",
        "ExpectedBucketOwner": lane.place.account,
    }
    assert read_results(aws, lane, {"records": 1}) == {"records": 1}
