import json
import math
import random
import statistics
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import LanesError
from shared.measure.scaling.fit_model import TimedRun, fit_folder, fit_published, fit_sweep, hold_out, relative_errors
from shared.measure.scaling.time_model import Choices, Fit, Size, per_record, predict, published, recommend, straggle


@pytest.fixture
def fit():
    return Fit(
        source="a law",
        start=2.0,
        dispatch=0.01,
        compute=0.004,
        overhead=0.06,
        transfer=0.001,
        sigma=0.2,
        rank_start=1.0,
        memory_mb=3538,
        worlds=(1, 64),
        batches=(8, 128),
        measurements=1,
        held_out=1,
        error=0.1,
        error_90=0.2,
    )


def test_the_packaged_numbers_were_judged_on_a_half_that_was_held_out():
    fit = published()
    assert fit.error < 0.2
    assert fit.measurements == fit.held_out == 42


def test_the_published_tables_are_predicted_from_their_other_half(published):
    from shared.measure.scaling.time_model import published as packaged  # the fixture has its name here

    fit = fit_published(published / "cai")
    assert (fit.measurements, fit.held_out) == (42, 42)
    assert fit.error < 0.2
    for name, value in asdict(packaged()).items():
        wanted = asdict(fit)[name]
        assert value == (pytest.approx(wanted, rel=1e-4, abs=1e-9) if isinstance(wanted, float) else wanted), name


def test_ranks_on_a_terabyte_which_no_fit_saw_are_predicted_too(published):
    import csv  # only here

    fit = fit_published(published / "cai")
    with (published / "cai" / "result_stats.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["run"] != "mean" and float(row["data (GB)"]) >= 100]
    assert len(rows) == 15
    found = [abs(5113 * per_record(fit, 512, 10240) / float(row["total_cpu_time (seconds)"]) - 1) for row in rows]
    assert statistics.median(found) < 0.2


def test_halves_hold_whole_configurations_of_the_same_range():
    runs = [TimedRun(size, world, 8, 1.0) for size in (1, 2, 3) for world in (1, 2) for _ in range(3)]
    fitted, held = hold_out(runs)
    assert len(fitted) == len(held) == 9
    assert not {run.configuration for run in fitted} & {run.configuration for run in held}


def sweep_of(fit, folder, worlds=(1, 2, 3, 4), batches=(8, 32, 128), noise=0.0):
    """Write the journal of a sweep of 12,000 records that obeys the law of *fit*."""
    dice = random.Random(7)
    lines = []
    for world in worlds:
        for batch in batches:
            for repeat in (1, 2, 3):
                each = math.ceil(12_000 / world) * per_record(fit, batch, fit.memory_mb)
                seconds = fit.start + fit.dispatch * world + each * straggle(fit.sigma, world)
                record = {
                    "key": f"{world}/{batch}/{repeat}",
                    "status": "SUCCEEDED",
                    "repeat": repeat,
                    "axes": {"world_size": world, "batch_size": batch},
                    "records": 12_000,
                    "wall_seconds": seconds * math.exp(dice.gauss(0, noise)),
                    "memory_size_mb": fit.memory_mb,
                    "ranks": [[0, 1, 1.0, 500.0]],
                }
                lines.append(json.dumps(record) + "\n")
    (folder / "cells.jsonl").write_text("".join(lines))
    return folder


def test_a_law_is_found_again_in_a_sweep_that_obeys_it(fit, tmp_path):
    law = replace(fit, transfer=0.0)
    found = fit_sweep(sweep_of(law, tmp_path))
    assert found.error < 0.005
    assert found.compute == pytest.approx(law.compute, rel=0.05)
    assert found.overhead == pytest.approx(law.overhead, rel=0.05)
    assert (found.worlds, found.batches, found.rank_start) == ((1, 4), (8, 128), 0.5)


def test_noise_is_told_as_error(fit, tmp_path):
    found = fit_sweep(sweep_of(fit, tmp_path, noise=0.1))
    assert 0.02 < found.error < 0.2
    assert found.error < found.error_90
    assert relative_errors(found, [TimedRun(12_000, 1, 8, 1.0)])[0] > 1


def test_too_few_runs_are_not_fitted(fit, tmp_path):
    with pytest.raises(LanesError, match="too few"):
        fit_sweep(sweep_of(fit, tmp_path, worlds=(1, 2), batches=(8,)))


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(LanesError, match=r"total_execution_time\.csv"):
        fit_published(tmp_path)


def test_one_rank_waits_for_nobody_and_many_for_the_slowest():
    assert straggle(0.3, 1) == pytest.approx(1.0)
    dice = random.Random(1)
    slowest = statistics.mean(max(dice.gauss(0, 1) for _ in range(100)) for _ in range(4000))
    assert math.log(straggle(1.0, 100)) == pytest.approx(slowest, rel=0.02)


@given(
    records=st.integers(1, 10**8),
    world=st.integers(1, 10**4),
    batch=st.integers(1, 512),
    memory=st.integers(128, 10240),
)
def test_more_work_never_takes_less_and_more_memory_never_longer(records, world, batch, memory):
    fit = published()
    one = predict(fit, Size(records, world, batch, memory))
    assert one.seconds > 0
    assert one.usd > 0
    more = predict(fit, Size(2 * records, world, batch, memory))
    assert more.seconds >= one.seconds
    assert more.usd >= one.usd
    assert predict(fit, Size(records, world, batch, 10240)).seconds <= one.seconds + 1e-9
    assert predict(fit, Size(records, world, batch, memory), concurrency=10**4).seconds <= one.seconds + 1e-9


def test_recommendations_keep_deadline_budget_and_lambdas_limit(fit):
    runs = Choices().runs(fit, 1_000_000)
    assert max(run.rank_seconds for run in runs) <= 900
    fastest = recommend(runs)
    assert fastest.seconds == min(run.seconds for run in runs)
    thrifty = recommend(runs, deadline=600)
    assert thrifty.seconds <= 600
    assert thrifty.usd == min(run.usd for run in runs if run.seconds <= 600)
    within = recommend(runs, budget=thrifty.usd)
    assert within.usd <= thrifty.usd
    assert within.seconds <= thrifty.seconds
    assert recommend(runs, deadline=fastest.seconds / 2) is None
    assert recommend(runs, deadline=600, budget=thrifty.usd / 2) is None


def test_a_fit_to_a_quicker_cloud_still_starts_no_more_ranks_a_second_than_aws_does(fit):
    quick = replace(fit, start=0.0, dispatch=0.001)
    assert predict(quick, Size(10_000, 10_000, 32, 10_240), concurrency=10_000).seconds > 10_000 / 100


def test_a_fit_says_what_it_covers_and_how_sure_it_is(fit):
    assert [fit.covers(world) for world in (1, 64, 65)] == [True, True, False]
    low, high = fit.nine_in_ten(100.0)
    assert (low, high) == (pytest.approx(80), pytest.approx(120))
    assert fit.nine_in_ten(fit.safely(600.0))[1] == pytest.approx(600)


def test_without_a_folder_the_fit_is_the_packages_own(fit, tmp_path):
    assert fit_folder(None).measurements == 42
    assert fit_folder(sweep_of(fit, tmp_path)).source == f"the sweep in {tmp_path}"
