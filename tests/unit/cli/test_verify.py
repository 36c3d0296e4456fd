"""What ``lanes verify`` shows of texts that differ."""

from shared.cli.verify import shortened


def test_short_texts_are_shown_whole():
    assert shortened("114", "14") == ("114", "14")


def test_long_texts_that_differ_at_their_end_show_what_is_other():
    long = "a long sentence about a plot that goes on and on and on and on, "
    says, follows = shortened(long + "its data", long + "no data")
    assert (says, follows) == ("...d on and on and on, its data", "...d on and on and on, no data")
    assert shortened(long + "more", long) == ("...d on and on and on, more", "...d on and on and on, ")


def test_long_texts_that_differ_early_are_cut_at_their_end():
    says, follows = shortened("1" + 99 * "a", "2" + 99 * "a")
    assert (says, follows) == ("1" + 56 * "a" + "...", "2" + 56 * "a" + "...")
