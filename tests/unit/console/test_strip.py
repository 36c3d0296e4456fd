"""Runs as bars: heights, cuts, and a label that says it all in words."""

import pytest

from shared.console.spans import span, times
from shared.console.strip import COST_HEIGHT, HEIGHT, PITCH, Shown, draw_strip


def shown(seconds, status="SUCCEEDED", **more):
    return Shown("run-1", "cosmic", status, seconds, **more)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 s"), (0.464, "0.46 s"), (9.994, "9.99 s"), (12.34, "12.3 s"), (59.94, "59.9 s"),
        (59.96, "1 min 0 s"), (303, "5 min 3 s"), (3599.6, "1 h 0 min"), (7500, "2 h 5 min"), (90_000, "1 d 1 h"),
        (-12.34, "-12.3 s"),
    ],
)  # fmt: skip
def test_spans(seconds, text):
    assert span(seconds) == text


def test_times():
    assert (times(1.84), times(25.4)) == ("1.8x", "25x")


def test_the_oldest_stands_on_the_left_and_heights_are_shares_of_the_longest():
    strip = draw_strip([shown(10.0), shown(5.0), shown(None, "RUNNING")])
    assert [(bar.status, bar.x, bar.height) for bar in strip.bars] == [
        ("RUNNING", 0, 2), ("SUCCEEDED", PITCH, HEIGHT // 2), ("SUCCEEDED", 2 * PITCH, HEIGHT)
    ]  # fmt: skip
    assert (strip.width, strip.longest, strip.cut, strip.dearest) == (3 * PITCH, "10.0 s", 0, "")


def test_one_that_took_far_longer_is_cut_and_counted():
    strip = draw_strip([*[shown(10.0)] * 9, shown(4000.0)])
    assert [bar.cut for bar in strip.bars] == [True, *[False] * 9]
    assert strip.bars[1].height == HEIGHT // 4
    assert (strip.longest, strip.cut) == ("40.0 s", 1)


def test_cost_is_a_second_bar_where_it_is_known():
    strip = draw_strip([shown(1.0, usd=2.0), shown(1.0), shown(1.0, usd=1.0)])
    assert [bar.cost for bar in strip.bars] == [COST_HEIGHT // 2, None, COST_HEIGHT]
    assert strip.dearest == "$2.00"


def test_a_label_says_what_the_bar_shows():
    bar = draw_strip([shown(12.0, "TIMED_OUT", usd=0.5)]).bars[0]
    assert bar.label == "cosmic run-1, timed out, 12.0 s, $0.5000"
    assert draw_strip([shown(12.0, word="slower")]).bars[0].label.endswith("12.0 s, slower than usual")


@pytest.mark.parametrize("runs", [[], [shown(None, "RUNNING")], [shown(0.0)]])
def test_few_or_short_runs_can_be_drawn(runs):
    assert [bar.height for bar in draw_strip(runs).bars] == [2] * len(runs)
