"""The Direct channel: ranks are connected over TCP, each with its neighbours and with whom else it talks to.

Whoever waits for a rank that dies notices it, and tells all others before it gives up. So every rank's error names the
rank that was lost, and not a neighbour that only waited too. How this works: ``mesh``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from shared.fmi.channels.calls import operator, signature
from shared.fmi.channels.channel import checked_timeout
from shared.fmi.channels.faults import LinkError
from shared.fmi.channels.mesh import Mesh
from shared.fmi.collectives import alltoall, barrier, bcast, gather, reduce, scan
from shared.fmi.errors import FmiError, PairingFailed, PeerLost, PeerMismatch
from shared.fmi.rendezvous.pairing import Pairing
from shared.fmi.wire.frames import Cause, Operation, operation_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from shared.fmi.channels import pairs
    from shared.fmi.channels.settle import Verdict
    from shared.fmi.data import Array
    from shared.fmi.operators import Op
    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.keys import Namespace

    _Pair: TypeAlias = Callable[[Meeting, Namespace, int], pairs.Pairing]

T = TypeVar("T")

_GRACE_SHARE, _LONGEST_GRACE = 0.2, 1.0
"""Share of the timeout, and seconds at most, that are kept for finding out who is lost. Our choice."""

_FAREWELL = 5.0
"""Seconds at most that a rank which fails before the world is joined stays to tell its neighbours. Our choice: the
ranks of one run start within a few seconds."""


class DirectChannel:
    """Point-to-point messages and collectives over TCP.

    Args:
        rank: This rank, 0 to size - 1.
        size: How many ranks there are.
        meeting: Where they meet.
        namespace: Whose ranks these are.
        timeout: Seconds an operation may take, the pairing that it needs included.
        pair: Makes what pairs this rank with others.
    """

    name = "Direct"

    def __init__(  # noqa: PLR0913, PLR0917  the last is there for tests
        self,
        rank: int,
        size: int,
        meeting: Meeting,
        namespace: Namespace,
        timeout: float,
        pair: _Pair = Pairing,
    ) -> None:
        self.rank, self.size = rank, size
        self.set_timeout(timeout)
        self._mesh = Mesh(rank, size, lambda: pair(meeting, namespace, rank))
        self._failure: FmiError | None = None

    # What the communicator calls.

    def set_timeout(self, seconds: float) -> None:
        """Let operations from now on take *seconds* at most."""
        self._timeout = checked_timeout(seconds)
        self._grace = min(_LONGEST_GRACE, self._timeout * _GRACE_SHARE)

    def send(self, dest: int, array: Array, *, plain: bool) -> None:
        """Send *array* to *dest*. May return before it is received."""
        self._run(Operation.SEND, None, lambda: self._mesh.send(dest, array, plain=plain))

    def receive(self, source: int, out: Array | None = None) -> tuple[Array, bool]:
        """Return the next array from *source* and whether it was a plain number."""
        return self._run(Operation.SEND, None, lambda: self._mesh.receive_next(source, out))

    def barrier(self) -> None:
        """Return once all ranks are here."""
        self._run(Operation.BARRIER, signature(Operation.BARRIER), lambda: barrier.barrier(self._mesh))

    def bcast(self, array: Array | None, root: int, *, plain: bool) -> tuple[Array, bool]:
        """Return the root's array and whether it was a plain number."""
        text = signature(Operation.BCAST, "", root)
        return self._run(Operation.BCAST, text, lambda: bcast.bcast(self._mesh, array, root, plain=plain))

    def gather(self, array: Array, root: int) -> Array | None:
        """Return all ranks' arrays, stacked, at *root*."""
        text = signature(Operation.GATHER, "", root, array.dtype, array.shape)
        return self._run(Operation.GATHER, text, lambda: gather.gather(self._mesh, array, root))

    def scatter(self, blocks: Array | None, root: int) -> Array:
        """Return this rank's row of the root's *blocks*."""
        text = signature(Operation.SCATTER, "", root)
        return self._run(Operation.SCATTER, text, lambda: gather.scatter(self._mesh, blocks, root))

    def allgather(self, array: Array) -> Array:
        """Return all ranks' arrays, stacked."""
        text = signature(Operation.ALLGATHER, "", None, array.dtype, array.shape)
        return self._run(Operation.ALLGATHER, text, lambda: gather.allgather(self._mesh, array))

    def alltoall(self, blocks: Array) -> Array:
        """Return the rows that all ranks had for this one.

        Raises:
            UsageError: They go straight to each rank, and this process may not open as many connections.
        """
        if alltoall.is_straight(self.size, blocks):
            self._mesh.want_all()
        text = signature(Operation.ALLTOALL, "", None, blocks.dtype, blocks.shape)
        return self._run(Operation.ALLTOALL, text, lambda: alltoall.alltoall(self._mesh, blocks))

    def reduce(self, array: Array, op: Op, root: int) -> Array | None:
        """Return all ranks' arrays combined at *root*."""
        text = signature(Operation.REDUCE, operator(op), root, array.dtype, array.shape)
        return self._run(Operation.REDUCE, text, lambda: reduce.reduce(self._mesh, array, op, root))

    def allreduce(self, array: Array, op: Op) -> Array:
        """Return all ranks' arrays combined."""
        text = signature(Operation.ALLREDUCE, operator(op), None, array.dtype, array.shape)
        return self._run(Operation.ALLREDUCE, text, lambda: reduce.allreduce(self._mesh, array, op))

    def scan(self, array: Array, op: Op) -> Array:
        """Return the arrays of the ranks up to this one combined."""
        text = signature(Operation.SCAN, operator(op), None, array.dtype, array.shape)
        return self._run(Operation.SCAN, text, lambda: scan.scan(self._mesh, array, op))

    def close(self) -> None:
        """Take leave of all ranks once what was sent has arrived, or after the timeout.

        Raises:
            PairingFailed: A rank that something was sent to never came to receive it.
            PeerMismatch: A rank sent something that this one, which called otherwise, never read.
        """
        try:
            self._mesh.leave(self._timeout)
        except LinkError as fault:
            raise self._settle(fault, "close") from None

    def abort(self, reason: str) -> None:
        """Tell all ranks that this one fails, and close."""
        self._mesh.abort(self.rank, reason, Cause.LOST, self._grace, self._farewell)

    def drop(self) -> None:
        """In a forked child: close its copies of the connections."""
        self._mesh.drop()

    @property
    def _farewell(self) -> float:
        return min(_FAREWELL, self._timeout)

    def _run(self, operation: Operation, text: str | None, work: Callable[[], T]) -> T:
        if self._failure is not None:
            raise self._failure
        try:
            self._mesh.begin(operation, text, self._timeout - self._grace)
            return work()
        except LinkError as fault:
            self._failure = self._settle(fault, operation_name(operation))
        except PairingFailed as error:
            self._failure = error
            self._mesh.abort(self.rank, error.what, Cause.LOST, self._grace, self._farewell)
        raise self._failure from None

    def _settle(self, fault: LinkError, operation: str) -> FmiError:
        """Find out who is to blame for *fault*, and return the error that names it."""
        silence = f"nothing heard from it in {self._timeout:g} s"
        verdict, unpaired = self._mesh.settle(fault, silence, self._grace, self._farewell)
        return unpaired or _error(self.rank, verdict, operation)


def _error(rank: int, verdict: Verdict, operation: str) -> FmiError:
    """Return the error of *rank* for *verdict*."""
    if verdict.cause is Cause.MISMATCH:
        return PeerMismatch(verdict.rank, verdict.reason, operation=operation, own=verdict.rank == rank)
    if verdict.rank == rank:
        return PeerLost(verdict.origin, f"it gave up on this rank: {verdict.reason}", operation=operation)
    return PeerLost(verdict.rank, verdict.reason, operation=operation)
