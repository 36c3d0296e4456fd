import json

import pytest

from shared.measure.verifying.follows import compare
from tests.helpers.reported_run import evidence, manifest, output, provenance

AGAIN = ("20260203T000000Z-000001", "20260203T000001Z-000002", "20260203T000002Z-000003")


def runs(told=output, **changes):
    return [manifest(evidence(run, told=told(run), slower=1 + place / 10)) for place, run in enumerate(AGAIN)]


def figures(said, again):
    return {each.figure: (each.says, each.follows) for each in compare(said, again).findings}


def test_a_run_that_is_made_again_follows():
    assert figures(manifest(), runs()) == {}


@pytest.mark.parametrize("mae", [0.0129, 0.01301, 0.03, 13])
def test_an_output_that_was_the_same_each_time_must_be_the_same(mae):
    said = manifest(evidence(told=output(mae=mae)))
    assert figures(said, runs()) == {"figures.output.quality.mae": (json.dumps(mae), "0.013")}


def test_last_digits_may_differ():
    assert figures(manifest(evidence(told=output(mae=0.013 * (1 + 4e-6)))), runs()) == {}


def test_other_versions_of_libraries_may_differ_by_more_and_are_told():
    other = provenance(versions={"Python": "3.11.7", "numpy": "2.2.0", "matplotlib": "3.11.2"})
    near, far = (manifest(evidence(told=output(mae=mae)), other) for mae in (0.013005, 0.0132))
    assert figures(near, runs()) == {}
    assert set(figures(far, runs())) == {"figures.output.quality.mae"}
    assert "numpy 2.2.0, here 2.4.6" in compare(near, runs()).notes[0]


def test_what_is_another_each_time_is_not_judged_and_is_named():
    values = iter([412.5, 480.0, 511.0, 999.0])
    again = runs(lambda _: next(values))
    found = compare(manifest(evidence(told=next(values))), again)
    assert found.findings == ()
    assert "not judged, since each run has others: output" in found.notes


@pytest.mark.parametrize("name", ["elapsed_ms", "waitSeconds", "made_at_time"])
def test_a_time_that_was_the_same_by_chance_is_not_judged(name):
    again = runs(lambda _: {name: 2})
    assert figures(manifest(evidence(told={name: 3})), again) == {}


def test_a_day_is_not_judged():
    assert figures(manifest(evidence(told={"on": "2026-01-02"})), runs(lambda _: {"on": "2026-02-03"})) == {}


def test_figures_that_are_absent_or_too_many_are_named():
    said = manifest(evidence(told={"a": 1, "c": 3}))
    found = figures(said, runs(lambda _: {"a": 1, "b": 2}))
    assert found == {"figures.output.b": ("(absent)", "2"), "figures.output.c": ("3", "(absent)")}


@pytest.mark.parametrize("slower", [0.05, 20.0])
def test_times_beyond_the_spread_are_named_where_both_ran_on_an_embedded_cloud(slower):
    said = manifest(evidence(slower=slower, told=output(seconds=1.9 * slower)))
    found = figures(said, runs())
    assert "figures.wall_seconds" in found
    assert figures(manifest(said.evidence, provenance("aws")), runs()) == {}


def test_times_within_the_spread_are_not_named():
    assert figures(manifest(evidence(slower=6, told=output(seconds=11.4))), runs()) == {}


def test_counts_of_attempts_are_not_judged_where_attempts_failed():
    true = evidence()
    first = true.visits[0].model_copy(update={"calls": 2, "failures": ("Lambda.TooManyRequestsException",)})
    said = true.model_copy(update={"visits": (first, *true.visits[1:]), "transitions": 7})
    assert figures(manifest(said), runs()) == {}
    assert any("tried again" in note for note in compare(manifest(said), runs()).notes)
    assert "figures.transitions" in figures(manifest(true.model_copy(update={"transitions": 7})), runs())


def test_stored_bytes_must_be_the_same_on_the_same_machine_and_are_told_on_another():
    true = evidence()
    other = true.stored[0].model_copy(update={"sha256": "e" * 64})
    said = true.model_copy(update={"stored": (other, *true.stored[1:])})
    assert set(figures(manifest(said), runs())) == {"figures.stored.results/RUN/ranks/0.npz"}
    elsewhere = compare(manifest(said, provenance(processor="arm64")), runs())
    assert elsewhere.findings == ()
    assert any("other bytes" in note for note in elsewhere.notes)


def with_section(**changes):
    true = evidence()
    return manifest(true.model_copy(update={"sections": (true.sections[0].model_copy(update=changes),)}))


def test_figures_of_a_section_are_held_to_those_of_the_runs():
    value = {**evidence().sections[0].figures, "records": 60_000}
    found = figures(with_section(figures=value), runs())
    assert found == {"figures.sections.Redshifts.figures.records": ("60000", "604")}


def test_words_instead_of_figures_are_held_to_the_runs():
    """Whoever takes the figures away says something else than the run, and is named."""
    found = figures(with_section(figures={}, tables=(), plots=(), text="all is well"), runs())
    assert "figures.sections.Redshifts.text.text" in found
