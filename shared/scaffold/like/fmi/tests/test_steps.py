"""Run with: pytest teams/__TEAM__/__NAME__"""

import steps


def test_some_four_fifths_of_the_points_hit():
    assert 700 < steps.hits(1000, seed=1) < 870


def test_ranks_draw_points_of_their_own():
    assert steps.hits(1000, seed=1) != steps.hits(1000, seed=2)
