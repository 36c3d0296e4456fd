"""Run with: pytest teams/__TEAM__/__NAME__"""

import steps


def test_numbers_are_described():
    assert steps.describe({"numbers": [1, 2, 6]}, None) == {"mean": 3, "median": 2, "most": 6}
