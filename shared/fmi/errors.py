"""What can go wrong between ranks. Every error names the rank, the stage or operation, and the fix.

Two kinds of fault are kept apart. :class:`~shared.errors.UsageError` is the caller's own (a root that does not exist).
Everything here is a peer's fault or the network's.
"""

from __future__ import annotations

from shared.errors import LanesError


class FmiError(LanesError):
    """Anything that went wrong between ranks."""


class RendezvousUnavailable(FmiError):
    """The rendezvous server cannot pair ranks now: it is down, hangs or refuses. Raised before any rank starts."""


class PairingFailed(FmiError):
    """Two ranks could not be connected.

    Args:
        rank: The peer that could not be reached.
        stage: ``rendezvous``, ``punch``, ``relay`` or ``handshake``.
        reason: What was seen at that stage.
        fix: What to do about it.
        unreachable: Whether not even the rendezvous server could be reached.
    """

    def __init__(self, rank: int, stage: str, reason: str, fix: str, *, unreachable: bool = False) -> None:
        self.rank = rank
        self.stage = stage
        self.unreachable = unreachable
        super().__init__(f"cannot pair with rank {rank}: {reason}", where=f"stage {stage}", fix=fix)


class Duplicate(PairingFailed):
    """A second process runs as this very rank of this very run, and has proved it. ``rank`` is this rank."""

    def __init__(self, rank: int, run: str) -> None:
        self.rank = rank
        self.stage = "handshake"
        self.unreachable = False
        what = f"another process is rank {rank} of {f'run {run}' if run else 'this world'}: two runs share one RUN_ID"
        fix = "give each run a RUN_ID of its own, and start each of its ranks once"
        FmiError.__init__(self, what, where="stage handshake", fix=fix)


class PeerLost(FmiError):
    """A rank died, left or stayed silent while another waited for it. ``rank`` is the one to look at first."""

    def __init__(self, rank: int, reason: str, *, operation: str) -> None:
        self.rank = rank
        self.reason = reason
        fix = f"read the log of rank {rank}: it failed first, the others only waited for it"
        super().__init__(f"lost rank {rank}: {reason}", where=operation, fix=fix)


class PeerMismatch(FmiError):
    """A rank is at another place of the program: another operation, operator, root, dtype or shape than the others.

    ``rank`` is that rank. On that rank itself it is its *own*.
    """

    def __init__(self, rank: int, what: str, *, operation: str, own: bool = False) -> None:
        self.rank = rank
        fix = f"make rank {rank} call the same operations, in the same order, with the same dtype and shape"
        super().__init__(f"this rank, {rank}, {what}" if own else f"rank {rank} {what}", where=operation, fix=fix)
