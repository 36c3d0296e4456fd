"""What a sweep recommends, and how it says so where its repeats cannot tell configurations apart."""

import pytest

from shared.measure.reports.recommended import (
    MEASURED_ONLY,
    recommendation_lines,
    recommendation_record,
    recommendation_section,
)
from shared.measure.scaling.recommend import alike, recommend, recommended
from shared.measure.scaling.sweep_tables import summarize_sweep


def runs(world, seconds, usd, *, batch=128, records=1250, status="SUCCEEDED"):
    """A record for each of *seconds*, which all cost *usd*, or as many dollars as *seconds*."""
    costs = usd if isinstance(usd, tuple) else (usd,) * len(seconds)
    common = {"records": records, "wall_throughput": 1.0, "aggregate_throughput": 1.0, "memory_mb": 1}
    axes = {"world_size": world, "batch_size": batch}
    return [
        {"key": f"{axes}{at}", "repeat": at, "axes": axes, "status": status, **common}
        | {"wall_seconds": took, "cost_usd": cost}
        for at, (took, cost) in enumerate(zip(seconds, costs, strict=True))
    ]


def made(*groups):
    records = [record for group in groups for record in group]
    return recommend(records, summarize_sweep(records))


def chosen(*groups):
    return {choice.goal: choice.point.axes["world_size"] for choice in made(*groups).choices}


CLEAR = (
    runs(1, (8.0, 8.1, 7.9), 0.0010),
    runs(2, (4.1, 4.2, 4.0), 0.0011),
    runs(4, (2.3, 2.4, 2.2), 0.0013),
    runs(8, (1.9, 1.95, 1.85), 0.0019),
)


def test_three_goals_have_three_answers_where_the_figures_are_clear():
    assert chosen(*CLEAR) == {"fastest": 8, "cheapest": 1, "balanced": 4}
    assert made(*CLEAR).notes == ()


def test_within_the_spread_the_cheaper_is_recommended():
    tied = runs(8, (2.35, 2.2, 2.1), 0.0019)
    found = made(*CLEAR[:3], tied).choices[0]
    assert (found.first.axes["world_size"], found.point.axes["world_size"]) == (8, 4)
    (line, *_) = recommendation_lines(made(*CLEAR[:3], tied))
    assert line == (
        "fastest: world size 4, batch size 128: 2.30 s (2.20 to 2.40, n 3), $0.001300 a run, efficiency 87 %; "
        "within the spread of world size 8, batch size 128, and cheaper"
    )


def test_within_the_spread_of_cost_the_faster_is_recommended():
    slow, quick = runs(1, (8.0, 8.1, 7.9), (0.0010, 0.0013, 0.0008)), runs(2, (4.0, 4.1, 4.2), (0.0011, 0.0012, 0.0009))
    found = made(slow, quick).choices[1]
    assert (found.goal, found.first.axes["world_size"], found.point.axes["world_size"]) == ("cheapest", 1, 2)
    assert ", and faster" in recommendation_lines(made(slow, quick))[1]


def test_a_tie_in_both_is_told_as_one():
    found = made(runs(1, (2.0, 2.1, 2.2), 0.001), runs(2, (2.05, 2.15, 2.0), 0.001))
    fastest = found.choices[0]
    assert fastest.point is fastest.first
    assert len(fastest.equal) == 1
    assert "not to be told from" in recommendation_lines(found)[0]


def begun_cold(records, *places):
    return [{**each, "cold_starts": int(place in places)} for place, each in enumerate(records)]


def test_a_cold_run_does_not_decide_where_each_configuration_has_a_warm_one():
    one, two = runs(1, (8.0, 8.1), 0.001), begun_cold(runs(2, (30.0, 4.0), (0.009, 0.0005)), 0)
    found = made(one, two)
    assert {each.goal: each.point.axes["world_size"] for each in found.choices} == dict.fromkeys(
        ("fastest", "cheapest", "balanced"), 2
    )
    assert found.notes[0] == "By warm runs: 1 of 4 began cold and are left out."
    assert recommendation_lines(found)[0].startswith(
        "fastest: world size 2, batch size 128: 4.00 s (4.00 to 4.00, n 1)"
    )
    assert recommendation_record(found)["fastest"] | {"axes": 0} == recommendation_record(found)["fastest"] | {
        "axes": 0,
        "runs": 1,
        "warm": True,
        "seconds": {"median": 4.0, "low": 4.0, "high": 4.0},
    }


def test_where_a_configuration_has_no_warm_run_all_runs_are_compared_and_it_is_told():
    one, two = begun_cold(runs(1, (8.0, 8.1), 0.001), 0), begun_cold(runs(2, (9.0, 9.2), 0.002), 0, 1)
    found = made(one, two)
    assert not found.choices[0].warm
    assert found.choices[0].runs == 2
    assert found.notes[0].startswith("Cold runs are compared with warm ones")
    assert not any("cold" in note.lower() for note in made(begun_cold(one, 0, 1), two).notes)


def test_one_slow_repeat_does_not_make_a_tie():
    quick, slow = summarize_sweep([*runs(1, (2.0, 2.1, 9.9), 0.01), *runs(2, (9.0, 9.1, 9.2), 0.001)])
    assert not alike(quick, slow, "wall_seconds")


def test_a_single_repeat_says_that_it_tells_no_spread():
    found = made(runs(1, (8.0,), 0.001), runs(2, (4.0,), 0.002))
    assert any("ran once only" in note and "--repeat 3" in note for note in found.notes)


def test_failed_repeats_of_a_recommended_configuration_are_told():
    failed = runs(8, (1.0,), 0.001, status="FAILED")
    assert "Of the recommended configurations' runs, 1 failed." in made(*CLEAR, failed).notes


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        ((runs(1, (8.0, 8.1, 7.9), 0.001),), "of one configuration there is no choice"),
        ((*CLEAR[:1], runs(2, (1.0, 1.1, 0.9), 0.0001, records=313)), "did different work (313 to 1,250 records)"),
    ],
)
def test_what_cannot_be_compared_is_not(groups, why):
    found = made(*groups)
    assert found.choices == ()
    assert why in found.notes[0]


def test_one_world_has_no_balanced_choice():
    found = made(runs(4, (2.0, 2.1, 2.2), 0.001, batch=8), runs(4, (1.0, 1.1, 1.2), 0.001, batch=64))
    assert [choice.goal for choice in found.choices] == ["fastest", "cheapest"]
    assert "No balanced choice" in found.notes[0]


def test_only_measured_configurations_are_named_in_text_json_and_report():
    records = [record for group in CLEAR for record in group]
    points = summarize_sweep(records)
    found = recommend(records, points)
    assert recommendation_lines(found)[-1] == MEASURED_ONLY
    told = recommendation_record(found)
    assert told["cheapest"]["axes"] == {"world_size": 1, "batch_size": 128}
    assert told["fastest"]["seconds"] == {"median": 1.9, "low": 1.85, "high": 1.95}
    section = recommendation_section(records, points)
    assert [row[0] for row in section.tables[0].rows] == ["fastest", "cheapest", "fastest at 70 % efficiency"]
    assert [point.world for point in recommended(records, points)] == [8, 1, 4]
