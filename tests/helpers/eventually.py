"""Waiting for what other threads and processes bring about, and not for ever: who waits in vain is told."""

import threading
import time

_LONGEST = 120.0  # seconds; a machine under load may need many


def eventually(done):
    """Wait until *done* returns something true; fail if it never does."""
    pause, end = threading.Event(), time.monotonic() + _LONGEST
    while not done():
        assert time.monotonic() < end, "what the test waits for did not come"
        pause.wait(0.001)
