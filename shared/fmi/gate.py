"""Which operations a communicator lets through: one at a time, none after its end, none in a forked child."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from weakref import WeakSet

from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from shared.fmi.channels.channel import Channel

P = ParamSpec("P")
T = TypeVar("T")

_GATES: WeakSet[Gate] = WeakSet()


class Refused(UsageError):
    """The call was not let through, so nothing of it was sent."""


class Gate:
    """Lets a communicator's operations through.

    Args:
        channels: What the communicator talks over: dropped in a forked child, which holds copies of all sockets. Else
            the others would not notice its parent's end while the child lives.
    """

    def __init__(self, channels: Collection[Channel] = ()) -> None:
        self._channels = channels
        self._busy = False
        self._ended: LanesError | None = None
        _watch_forks()
        _GATES.add(self)

    def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what *call* returns.

        Raises:
            Refused: Another call is under way, from another thread or from within this one.
            LanesError: The gate is shut: why, as told to :meth:`shut`.
        """
        if self._ended is not None:
            raise self._ended.with_traceback(None)
        if self._busy:
            fix = "give each thread a communicator of its own, under a name of its own"
            raise Refused("the communicator is in another operation already", fix=fix)
        self._busy = True  # a flag, not a lock: it finds a mistake, and costs a message nothing
        try:
            return call(*args, **kwargs)
        finally:
            self._busy = False

    def shut(self, why: LanesError) -> bool:
        """Let nothing through from now on. Return whether this is the first call."""
        first = self._ended is None
        self._ended = self._ended or why
        return first

    def drop(self) -> None:
        """Let go of the channels, in a forked child."""
        for channel in self._channels:
            channel.drop()


@lru_cache(maxsize=1)
def _watch_forks() -> None:
    """See that a forked child neither talks on its parent's connections nor takes leave in its parent's name."""
    os.register_at_fork(after_in_child=_shut_all)


def _shut_all() -> None:
    for gate in _GATES:
        if gate.shut(UsageError("the communicator belongs to the parent process", fix="make it after the fork")):
            gate.drop()
