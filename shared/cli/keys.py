"""Single keys from a terminal, while a command works; or lines from a pipe."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import time
import tty
from collections import deque
from typing import TYPE_CHECKING

from shared.run.dev.loop import Enter, Quit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read = Callable[[float], Enter | Quit | None]

_MEANS: dict[int, Enter | Quit] = {
    ord("\n"): Enter(),
    ord("\r"): Enter(),
    ord("q"): Quit(),
    ord("Q"): Quit(),
    4: Quit(),
}  # 4 is Ctrl-D
_MOST = 256


def standard_input() -> int | None:
    """Return the descriptor of stdin; None where it has none."""
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # closed; or a test's
        return None


@contextlib.contextmanager
def keyboard(descriptor: int | None) -> Iterator[Read]:
    """Give the function that waits for a key of the terminal *descriptor*, which is afterwards as it was before.

    Keys come at once and are not shown; Ctrl-C stays a signal. A pipe is read the same way. Where it ends, no more keys
    come, and where a terminal ends, its user has gone.
    """
    if descriptor is None or not os.isatty(descriptor):
        yield _Keys(descriptor, at_end=None).read
        return
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor, termios.TCSADRAIN)
    try:
        yield _Keys(descriptor, at_end=Quit()).read
    finally:
        with contextlib.suppress(termios.error):  # it has gone
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)  # what was typed ahead is for nobody


class _Keys:
    """Reads keys of *descriptor*. *at_end* is what its end asks for."""

    def __init__(self, descriptor: int | None, at_end: Quit | None) -> None:
        self._descriptor = descriptor
        self._at_end = at_end
        self._waiting: deque[Enter | Quit] = deque()

    def read(self, seconds: float) -> Enter | Quit | None:
        """Wait *seconds* at most for a key, and return what it asks for."""
        if self._waiting:
            return self._waiting.popleft()
        if self._descriptor is None:
            time.sleep(seconds)
            return None
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return None
        typed = self._typed(self._descriptor)
        if not typed:
            self._descriptor = None
            return self._at_end
        self._waiting.extend(_MEANS[key] for key in typed if key in _MEANS)
        return self._waiting.popleft() if self._waiting else None

    @staticmethod
    def _typed(descriptor: int) -> bytes:
        try:
            return os.read(descriptor, _MOST)
        except OSError:  # of a terminal whose other end has gone
            return b""
