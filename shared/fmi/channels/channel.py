"""A channel as the communicator sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.fmi.data import Array
    from shared.fmi.operators import Op


_LONGEST_TIMEOUT = 7 * 24 * 3600.0  # seconds: our choice, so that a number in wrong units is noticed


def checked_timeout(seconds: object) -> float:
    """Return *seconds*, if that is a timeout for an operation.

    Raises:
        UsageError: It is no number above 0 and up to a week. No operation may hang.
    """
    if not isinstance(seconds, (int, float)) or not 0 < seconds <= _LONGEST_TIMEOUT:
        raise UsageError(f"the timeout is {seconds!r}", fix=f"give seconds above 0, at most {_LONGEST_TIMEOUT:.0f}")
    return float(seconds)


class Channel(Protocol):
    """How bytes get from rank to rank. Arrays are C-contiguous. Every call ends within the channel's timeout."""

    def send(self, dest: int, array: Array, *, plain: bool) -> None:
        """Send *array* to *dest*."""
        ...

    def receive(self, source: int, out: Array | None = None) -> tuple[Array, bool]:
        """Return the next array from *source* and whether it was a plain number."""
        ...

    def barrier(self) -> None:
        """Return once all ranks are here."""
        ...

    def bcast(self, array: Array | None, root: int, *, plain: bool) -> tuple[Array, bool]:
        """Return the root's array and whether it was a plain number."""
        ...

    def gather(self, array: Array, root: int) -> Array | None:
        """Return all ranks' arrays, stacked, at *root*."""
        ...

    def scatter(self, blocks: Array | None, root: int) -> Array:
        """Return this rank's row of the root's *blocks*."""
        ...

    def allgather(self, array: Array) -> Array:
        """Return all ranks' arrays, stacked."""
        ...

    def alltoall(self, blocks: Array) -> Array:
        """Return the rows that all ranks had for this one."""
        ...

    def reduce(self, array: Array, op: Op, root: int) -> Array | None:
        """Return all ranks' arrays combined at *root*."""
        ...

    def allreduce(self, array: Array, op: Op) -> Array:
        """Return all ranks' arrays combined."""
        ...

    def scan(self, array: Array, op: Op) -> Array:
        """Return the arrays of the ranks up to this one combined."""
        ...

    def set_timeout(self, seconds: float) -> None:
        """From now on, let an operation take *seconds*."""
        ...

    def close(self) -> None:
        """Take leave in good order and clean up."""
        ...

    def abort(self, reason: str) -> None:
        """Tell the others that this rank fails, and clean up."""
        ...
