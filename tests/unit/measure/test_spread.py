from shared.measure.spread import told_seconds


def test_times_are_told_with_their_count_and_how_far_they_go():
    assert told_seconds([3.0, 1.0, 2.5]) == "3: median 2.50 s, 1.00..3.00 s"
    assert told_seconds([2.0]) == "1: median 2.00 s, 2.00..2.00 s"
