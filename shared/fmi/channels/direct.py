"""The Direct channel: every rank is connected to every other over TCP. They find each other at the rendezvous.

Whoever waits for a rank that dies notices it, and tells all others before it gives up. So every rank's error names the
rank that was lost, and not a neighbour that only waited too. How this works: ``mesh``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from shared.fmi.channels.channel import checked_timeout
from shared.fmi.channels.faults import Aborted, LinkError, Mismatch, Silent
from shared.fmi.channels.mesh import Mesh
from shared.fmi.collectives import barrier, bcast, gather, reduce, scan
from shared.fmi.errors import FmiError, PairingFailed, PeerLost, PeerMismatch
from shared.fmi.rendezvous.client import pair_all
from shared.fmi.wire.frames import Operation, operation_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.fmi.data import Array
    from shared.fmi.operators import Op
    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.keys import Namespace

T = TypeVar("T")

_MESH = 128
"""Up to this many ranks, all connect with all before the first message: then no order of sends can deadlock pairing."""

_GRACE_SHARE, _LONGEST_GRACE = 0.2, 1.0
"""Share of the timeout, and seconds at most, that are kept for finding out who is lost. Our choice."""


class DirectChannel:
    """Point-to-point messages and collectives over TCP.

    Args:
        rank: This rank, 0 to size - 1.
        size: How many ranks there are.
        meeting: Where they meet.
        namespace: Whose ranks these are.
        timeout: Seconds an operation may take. The pairing before the first one may take as long again.
    """

    name = "Direct"

    def __init__(self, rank: int, size: int, meeting: Meeting, namespace: Namespace, timeout: float) -> None:
        self.rank, self.size = rank, size
        self._meeting, self._namespace = meeting, namespace
        self.set_timeout(timeout)
        self._mesh = Mesh(rank, size)
        self._failure: FmiError | None = None

    # What the communicator calls.

    def connect(self, peers: Iterable[int] | None = None) -> None:
        """Connect with *peers*, all by default; each of them must do the same within the timeout.

        Raises:
            PairingFailed: One could not be reached.
        """
        wanted = range(self.size) if peers is None else peers
        missing = [peer for peer in wanted if peer != self.rank and peer not in self._mesh.links]
        try:
            sockets = pair_all(self._meeting, self._namespace, self.rank, missing, self._timeout)
        except PairingFailed as error:
            self._failure = error
            self._mesh.abort(error.rank, f"rank {self.rank} could not reach it at stage {error.stage}", self._grace)
            raise
        for peer, sock in sockets.items():
            self._mesh.add(peer, sock)

    def send(self, dest: int, array: Array, *, plain: bool) -> None:
        """Send *array* to *dest*. May return before it is received."""
        self._begin(Operation.SEND, (dest,))
        try:
            self._mesh.send(dest, array, plain=plain)
        except LinkError as fault:
            raise self._lost(fault, Operation.SEND) from None

    def receive(self, source: int, out: Array | None = None) -> tuple[Array, bool]:
        """Return the next array from *source* and whether it was a plain number."""
        self._begin(Operation.SEND, (source,))
        try:
            return self._mesh.receive_next(source, out)
        except LinkError as fault:
            raise self._lost(fault, Operation.SEND) from None

    def barrier(self) -> None:
        """Return once all ranks are here."""
        self._run(Operation.BARRIER, lambda: barrier.barrier(self._mesh))

    def bcast(self, array: Array | None, root: int, *, plain: bool) -> tuple[Array, bool]:
        """Return the root's array and whether it was a plain number."""
        return self._run(Operation.BCAST, lambda: bcast.bcast(self._mesh, array, root, plain=plain))

    def gather(self, array: Array, root: int) -> Array | None:
        """Return all ranks' arrays, stacked, at *root*."""
        return self._run(Operation.GATHER, lambda: gather.gather(self._mesh, array, root))

    def scatter(self, blocks: Array | None, root: int) -> Array:
        """Return this rank's row of the root's *blocks*."""
        return self._run(Operation.SCATTER, lambda: gather.scatter(self._mesh, blocks, root))

    def allgather(self, array: Array) -> Array:
        """Return all ranks' arrays, stacked."""
        return self._run(Operation.ALLGATHER, lambda: gather.allgather(self._mesh, array))

    def alltoall(self, blocks: Array) -> Array:
        """Return the rows that all ranks had for this one."""
        return self._run(Operation.ALLTOALL, lambda: gather.alltoall(self._mesh, blocks))

    def reduce(self, array: Array, op: Op, root: int) -> Array | None:
        """Return all ranks' arrays combined at *root*."""
        return self._run(Operation.REDUCE, lambda: reduce.reduce(self._mesh, array, op, root))

    def allreduce(self, array: Array, op: Op) -> Array:
        """Return all ranks' arrays combined."""
        return self._run(Operation.ALLREDUCE, lambda: reduce.allreduce(self._mesh, array, op))

    def scan(self, array: Array, op: Op) -> Array:
        """Return the arrays of the ranks up to this one combined."""
        return self._run(Operation.SCAN, lambda: scan.scan(self._mesh, array, op))

    def set_timeout(self, seconds: float) -> None:
        """From now on, let an operation take *seconds*."""
        self._timeout = checked_timeout(seconds)
        self._grace = min(_LONGEST_GRACE, self._timeout * _GRACE_SHARE)

    def close(self) -> None:
        """Take leave of all ranks once what was sent has arrived, or after the timeout."""
        self._mesh.leave(self._timeout)

    def abort(self, reason: str) -> None:
        """Tell all ranks that this one fails, and close."""
        self._mesh.abort(self.rank, reason, self._grace)

    def _run(self, operation: Operation, work: Callable[[], T]) -> T:
        self._begin(operation)
        try:
            return work()
        except LinkError as fault:
            raise self._lost(fault, operation) from None

    def _begin(self, operation: Operation, peers: Iterable[int] | None = None) -> None:
        if self._failure is not None:
            raise self._failure
        if len(self._mesh.links) < self.size - 1:
            self.connect(None if self.size <= _MESH else peers)
        self._mesh.begin(operation, self._timeout - self._grace)

    def _lost(self, fault: LinkError, operation: Operation) -> FmiError:
        self._failure = self._settle(fault, operation_name(operation))
        return self._failure

    def _settle(self, fault: LinkError, operation: str) -> FmiError:
        """Tell all ranks who is lost, and return the error. A rank that only stayed silent may still blame another."""
        if isinstance(fault, Mismatch):
            self._mesh.abort(fault.peer, f"it {fault} while rank {self.rank} is in {operation}", self._grace)
            return PeerMismatch(fault.peer, f"{fault} while this rank is in {operation}", operation=operation)
        suspect, reason = fault.peer, str(fault)
        if isinstance(fault, Aborted) and fault.suspect != self.rank:
            suspect = fault.suspect
        if isinstance(fault, Silent) or (isinstance(fault, Aborted) and not fault.certain):
            suspect, reason = self._mesh.accuse(suspect, f"nothing heard from it in {self._timeout:g} s", self._grace)
            if isinstance(fault, Aborted) and fault.suspect == self.rank and suspect == fault.peer:
                reason = f"it gave up on this rank: {fault}"
        self._mesh.abort(suspect, reason, self._grace)
        return PeerLost(suspect, reason, operation=operation)
