"""Ranks as values: counts, filters, orders, pages, groups of failures, what is slow."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UsageError
from shared.run.ranks import PAGE, STATUSES, Filter, RankMap, RankRow, Ranks, count

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OF = RankMap(2, "Ranks", "inline", 4)


def ranks(rows):
    return Ranks(OF, count(rows), tuple(rows))


def row(place, status="SUCCEEDED", seconds=1.0, **more):
    return RankRow(place, place, status, START, seconds, **more)


ended = st.sampled_from([status for status in STATUSES if status not in {"RUNNING", "PENDING", "PENDING_REDRIVE"}])
seconds = st.floats(0, 1e6)
many_rows = st.lists(st.tuples(ended, seconds, st.sampled_from(["", "A", "B"])), max_size=300).map(
    lambda each: [
        row(place, status, took, error=error if status != "SUCCEEDED" else "")
        for place, (status, took, error) in enumerate(each)
    ]
)


@given(many_rows)
def test_counts_groups_and_bars_add_up(rows):
    found = ranks(rows)
    assert found.total == len(rows)
    assert sum(group.count for group in found.groups) == found.failed == sum(each.bad for each in rows)
    assert found.failed + found.counts["SUCCEEDED"] == len(rows)
    if found.histogram:
        assert sum(bar.count for bar in found.histogram) == found.counts["SUCCEEDED"]
    assert found.slow == len(found.fitting(Filter(status="slow")))


@given(many_rows, st.sampled_from(["", "bad", "slow", "FAILED", "SUCCEEDED"]), st.sampled_from(["", "worst", "rank"]))
def test_the_pages_together_are_what_fits_each_once(rows, status, order):
    found = ranks(rows)
    wanted = found.fitting(Filter(status=status, order=order))
    shown = []
    for page in range(1, len(wanted) // PAGE + 2):
        part, fitting = found.page(Filter(status=status, order=order, page=page))
        assert fitting == len(wanted)
        assert len(part) <= PAGE
        shown += part
    assert shown == list(wanted)
    assert len({each.place for each in shown}) == len(shown)


@given(many_rows, st.floats(0, 1e6))
def test_slower_and_not_slower_are_all_that_ended(rows, bound):
    slower = ranks(rows).fitting(Filter(slower=bound))
    assert all(each.seconds > bound for each in slower)
    assert len(slower) == sum(each.seconds > bound for each in rows)


def test_the_worst_come_first():
    rows = [
        row(0),
        row(1, seconds=9.0),
        row(2, "RUNNING", None),
        row(3, "FAILED"),
        row(4, "ABORTED"),
        row(5, "PENDING"),
    ]
    assert [each.place for each in ranks(rows).fitting(Filter())] == [3, 4, 2, 5, 1, 0]
    assert [each.place for each in ranks(rows).fitting(Filter(order="rank"))] == [0, 1, 2, 3, 4, 5]


def test_a_range_is_of_numbers_and_of_places_where_no_number_is_known():
    rows = [RankRow(0, 7, "SUCCEEDED"), RankRow(1, None, "SUCCEEDED"), RankRow(2, 1, "SUCCEEDED")]
    assert [each.place for each in ranks(rows).fitting(Filter(first=1, last=1))] == [1, 2]
    assert ranks(rows).numbered(7).place == 0
    assert ranks(rows).numbered(0) is None


def test_slow_is_twice_the_median_and_a_second_more():
    short = ranks([row(place, seconds=0.1) for place in range(9)] + [row(9, seconds=0.9)])
    assert short.slow == 0
    long = ranks([row(place, seconds=10.0) for place in range(9)] + [row(9, seconds=19.0), row(10, seconds=20.5)])
    assert [each.place for each in long.fitting(Filter(status="slow"))] == [10]
    assert not ranks([row(0, "FAILED", 99.0), row(1)]).slow


def test_failures_are_grouped_by_error_and_those_nobody_asked_come_last():
    rows = [
        row(0, "FAILED", error="A"),
        row(1, "FAILED", error="B"),
        row(2, "FAILED", error="B"),
        row(3, "ABORTED"),
        row(4, "FAILED", told=False),
    ]
    found = [(group.error, group.status, group.told, group.count, group.example.place) for group in ranks(rows).groups]
    assert found == [
        ("B", "", True, 2, 1),
        ("A", "", True, 1, 0),
        ("", "ABORTED", True, 1, 3),
        ("", "FAILED", False, 1, 4),
    ]


def test_quarters_part_the_usual_durations():
    found = ranks([row(place, seconds=float(place)) for place in range(8)])
    assert [found.part_of(each) for each in found.rows] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_without_any_that_succeeded_there_is_no_median_and_nothing_is_slow():
    found = ranks([row(0, "FAILED")])
    assert (found.median, found.histogram, found.slow, found.quantiles) == (None, (), 0, ())


@pytest.mark.parametrize(
    "given",
    [
        {"status": "odd"},
        {"order": "up"},
        {"slower": "x"},
        {"slower": "-1"},
        {"slower": "nan"},
        {"slower": "inf"},
        {"from": "-1"},
        {"to": "1.5"},
        {"to": "٣"},
        {"page": "9" * 30},
    ],
)
def test_a_filter_that_is_none_is_refused(given):
    with pytest.raises(UsageError, match="which is none"):
        Filter.read(given)


def test_a_filter_says_what_asks_for_it_again():
    words = {"status": "bad", "slower": "1.5", "error": "A", "from": "0", "to": "9", "order": "rank"}
    assert Filter.read({**words, "page": "3"}).as_words() == words
    assert Filter.read({}).as_words() == {}
