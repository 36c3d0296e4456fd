"""One test that hangs does not take the suite with it."""

import signal

import pytest

from tests.helpers.limit import limited


def wait_for_ever():
    while True:
        signal.pause()


def test_what_hangs_fails_by_name(capfd):
    with (
        pytest.raises(pytest.fail.Exception, match="test_that_hangs took longer than"),
        limited("test_that_hangs", 0.01),
    ):
        wait_for_ever()


def test_its_fixtures_may_not_hang_either():
    with limited("test_that_hangs", 0.01):
        for _ in range(2):
            with pytest.raises(pytest.fail.Exception, match="test_that_hangs"):
                wait_for_ever()


def test_what_ends_is_left_alone_and_so_is_what_was_before():
    before = signal.getsignal(signal.SIGALRM)
    with limited("a test", 60):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) == before
