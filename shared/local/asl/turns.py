"""Who may go on with a long evaluation: one at a time, and each owner in turn.

Threads of Python take turns at the interpreter as they come, so ten endless expressions of one team would leave another
team a tenth of it, and each thread of that team would wait for all ten. So an evaluation that has gone on for longer
than most do asks for a turn. Those who wait form a queue for each owner, and the owners take turns: however much work
one has, another waits for one slice of it at most. Short evaluations never ask.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Turn:
    """A place in a queue; ``granted`` once it is this one's turn. ``woken`` is set when there is something to see."""

    __slots__ = ("granted", "woken")

    def __init__(self) -> None:
        self.granted = False
        self.woken = threading.Event()


class Turns:
    """The queues. Nobody blocks here: who has asked waits for ``woken``.

    Args:
        step_aside: Called on the thread that is about to wait for a turn.
    """

    def __init__(self, step_aside: Callable[[], None] = lambda: None) -> None:
        self._step_aside = step_aside
        self._lock = threading.Lock()
        self._taken = False
        # By owner, the one whose turn is next first.
        self._queues: dict[str, deque[Turn]] = {}

    def ask(self, owner: str) -> Turn:
        """Return a turn, which may be granted already."""
        turn = Turn()
        with self._lock:
            if self._taken:
                self._queues.setdefault(owner, deque()).append(turn)
            else:
                self._taken = turn.granted = True
        if not turn.granted:
            self._step_aside()
        return turn

    def ask_again(self, owner: str) -> Turn:
        """Let the next one have the turn, and return one for later; nobody comes in between."""
        turn = Turn()
        with self._lock:
            self._queues.setdefault(owner, deque()).append(turn)
            self._pass_on()
        if not turn.granted:
            self._step_aside()
        return turn

    @property
    def wanted(self) -> bool:
        """Whether anybody waits."""
        return bool(self._queues)

    def give(self) -> None:
        """Let the next one have the turn."""
        with self._lock:
            self._pass_on()

    def leave(self, owner: str, turn: Turn) -> None:
        """Want *turn* no longer, granted or not."""
        with self._lock:
            if turn.granted:
                self._pass_on()
                return
            queue = self._queues[owner]
            queue.remove(turn)
            if not queue:
                del self._queues[owner]

    def wake_all(self) -> None:
        """Let everybody who waits look up."""
        with self._lock:
            for queue in self._queues.values():
                for turn in queue:
                    turn.woken.set()

    def _pass_on(self) -> None:
        owner = next(iter(self._queues), None)
        if owner is None:
            self._taken = False
            return
        queue = self._queues.pop(owner)
        turn = queue.popleft()
        if queue:
            self._queues[owner] = queue  # behind the others
        turn.granted = True
        turn.woken.set()
