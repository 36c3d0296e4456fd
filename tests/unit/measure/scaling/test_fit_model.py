"""The model of time, fitted to runs that obey a law and to those that the field published."""

import csv
import math
import random
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from shared.errors import LanesError
from shared.measure.scaling.evidence.files import read_evidence
from shared.measure.scaling.fit_model import fit_evidence, hold_out, predicted, relative_errors
from shared.measure.scaling.fit_spread import fit_spread
from shared.measure.scaling.measured import Evidence, RankMean, RankTimes, TimedRun
from shared.measure.scaling.time_model import published
from shared.measure.scaling.way import FIELD, OWN

PUBLISHED = Path(__file__).parent / "published"
"""Of the repository UVA-MLSys/AI-for-Astronomy (Apache License 2.0, commit ba033be): two tables as they are, and in
``ranks.csv`` the CPU seconds of the ranks of the same runs, from aws/result-partition-*/*/*/combined_data.json, to
three digits, without the last partition of a survey, which holds what is left."""


def law(**changes):
    return replace(published(), memory_mb=1769, **changes)


def runs_of(
    fit, worlds=(1, 2, 4, 8, 16, 64), works=(100, 500, 2000), batches=(8, 64), way=OWN, *, noise=0.0, maps=False
):
    """Return runs that obey *fit*, three of each configuration."""
    dice, found = random.Random(7), []
    for world in worlds:
        for records in works:
            for batch in batches:
                run = TimedRun(records, world, batch, 1.0, fit.memory_mb, way=way)
                seconds = predicted(fit, run)
                rest = fit.start + fit.joining * way.turns(world)
                for _ in range(3):
                    factor = math.exp(dice.gauss(0, noise))
                    told = (seconds - rest) * factor if maps else None
                    found.append(replace(run, seconds=seconds * factor, map_seconds=told))
    return tuple(found)


def ranks_of(fit, runs, ranks=200):
    """Return times of ranks that differ as *fit* says."""
    dice = random.Random(3)

    def one():
        return (fit.factor if dice.random() < fit.slow else 1.0) * math.exp(dice.gauss(0, fit.sigma))

    return tuple(RankTimes((500.0,) * ranks, tuple(one() for _ in range(ranks)), 64) for _ in range(runs))


def test_halves_hold_whole_configurations_of_the_same_range():
    runs = [TimedRun(size, world, 8, 1.0, 1769) for size in (1, 2, 3) for world in (1, 2) for _ in range(3)]
    fitted, held = hold_out(runs)
    assert len(fitted) == len(held) == 9
    assert not {run.configuration for run in fitted} & {run.configuration for run in held}


def test_with_two_batch_sizes_both_halves_have_both():
    for half in hold_out(runs_of(law())):
        assert {run.batch_size for run in half} == {8, 64}
        assert {run.world_size for run in half} == {1, 2, 4, 8, 16, 64}


@pytest.mark.parametrize("way", [OWN, FIELD])
def test_a_law_is_found_again_in_runs_that_obey_it(way):
    wanted = law()
    evidence = Evidence(("a law",), runs_of(wanted, way=way), ranks_of(wanted, 20), cold_starts=(10.1235,))
    found = fit_evidence(evidence)
    assert found.error < 0.02
    assert (found.slow, found.factor) == (pytest.approx(0.04, abs=0.01), pytest.approx(3.55, rel=0.05))
    assert found.sigma == pytest.approx(wanted.sigma, rel=0.1)
    assert found.compute == pytest.approx(wanted.compute, rel=0.1)
    assert found.overhead == pytest.approx(wanted.overhead, rel=0.1)
    assert found.rank_start == pytest.approx(10.1235)
    assert (found.worlds, found.batches) == ((1, 64), (8, 64))


def test_runs_that_tell_the_time_of_their_map_tell_a_ranks_start_from_the_runs():
    wanted = law()
    found = fit_evidence(Evidence(("a law",), runs_of(wanted, way=FIELD, maps=True), ranks_of(wanted, 20)))
    assert found.start == pytest.approx(wanted.start, rel=0.05)
    assert found.rank_start == pytest.approx(wanted.rank_start, rel=0.05)
    assert found.joining == pytest.approx(wanted.joining, rel=0.05)


def test_without_times_of_ranks_their_spread_is_what_explains_the_runs_best():
    wanted = law(slow=0.0, factor=1.0, sigma=0.3)
    found = fit_evidence(Evidence(("a law",), runs_of(wanted)))
    assert (found.slow, found.sigma) == (0.0, pytest.approx(0.3, abs=0.05))
    assert found.error < 0.02


def test_what_a_batch_costs_is_taken_from_means_over_ranks():
    wanted = law()
    means = tuple(
        RankMean(1000, batch, 7 * 1000 * (wanted.compute + wanted.overhead / batch)) for batch in (8, 16, 64, 512)
    )
    found = fit_evidence(Evidence(("a law",), runs_of(wanted, batches=(64,)), ranks_of(wanted, 20), means))
    assert found.overhead / found.compute == pytest.approx(wanted.overhead / wanted.compute, rel=1e-6)
    assert found.batches == (8, 512)
    assert found.runs["overhead"] == 4


def test_noise_is_told_as_error_and_as_a_wider_interval():
    wanted = law()
    quiet, loud = (
        fit_evidence(Evidence(("a law",), runs_of(wanted, noise=noise), ranks_of(wanted, 20))) for noise in (0.0, 0.1)
    )
    assert quiet.error < 0.02 < loud.error < loud.error_90
    assert 0.1 < loud.under < 0.3
    assert 0.1 < loud.over < 0.3
    assert quiet.over < loud.over


def test_what_differs_beside_the_sizes_is_told():
    wanted = law()
    other = tuple(replace(run, memory_mb=3538, way=FIELD) for run in runs_of(wanted))
    found = fit_evidence(Evidence(("a law",), runs_of(wanted) + other, ranks_of(wanted, 20)))
    assert found.mixed == ("functions of 1769, 3538 MB", "2 ways of carrying a run out")
    assert fit_evidence(Evidence(("a law",), runs_of(wanted))).mixed == ()


def test_too_few_runs_are_not_fitted():
    with pytest.raises(LanesError, match="6 runs of 2 configurations are too few"):
        fit_evidence(Evidence(("a law",), runs_of(law(), (1, 2), (100,), (8,))))
    with pytest.raises(LanesError, match=r"(?s)0 runs .*\n  not used: 3 executions, whose ranks nothing tells"):
        fit_evidence(Evidence(unused=("3 executions, whose ranks nothing tells",)))


def test_runs_that_differ_too_little_are_not_fitted():
    with pytest.raises(LanesError, match="differ too little"):
        fit_evidence(Evidence(("a law",), runs_of(law(), (4,), tuple(range(100, 900, 100)), (8,))))


def test_ranks_that_had_little_to_do_are_not_slow_ones():
    short = RankTimes((500.0,) * 30 + (10.0,), (1.0,) * 15 + (1.2,) * 15 + (1.0,), 64)
    assert fit_spread([short]).slow == 0
    assert fit_spread([short]).factor == 1
    assert fit_spread([replace(short, records=(1.0,) * 3, seconds=(1.0,) * 3)]) is None


def published_evidence():
    tables = read_evidence([PUBLISHED / "total_execution_time.csv", PUBLISHED / "batch_varying_results.csv"])
    with (PUBLISHED / "ranks.csv").open() as file:
        ranks = tuple(
            RankTimes((float(row["records"]),) * len(seconds), tuple(map(float, seconds)), 512)
            for row in csv.DictReader(file)
            for seconds in [row["seconds"].split()]
        )
    return tables + Evidence(ranks=ranks)


def test_the_packages_numbers_are_fitted_to_the_published_runs():
    found = fit_evidence(published_evidence())
    assert (found.measurements, found.held_out) == (42, 42)
    wanted = asdict(published())
    for name, value in asdict(found).items():
        if name != "source":
            close = pytest.approx(wanted[name], rel=5e-3) if isinstance(value, float | tuple) else wanted[name]
            assert value == close, name


def test_a_fit_to_the_published_tables_alone_predicts_their_other_half(published):
    found = fit_evidence(read_evidence([published / "cai"]))
    assert (found.measurements, found.held_out) == (42, 42)
    assert found.error < 0.2
    assert max(relative_errors(found, hold_out(read_evidence([published / "cai"]).runs)[1])) < 0.5
