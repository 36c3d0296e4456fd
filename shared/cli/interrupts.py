"""What Ctrl-C does to a command: it unwinds whatever the command is at, and ends it without a traceback.

Python raises KeyboardInterrupt between any two instructions, so also where no caller can catch it (while an object is
freed), and in the middle of an import, whose module is then found broken by what cleans up. Both are known here.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_LEFT = 0.01  # seconds


@contextlib.contextmanager
def raising() -> Iterator[None]:
    """Have Ctrl-C raise KeyboardInterrupt in the block. After it, it ends the process, also while Python ends.

    A Ctrl-C that was ignored before stays ignored: a shell asks for that when it starts a job in the background.
    """
    before, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    if before is signal.SIG_IGN:
        yield
        return
    sys.unraisablehook = lambda told: _raise_again(told, hook)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = hook


@contextlib.contextmanager
def first_sets(stop: threading.Event) -> Iterator[None]:
    """Have the first Ctrl-C in the block set *stop*, wherever the block is at; the next raises KeyboardInterrupt.

    A Ctrl-C that was ignored before stays ignored.
    """
    before, pressed = signal.getsignal(signal.SIGINT), False
    if before is signal.SIG_IGN:
        yield
        return

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:  # not stop.is_set(): the first may be just setting it
            signal.default_int_handler(number, frame)
        pressed = True
        stop.set()

    signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def caused(error: BaseException) -> bool:
    """Say whether *error* came of a Ctrl-C: of what that left half imported or half closed.

    Python tells it by the chain of errors. pydantic, which is not written in Python, tells it in its words alone.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt) or KeyboardInterrupt.__name__ in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _raise_again(told: sys.UnraisableHookArgs, otherwise: object) -> None:
    """Raise a Ctrl-C that came where nobody could catch it once more, when Python has left that place."""
    if told.exc_type is KeyboardInterrupt:
        # A real signal: what waits for the system in the main thread (a sleep, an answer) ends at once by it.
        later = threading.Timer(_LEFT, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        later.daemon = True
        later.start()
    elif callable(otherwise):
        otherwise(told)
