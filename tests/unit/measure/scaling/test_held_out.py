"""The field's runs that no fit has seen: the package's own fit is held to them."""

from dataclasses import replace

import pytest

from shared.measure.scaling.held_out import held_out_runs, judge
from shared.measure.scaling.measured import TimedRun
from shared.measure.scaling.time_model import published

LARGE = ("timing", "100GB", "983GB", "256GB", "512GB", "768GB", "1TB")


@pytest.fixture(scope="module")
def judged():
    return {each.runs.label: each for each in judge(published())}


@pytest.mark.parametrize("label", LARGE)
def test_each_is_predicted_within_a_quarter_and_its_median_is_in_the_interval(judged, label):
    found = judged[label]
    assert abs(found.error) < 0.25
    assert found.prediction.low < found.median < found.prediction.high


def test_nine_of_ten_runs_are_in_their_intervals(judged):
    runs = sum(len(judged[label].runs.seconds) for label in LARGE)
    assert runs == 23
    assert sum(judged[label].inside for label in LARGE) >= 0.9 * runs


def test_the_runs_that_the_authors_tell_of_are_all_in_their_intervals(judged):
    assert [judged[label].inside for label in ("1TB", "100GB", "983GB")] == [3, 3, 3]
    assert [(min(each), max(each)) for each in (judged[label].runs.seconds for label in ("1TB", "100GB", "983GB"))] == [
        (220.97, 246.87),
        (58.09, 73.53),
        (109.01, 116.81),
    ]


def test_what_dominates_follows_from_the_size(judged):
    largest = {label: max(found.parts, key=found.parts.get) for label, found in judged.items()}
    assert largest["100GB"] == largest["983GB"] == largest["256GB"] == "slowest rank"
    assert largest["768GB"] == largest["1TB"] == "children"


def test_the_time_in_the_map_is_predicted_within_three_tenths(judged):
    for label in LARGE:
        found = judged[label]
        in_map = found.prediction.seconds - found.parts["start"] - found.parts["joining"]
        median = sorted(found.runs.map_seconds)[len(found.runs.map_seconds) // 2]
        assert in_map == pytest.approx(median, rel=0.3), label


def test_only_what_1tb_says_needs_an_account_of_more_than_the_default(judged):
    """With 1,000 ranks at once the Map of ``1TB`` would have taken longer than it did."""
    from shared.measure.scaling.time_model import Size, predict
    from shared.measure.scaling.way import FIELD

    found = judged["1TB"]
    size = Size(found.runs.records * found.runs.ranks, found.runs.ranks, 512, 10240)
    bounded = predict(published(), size, concurrency=1000, way=FIELD)
    assert bounded.seconds - found.parts["start"] - found.parts["joining"] > max(found.runs.map_seconds)


def test_runs_that_were_fitted_are_not_passed_off_as_held_out():
    seen = TimedRun(5113, 983, 512, 116.81, 10240)
    counts = {each.runs.label: each.fitted for each in judge(published(), [seen, replace(seen, seconds=1.0)])}
    assert counts == {**dict.fromkeys(counts, 0), "983GB": 1}


def test_labels_are_kept_as_the_field_has_them():
    runs = {each.label: each for each in held_out_runs()}
    assert {label: each.ranks for label, each in runs.items()} == {
        "2GB": 41, "test": 130, "timing": 130, "100GB": 130, "983GB": 983,
        "256GB": 2621, "512GB": 5242, "768GB": 7864, "1TB": 10_485,
    }  # fmt: skip
    assert sum(len(each.seconds) for each in runs.values()) == 25


def test_the_first_page_of_a_listing_tells_how_many_ranks_1tb_had():
    """Ranks take 130 files in turn; the page has the keys in the order of text. The files of 1TB begin as here."""

    def page(ranks):
        return [int(key[:-5]) % 130 for key in sorted(f"{rank}.json" for rank in range(ranks))[:1000]]

    told = page(10_485)
    assert [ranks for ranks in range(10_300, 10_600) if page(ranks) == told] == [10_485]
    assert page(2621) == page(5242) == page(7864)  # which the label must tell
