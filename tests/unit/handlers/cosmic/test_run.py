"""A whole run without Step Functions: init, each rank, summarize, over a bucket in process."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest

from shared.handlers.cosmic import model
from shared.handlers.cosmic.errors import MissingRank
from shared.handlers.cosmic.summarize import throughput

STARTED = "2026-01-01T00:00:00.000Z"
DONE = "2126-01-01T00:00:00.000Z"
FIELD_KEYS = {
    "total_cpu_time (seconds)",
    "total_cpu_memory (MB)",
    "execution_time (seconds/batch)",
    "num_batches",
    "batch_size",
    "device",
    "throughput_bps",
    "sample_persec",
    "result_path",
    "data_path",
}


@pytest.fixture
def run(step: Any) -> Any:
    """Start a run as the state machine does. The caller runs the ranks."""

    def start(payload: Any, run_id: str = "run-1", started: str = STARTED) -> Any:
        return step("init")({"run_id": run_id, "run_started": started, "payload": payload}, None)

    return start


@pytest.fixture
def infer(step: Any) -> Any:
    return lambda item: step("inference")(item, None)


@pytest.fixture
def summarize(step: Any) -> Any:
    return lambda run: step("summarize")({"run": run, "ranks_done": DONE}, None)


@pytest.fixture
def complete(store: Any, infer: Any, summarize: Any) -> Any:
    """Run all ranks of a started run and summarize it."""

    def finish(started: Any) -> Any:
        for item in store.json(started["manifest"]):
            infer(item)
        return summarize(started)

    return finish


def fill(store: Any, partition: Any, sizes: list[int], prefix: str = "datasets") -> None:
    for number, size in enumerate(sizes):
        store.put(f"{prefix}/part-{number:05}.safetensors", partition(size, number))


def test_four_ranks_leave_four_records_and_a_summary(
    store: Any, partition: Any, run: Any, capsys: Any, complete: Any
) -> None:
    fill(store, partition, [5, 4, 4, 4])
    started = run({"world_size": 4, "batch_size": 2, "data_prefix": "datasets"})
    summary = complete(started)

    combined = store.json("results/combined_data.json")
    assert combined == store.json("results/run-1/combined_data.json")
    assert summary == store.json("results/run-1/summary.json")
    assert [rank["rank"] for rank in combined] == [0, 1, 2, 3]
    assert all(rank.keys() >= FIELD_KEYS for rank in combined)
    assert [rank["num_batches"] for rank in combined] == [3, 2, 2, 2]
    assert combined[0]["data_path"] == "datasets/part-00000.safetensors"
    assert summary["records"] == 17
    assert summary["bytes"] == sum(len(store.body(key)) for key in store.keys("datasets/"))
    assert len(json.dumps(summary)) < 2000
    lines = [json.loads(line)["progress"] for line in capsys.readouterr().out.splitlines()]
    assert {line["rank"]: line["done"] for line in lines} == {0: 5, 1: 4, 2: 4, 3: 4}


def test_predictions_are_those_of_each_record_in_its_place(
    store: Any, partition: Any, galaxies: Any, run: Any, complete: Any
) -> None:
    fill(store, partition, [5, 3])
    complete(run({"world_size": 1, "batch_size": 4, "data_prefix": "datasets"}))
    with np.load(io.BytesIO(store.body("results/run-1/predictions/0.npz")), allow_pickle=False) as file:
        found = dict(file)
    assert list(found["keys"]) == ["datasets/part-00000.safetensors", "datasets/part-00001.safetensors"]
    assert list(found["partition"]) == [0] * 5 + [1] * 3
    assert list(found["index"]) == [0, 1, 2, 3, 4, 0, 1, 2]
    second = galaxies(3, 1)
    assert np.array_equal(found["redshift"][5:], second["redshifts"])
    expected = model.packaged().predict(second["images"], second["magnitudes"])
    np.testing.assert_allclose(found["predicted"][5:], expected, rtol=1e-4, atol=1e-5)
    assert np.array_equal(found["r_magnitude"][5:], second["magnitudes"][:, 2])


def test_a_prediction_that_is_no_number_is_counted_and_spoils_no_figure(
    store: Any, galaxies: Any, partition: Any, run: Any, complete: Any, onnx_model: Any
) -> None:
    huge = galaxies(3)["magnitudes"]
    huge[1] = 3e38  # the model answers the mean, which overflows
    store.put("datasets/part-00000.safetensors", partition(3, magnitudes=huge))
    store.put("models/mean.onnx", onnx_model())
    payload = {"world_size": 1, "batch_size": 2, "data_prefix": "datasets", "model_key": "models/mean.onnx"}
    summary = complete(run(payload))
    assert (summary["records"], summary["unjudged"]) == (3, 1)
    error = np.abs(huge[[0, 2]].mean(axis=1) - galaxies(3)["redshifts"][[0, 2]])
    assert summary["quality"]["mae"] == pytest.approx(error.mean(), rel=1e-5)
    assert json.loads(json.dumps(summary, allow_nan=False)) == store.json("results/run-1/summary.json")


def test_a_survey_without_truth_has_no_quality_and_says_how_many(
    store: Any, partition: Any, run: Any, complete: Any
) -> None:
    store.put("datasets/part-00000.safetensors", partition(3, redshifts=np.full(3, -99, np.float32)))
    summary = complete(run({"world_size": 1, "batch_size": 2, "data_prefix": "datasets"}))
    assert (summary["quality"], summary["baseline"], summary["unjudged"]) == (None, None, 3)


def test_ranks_beyond_the_partitions_do_nothing_and_say_so(store: Any, partition: Any, run: Any, complete: Any) -> None:
    fill(store, partition, [3])
    summary = complete(run({"world_size": 3, "batch_size": 2, "data_prefix": "datasets"}))
    assert [rank["records"] for rank in store.json("results/combined_data.json")] == [3, 0, 0]
    assert store.json("results/combined_data.json")[2]["data_path"] is None
    assert summary["records"] == 3


def test_a_retried_rank_overwrites_its_own_objects_and_nothing_else(
    store: Any, partition: Any, run: Any, infer: Any, summarize: Any
) -> None:
    fill(store, partition, [3, 3])
    started = run({"world_size": 2, "batch_size": 2, "data_prefix": "datasets"})
    items = store.json(started["manifest"])
    for item in [*items, items[0]]:
        infer(item)
    assert store.keys("results/") == [
        "results/run-1/predictions/0.npz",
        "results/run-1/predictions/1.npz",
        "results/run-1/ranks/0.json",
        "results/run-1/ranks/1.json",
    ]
    assert summarize(started)["records"] == 6


def test_a_missing_rank_fails_the_run_and_leaves_the_newest_result_alone(
    store: Any, partition: Any, run: Any, infer: Any, summarize: Any
) -> None:
    fill(store, partition, [3, 3, 3])
    store.put("results/combined_data.json", b"[]")
    started = run({"world_size": 3, "batch_size": 2, "data_prefix": "datasets"})
    infer(store.json(started["manifest"])[1])
    with pytest.raises(MissingRank, match=r"2 of 3 ranks left no result: 0, 2"):
        summarize(started)
    assert store.body("results/combined_data.json") == b"[]"


def test_what_an_earlier_run_of_the_same_name_left_does_not_count(
    store: Any, partition: Any, run: Any, summarize: Any, complete: Any
) -> None:
    fill(store, partition, [3])
    payload = {"world_size": 1, "batch_size": 2, "data_prefix": "datasets"}
    complete(run(payload))
    again = run(payload, started="2026-01-02T00:00:00.000Z")
    with pytest.raises(MissingRank):
        summarize(again)


def test_two_runs_at_once_never_meet(store: Any, partition: Any, run: Any, infer: Any, summarize: Any) -> None:
    fill(store, partition, [3, 2])
    one = run({"world_size": 2, "batch_size": 2, "data_prefix": "datasets"}, "one")
    two = run({"world_size": 1, "batch_size": 2, "data_prefix": "datasets"}, "two")
    for item in [*store.json(two["manifest"]), *store.json(one["manifest"])]:
        infer(item)
    assert summarize(one)["results"]["combined"] == "results/one/combined_data.json"
    assert len(store.json("results/combined_data.json")) == 2
    assert summarize(two)["records"] == 5
    assert len(store.json("results/combined_data.json")) == 1


def test_more_ranks_than_a_listing_holds_are_all_read(
    store: Any, partition: Any, run: Any, infer: Any, summarize: Any, short_pages: int
) -> None:
    world = 2 * short_pages + 3
    fill(store, partition, [1])
    started = run({"world_size": world, "batch_size": 2, "data_prefix": "datasets"})
    first, second, *_ = store.json(started["manifest"])
    infer(first)
    infer(second)
    idle = store.json("results/run-1/ranks/1.json")
    for rank in range(2, world):
        store.put(f"results/run-1/ranks/{rank}.json", json.dumps({**idle, "rank": rank}).encode())
    assert summarize(started)["records"] == 1
    assert [rank["rank"] for rank in store.json("results/combined_data.json")] == list(range(world))


def test_both_throughputs_are_told_apart() -> None:
    rank: Any = {"records": 100, "bytes": 1000, "sample_persec": 50.0, "throughput_bps": 4000.0}
    assert throughput([rank, rank], wall=10.0) == {
        "map_wall": {"seconds": 10.0, "records_per_second": 20.0, "bits_per_second": 1600.0},
        "ranks_sum": {"records_per_second": 100.0, "bits_per_second": 8000.0},
    }
