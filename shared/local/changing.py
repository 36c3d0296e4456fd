"""Changes of what a kept cloud holds, and the moments between them at which it can be written down whole.

Whoever changes moto's tables does it inside of ``with changing():``. Who writes them down waits until nobody is inside,
and lets nobody in while it looks: so what is written is the state after whole changes, of every service at once. Reads
are not kept out; they change nothing that counts.

The rule, one for all services because a change of one often is part of a change of another (SNS puts into SQS):

- A change that waits for something (its body, an answer of this cloud or of a function, a message) steps out for that
  time with ``with apart():``. What it has done by then may be written: it is to be whole as far as it goes.
- Who wants to look keeps newcomers out, but only for a moment at a time: a newcomer may hold a lock that somebody
  inside needs. Who comes back from ``apart`` is let in before that.
- A lock of moto's or ours may be held while ``changing`` or ``apart`` is entered; who looks takes none of them.

A cloud that is not kept has nobody who looks: then both do nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CLOSED = 0.2  # seconds for which newcomers are kept out at a time
_OPEN = 0.02  # seconds for which they are let in again
_PATIENCE = 60.0  # seconds that one who looks waits in all


class _Mine(threading.local):
    """What this thread does: how deep it is inside, and what it has touched."""

    def __init__(self) -> None:
        self.depth = 0
        self.touched: dict[int, object] = {}
        self.marked = False


class Changes:
    """Who changes, who looks, and what was touched since somebody looked. Thread-safe.

    Attributes:
        soon: Is called when something has changed and nobody waits until it is written.
    """

    def __init__(self) -> None:
        self.soon: Callable[[], None] = lambda: None
        self._turn = threading.Condition()
        self._inside = 0
        self._waits = False
        self._looks = False
        self._mine = _Mine()
        self._touched: dict[int, object] = {}

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """Change something in the block. A block within a block is part of it."""
        mine = self._mine
        if not mine.depth:
            self._enter(lambda: not self._looks and not self._waits)
        mine.depth += 1
        try:
            yield
        finally:
            mine.depth -= 1
            if not mine.depth:
                self._leave(mine)
                mine.touched = {}

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """Step out of the change that this thread is in, while it waits for something."""
        mine = self._mine
        depth, touched = mine.depth, mine.touched
        if not depth:
            yield
            return
        self._leave(mine)
        mine.depth, mine.touched = 0, {}
        try:
            yield
        finally:
            self._enter(lambda: not self._looks)
            mine.depth, mine.touched = depth, touched

    @property
    def inside(self) -> bool:
        """Whether this thread is in a change."""
        return self._mine.depth > 0

    def touch(self, thing: object) -> None:
        """Note that *thing* may be changed by the change that this thread is in."""
        if self._mine.depth:
            self._mine.touched[id(thing)] = thing

    def mark(self) -> None:
        """Note that this thread has changed something that has its own record, which is to be written."""
        self._mine.marked = True
        if not self._mine.depth:
            self.soon()

    def marked(self) -> bool:
        """Say whether this thread has changed something since this was asked last."""
        marked, self._mine.marked = self._mine.marked, False
        return marked

    @contextlib.contextmanager
    def look(self) -> Iterator[dict[int, object]]:
        """Keep everybody out, and give what was touched since the last look, by id. Only one may look at a time.

        Raises:
            LanesError: A change takes too long.
        """
        self._wait_for_all()
        try:
            touched, self._touched = self._touched, {}
            yield touched
        finally:
            with self._turn:
                self._looks = False
                self._turn.notify_all()

    def put_back(self, touched: dict[int, object]) -> None:
        """Give back what a look was given: it could not be written."""
        with self._turn:
            self._touched = {**touched, **self._touched}

    def _enter(self, free: Callable[[], bool]) -> None:
        with self._turn:
            self._turn.wait_for(free)
            self._inside += 1

    def _leave(self, mine: _Mine) -> None:
        with self._turn:
            self._inside -= 1
            self._touched.update(mine.touched)
            mine.marked = mine.marked or bool(mine.touched)
            if not self._inside:
                self._turn.notify_all()

    def _wait_for_all(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        with self._turn:
            while True:
                self._waits = True
                free = self._turn.wait_for(lambda: not self._inside, _CLOSED)
                self._waits = False
                if free:
                    self._looks = True
                    return
                self._turn.notify_all()
                if time.monotonic() > deadline:
                    raise LanesError(
                        "something in the embedded cloud takes too long to be written down",
                        fix="try again; if it comes again, lanes down, and tell us",
                    )
                self._turn.wait(_OPEN)


_now: Changes | None = None  # a process has at most one cloud


@contextlib.contextmanager
def followed(changes: Changes) -> Iterator[None]:
    """Have every change of this process go through *changes* while the block lasts."""
    global _now  # noqa: PLW0603  moto's tables, which are changed, are globals too
    _now = changes
    try:
        yield
    finally:
        _now = None


@contextlib.contextmanager
def changing() -> Iterator[None]:
    """Change moto's tables in the block, outside of a request. It is written soon; nobody waits for that."""
    changes = _now
    if changes is None:
        yield
        return
    with changes.change():
        yield
    if changes.marked():
        changes.soon()


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """Wait for something in the block, as a part of a change."""
    changes = _now
    with changes.apart() if changes else contextlib.nullcontext():
        yield
