"""A limit for each test: one that hangs is named, with what its threads stood at, and the rest of the suite goes on."""

import contextlib
import faulthandler
import signal
import sys

import pytest


@contextlib.contextmanager
def limited(name, seconds):
    """Fail the test *name* if what is within takes longer than *seconds*, which none does on the slowest machine.

    Of what a test does with SIGALRM itself, the limit is gone.
    """

    def end(_signal, _frame):
        faulthandler.dump_traceback(sys.__stderr__)
        pytest.fail(f"{name} took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)  # again, if its fixtures hang as well
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
