"""A sweep of the sample survey, its report, its metrics and its cost, by real commands against one cloud."""

import csv
import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def swept(aws, root, folder):
    """What a sweep of four cells says, by a command in a process of its own."""
    axes = ["--world-size", "1,2", "--batch-size", "64,128", "--repeat", "1"]
    command = [sys.executable, "-m", "shared.cli", "sweep", "team2", "cosmic", *axes, "--out", str(folder), "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def newest(swept, folder):
    """The record of the last cell."""
    return json.loads((folder / "cells.jsonl").read_text().splitlines()[-1])


def test_every_configuration_is_measured_once_and_for_good(swept, lanes, folder):
    points = swept["configurations"]
    assert [point["axes"] for point in points] == [
        {"world_size": world, "batch_size": batch} for world in (1, 2) for batch in (64, 128)
    ]
    assert all(point["figures"]["wall_seconds"]["median"] > 0 for point in points)
    assert all(point["figures"]["cost_usd"]["median"] > 0 for point in points)
    assert all(point["figures"]["memory_mb"]["median"] > 50 for point in points)
    assert [point["speedup"] for point in points[:2]] == [1.0, 1.0]
    journal = (folder / "cells.jsonl").read_text()
    assert len(journal.splitlines()) == 4
    again = lanes(
        "sweep", "team2", "cosmic", "--world-size", "1,2", "--batch-size", "64,128", "--repeat", "1", "--out", folder
    )
    assert again.code == 0
    assert "4 of 4 cells are in" in again.err
    assert "average by world size" in again.out
    assert (folder / "cells.jsonl").read_text() == journal


def test_the_csv_files_are_for_notebooks(swept, folder):
    with (folder / "cells.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert {row["records"] for row in rows} == {"1250"}
    assert (folder / "summary.csv").read_text().count("\n") == 5


def test_a_value_the_card_does_not_allow_is_refused_before_anything_runs(lanes, folder):
    result = lanes("sweep", "team2", "cosmic", "--world-size", "1,0", "--out", folder / "other")
    assert result.code == 2
    assert "world_size" in result.err
    assert not (folder / "other").exists()


def test_metrics_join_states_and_ranks_by_request_id(newest, lanes):
    result = lanes("metrics", "team2", newest["run_id"], "--json")
    assert result.code == 0, result.err
    said = json.loads(result.out)
    joined = {(row["state"], row["rank"]) for row in said["invocations"]}
    assert {("Inference", 0), ("Inference", 1), ("Init", None), ("Summarize", None)} <= joined
    assert all(row["state"] for row in said["invocations"])
    assert said["bad_lines"]["count"] == 0
    assert "cold starts" in lanes("metrics", "team2").out


def test_cost_of_a_run_is_that_of_the_sweep(newest, lanes):
    result = lanes("cost", "team2", newest["run_id"], "--json")
    assert result.code == 0, result.err
    said = json.loads(result.out)
    assert said["usd"] == pytest.approx(newest["cost_usd"])
    amounts = {item["name"]: item["amount"] for item in said["items"]}
    assert amounts["lambda_requests"] >= 4
    assert amounts["state_transitions"] >= 7
    whole = json.loads(lanes("cost", "team2", "--json").out)
    assert whole["total"]["usd"] >= said["usd"]
    assert newest["run_id"] in {run["run"] for run in whole["runs"]}
