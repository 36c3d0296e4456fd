"""What is said of one figure of two groups: a difference, none that can be shown, or too few to say."""

import numpy as np
import pytest

from shared.measure.comparing.difference import Difference, change

TEN = (10.0, 10.2, 9.9, 10.1, 9.8)


def test_a_difference_that_is_shown_tells_how_much_and_how_sure():
    told = Difference("whole run", "s", TEN, (8.8, 9.0, 8.7, 8.9, 8.6))
    assert told.verdict == "faster by 12 % (95 %: 9.2..15 %, 5 runs against 5)"
    turned = Difference("whole run", "s", (8.8, 9.0, 8.7, 8.9, 8.6), TEN)
    assert turned.verdict.startswith("slower by 14 % (95 %: ")


def test_money_has_words_of_its_own():
    assert Difference("cost", "$", TEN, tuple(each / 2 for each in TEN)).verdict.startswith("cheaper by 50 %")
    assert Difference("cost", "$", TEN, tuple(each * 2 for each in TEN)).verdict.startswith("dearer by 100 %")


def test_no_difference_is_told_with_what_it_would_take():
    told = Difference("whole run", "s", (10.0, 12.0, 8.0, 11.0, 9.0), (10.5, 8.5, 11.5, 9.6, 10.2))
    assert told.verdict == (
        "no difference that 5 runs against 5 can show (+2.0 %, 95 %: -20 % to +28 %); "
        "2.0 % would take 1,204 runs of each"
    )
    part, count = told.needed
    assert (round(part, 2), count) == (0.02, 1204)


def test_where_hardly_any_was_seen_the_price_is_of_five_percent():
    told = Difference("whole run", "s", (10.0, 12.0, 8.0, 11.0, 9.0), (10.0, 12.1, 8.1, 11.0, 9.0))
    assert "; 5.0 % would take" in told.verdict


def test_more_runs_than_there_are_would_be_needed():
    told = Difference("whole run", "s", (10.0, 10.1, 12.0), (11.0, 11.1, 9.9))
    assert not told.interval.shows
    assert told.needed[1] > 3


def test_few_runs_tell_nothing_apart():
    told = Difference("whole run", "s", (10.0,), (8.0,))
    assert told.verdict == (
        "1 run against 1 cannot be told from chance (-20 % here); 3 of each are the least, 5 are better"
    )
    assert (told.interval, told.needed) == (None, None)
    assert "3 runs against 2 cannot" in Difference("whole run", "s", TEN[:3], TEN[:2]).verdict


def test_three_runs_say_that_their_interval_is_less_sure():
    assert "(about 90 %: " in Difference("whole run", "s", TEN[:3], (5.0, 5.1, 5.2)).verdict


def test_ranks_are_counted_as_ranks():
    assert Difference("a rank", "s", TEN, (5.0,) * 5, "rank").verdict.endswith("5 ranks against 5)")


def test_what_a_side_lacks_is_not_compared():
    assert Difference("state X", "s", TEN, ()).verdict == "not compared: 5 runs against 0 have it"
    zero = Difference("state X", "s", (0.0,) * 5, (0.0,) * 5)
    assert (zero.ratio, zero.interval) == (None, None)
    assert Difference("state X", "s", (1.0, 1.0, 0.0, 1.0, 1.0), TEN).verdict.startswith("5 runs against 5 cannot")


def test_it_is_told_as_json():
    record = Difference("whole run", "s", TEN, (8.8, 9.0, 8.7, 8.9, 8.6)).as_record()
    assert record["before"] == {"count": 5, "median": 10.0, "least": 9.8, "greatest": 10.2}
    assert record["interval"]["low"] < record["ratio"] < record["interval"]["high"]
    assert record["interval"]["level"] == "95 %"


@pytest.mark.parametrize(
    ("ratio", "text"), [(1.0, "+0 %"), (0.88, "-12 %"), (2.5, "+150 %"), (1.004, "+0.4 %"), (0.9004, "-10 %")]
)
def test_a_ratio_is_told_as_a_change(ratio, text):
    assert change(ratio) == text


def test_equal_programs_are_seldom_told_apart():
    draw = np.random.default_rng(11)
    shown = 0
    for _ in range(200):
        first, second = (tuple(draw.lognormal(0, 0.1, 5).tolist()) for _ in range(2))
        shown += Difference("whole run", "s", first, second).verdict.startswith(("faster", "slower"))
    assert shown <= 20  # 5 of 100 and chance
