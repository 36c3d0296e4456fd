"""A cloud is killed at random moments under load; tests/benchmarks/power_cut.py does it 200 times and more."""

import pytest

from tests.benchmarks.power_cut import cut


@pytest.mark.workflow
def test_all_that_was_acknowledged_is_there_after_each_kill(tmp_path):
    assert cut(3, seed=18, folder=tmp_path, most=25) == []
